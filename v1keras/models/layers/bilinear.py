"""Bilinear interpolation of features at the places that neurons read."""

from keras import ops

from v1keras.models.layers.fast_path import tensorflow_cpu

# Up to so many neurons are read in one gather where all images share the places.
_GATHERED_NEURONS = 4096


def bilinear_drive(features, rows, columns, weights):
    """Compute the weighted sum of the features at the place of each neuron.

    Args:
        features: `(batch, h, w, channels)`.
        rows: `(1 or batch, neurons)`, from -1, the first row, to 1, the last.
        columns: `(1 or batch, neurons)`, likewise.
        weights: `(neurons, channels)`.

    Returns:
        `(batch, neurons)`.
    """
    fast = tensorflow_cpu()
    shared = rows.shape[0] == 1
    if fast is None or (shared and weights.shape[0] <= _GATHERED_NEURONS):
        values = bilinear(features, ops.stack([rows, columns], axis=-1))
        return ops.sum(values * weights[None], axis=-1)
    shape = (ops.shape(features)[0], weights.shape[0])
    return fast.bilinear_drive(
        ops.cast(features, "float32"),
        ops.broadcast_to((ops.cast(rows, "float32") + 1) / 2, shape),
        ops.broadcast_to((ops.cast(columns, "float32") + 1) / 2, shape),
        ops.cast(weights, "float32"),
    )


def bilinear(features, place):
    """Interpolate features between pixels.

    Args:
        features: `(batch, h, w, channels)`.
        place: `(batch or 1, neurons, 2)` rows and columns, -1 the first pixel's center
            and 1 the last's.

    Returns:
        `(batch, neurons, channels)`.

    Example:

    >>> import numpy as np
    >>> features = np.array([[[[0.0], [2.0]]]], "float32")
    >>> place = np.array([[[0.0, -0.5]]], "float32")
    >>> float(bilinear(features, place)[0, 0, 0])
    0.5
    """
    _, height, width, channels = features.shape
    flat = ops.reshape(features, (-1, height * width, channels))
    top, left, weights = bilinear_weights(place, height, width)
    total = 0
    for (row, column), weight in weights.items():
        index = ops.cast((top + row) * width + left + column, "int32")
        if place.shape[0] == 1:
            # One place for all images is a plain gather.
            pixel = ops.take(flat, index[0], axis=1)
        else:
            pixel = ops.take_along_axis(flat, index[..., None], axis=1)
        total = total + weight[..., None] * pixel
    return total


def bilinear_weights(place, height, width):
    """Return the pixels around a place and their interpolation weights.

    Args:
        place: `(..., 2)` as for `bilinear`.
        height: Integer, rows of the features.
        width: Integer, columns of the features.

    Returns:
        Tuple `(top, left, weights)`: row and column `(...)` of the pixel above and to
        the left, and a dict of offsets `(row, column)` from it -> `(...)` weight.
    """
    row_weights, top = _axis_weights(place[..., 0], height)
    column_weights, left = _axis_weights(place[..., 1], width)
    weights = {}
    for row, row_weight in enumerate(row_weights):
        for column, column_weight in enumerate(column_weights):
            weights[row, column] = row_weight * column_weight
    return top, left, weights


def _axis_weights(position, size):
    """Return the weights of the pixels on both sides, and the index of the first."""
    pixel = (position + 1) / 2 * (size - 1)
    first = ops.clip(ops.floor(pixel), 0, max(size - 2, 0))
    if size == 1:
        return [1 + ops.zeros_like(pixel)], first
    second_weight = pixel - first
    return [1 - second_weight, second_weight], first

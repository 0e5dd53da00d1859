"""Receptive fields: gradients of a neuron's rate with respect to pixels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

_BATCH = 512  # images per call of the rate function


def gradient_fields(
    rates: Callable[[Any], Any], neurons: Sequence[int] | np.ndarray, images: np.ndarray
) -> np.ndarray:
    """Compute the mean squared gradient of each neuron's rate by each pixel.

    It is large within the receptive field.

    Args:
        rates: Callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`, differentiable by TensorFlow.
        neurons: `(n,)` indices below N.
        images: `(m, height, width)` in pixel units, natural or noise; some dozens
            suffice.

    Returns:
        `(n, height, width)`, squared rate per squared pixel unit, mean over images.

    Example:

    >>> import numpy as np, tensorflow as tf
    >>> two_pixels = lambda images: tf.stack(
    ...     [3 * images[:, 1, 2, 0], images[:, 0, 0, 0] ** 2], axis=1
    ... )
    >>> gradient_fields(two_pixels, [0, 1], np.ones((4, 2, 3))).astype(int).tolist()
    [[[0, 0, 0], [0, 0, 9]], [[4, 0, 0], [0, 0, 0]]]
    """
    neurons = np.atleast_1d(np.asarray(neurons, int))
    images = np.asarray(images, "float32")[..., None]
    squares = np.zeros((len(neurons), *images.shape[1:3]))
    # Every pair of a neuron and an image.
    places = np.repeat(np.arange(len(neurons)), len(images))
    numbers = np.tile(np.arange(len(images)), len(neurons))
    for begin in range(0, len(places), _BATCH):
        part = slice(begin, begin + _BATCH)
        batch = tf.constant(images[numbers[part]])
        indices = tf.constant(neurons[places[part]], tf.int32)
        with tf.GradientTape() as tape:
            tape.watch(batch)
            neuron_rates = tf.gather(rates(batch), indices, axis=1, batch_dims=1)
        gradient = tape.gradient(neuron_rates, batch).numpy()[..., 0]
        np.add.at(squares, places[part], np.square(gradient, dtype=float))
    return squares / len(images)


def center_of(fields: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the center of mass of each field.

    Args:
        fields: `(n, height, width)`, 0 or more, as `gradient_fields` returns them.

    Returns:
        Dict of `(n,)` columns `row` and `column`, in pixels from the first pixel's
        center; the middle of the image where a field is zero throughout.

    Example:

    >>> center_of([[[0.0, 0.0], [1.0, 3.0]]])
    {'row': array([1.]), 'column': array([0.75])}
    """
    fields = np.asarray(fields, float)
    weights = fields.reshape(len(fields), -1)
    total = weights.sum(axis=1, keepdims=True)
    divisor = np.where(total > 0, total, 1)
    weights = np.where(total > 0, weights / divisor, 1 / weights.shape[1])
    rows, columns = np.mgrid[: fields.shape[1], : fields.shape[2]]
    return {"row": weights @ rows.ravel(), "column": weights @ columns.ravel()}

"""Where in the image a neuron looks: the gradient of its rate."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

_BATCH = 512  # images in a call of the rate function


def gradient_fields(
    rates: Callable[[Any], Any], neurons: Sequence[int] | np.ndarray, images: np.ndarray
) -> np.ndarray:
    """Mean over images of each neuron's squared gradient of its rate by each pixel:
    large where the neuron looks.

    Args:
        rates: callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`, differentiable by TensorFlow.
        neurons: `(n,)` indices below N.
        images: `(m, height, width)` in pixel units, natural or noise; some dozens do.

    Returns:
        `(n, height, width)`, squared rate per squared pixel unit.

    Example:

    >>> import numpy as np, tensorflow as tf
    >>> two = lambda images: tf.stack(
    ...     [3 * images[:, 1, 2, 0], images[:, 0, 0, 0] ** 2], axis=1
    ... )
    >>> gradient_fields(two, [0, 1], np.ones((4, 2, 3))).astype(int).tolist()
    [[[0, 0, 0], [0, 0, 9]], [[4, 0, 0], [0, 0, 0]]]
    """
    neurons, images = (
        np.atleast_1d(np.asarray(neurons, int)),
        np.asarray(images, "float32")[..., None],
    )
    own, shown = (
        np.repeat(neurons, len(images)),
        np.tile(np.arange(len(images)), len(neurons)),
    )
    squares = np.zeros((len(neurons), *images.shape[1:3]))
    place = np.repeat(np.arange(len(neurons)), len(images))
    for begin in range(0, len(own), _BATCH):
        part = slice(begin, begin + _BATCH)
        batch, chosen = (
            tf.constant(images[shown[part]]),
            tf.constant(own[part], tf.int32),
        )
        with tf.GradientTape() as tape:
            tape.watch(batch)
            reached = tf.gather(rates(batch), chosen, axis=1, batch_dims=1)
        np.add.at(
            squares,
            place[part],
            np.square(tape.gradient(reached, batch).numpy()[..., 0], dtype=float),
        )
    return squares / len(images)


def center_of(fields: np.ndarray) -> dict[str, np.ndarray]:
    """The centre of mass of each field.

    Args:
        fields: `(n, height, width)`, 0 or more, as `gradient_fields` gives them.

    Returns:
        dict of `(n,)` columns `row` and `column`, pixels from the first pixel's. The
        middle of the image where a field is zero throughout.

    Example:

    >>> center_of([[[0.0, 0.0], [1.0, 3.0]]])
    {'row': array([1.]), 'column': array([0.75])}
    """
    fields = np.asarray(fields, float)
    weights = fields.reshape(len(fields), -1)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.where(
        total > 0, weights / np.where(total > 0, total, 1), 1 / weights.shape[1]
    )
    rows, columns = np.mgrid[: fields.shape[1], : fields.shape[2]]
    return {"row": weights @ rows.ravel(), "column": weights @ columns.ravel()}

"""Rates of a model: compiled, and of many images in batches."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


@functools.lru_cache(maxsize=2)
def compiled(model: Any) -> Callable[[Any], Any]:
    """Return a model compiled as a callable, images in pixel units -> rates."""
    images = tf.TensorSpec((None, *model.image_size, 1), tf.float32)

    @functools.partial(tf.function, input_signature=[images])
    def rates(images):
        return model(images, training=False)

    return rates


def rates_by_batch(
    rates: Callable[[Any], Any], images: np.ndarray, batch_size: int = 256
) -> np.ndarray:
    """Compute the rates `(n, neurons)` to images, batch by batch.

    Args:
        rates: Callable, images `(batch, height, width, 1)` -> rates `(batch, neurons)`.
        images: `(n, height, width)` in pixel units.
        batch_size: Integer, images per call.

    Example:

    >>> rates = rates_by_batch(lambda images: images[:, 0, :1, 0], np.ones((3, 2, 2)))
    >>> rates.ravel().tolist()
    [1.0, 1.0, 1.0]
    """
    batches = []
    for start in range(0, len(images), batch_size):
        batch = np.asarray(images[start : start + batch_size], "float32")
        batches.append(np.asarray(rates(tf.constant(batch[..., None]))))
    return np.concatenate(batches)

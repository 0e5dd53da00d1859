"""Rates of a model: compiled, and of many images in batches."""

import functools
import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from v1keras.inversion.contrast import ContrastConstraint
from v1keras.inversion.kept import kept

_BATCH = 256


def compiled(model: Any) -> Callable[[Any], Any]:
    """Return a model compiled as a callable, images in pixel units -> rates.

    A model's is compiled once; any other callable is returned as it is.
    """
    if not hasattr(model, "neuron_rate_fn"):
        return model
    return kept(model, "rates", lambda: _compile(model))


def _compile(model):
    images = tf.TensorSpec((None, *model.image_size, 1), tf.float32)

    @functools.partial(tf.function, input_signature=[images])
    def rates(images):
        return model(images, training=False)

    return rates


def rates_by_batch(
    rates: Callable[[Any], Any], images: np.ndarray, batch_size: int = _BATCH
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


def best_images(
    model: Any, images: np.ndarray, contrast: ContrastConstraint
) -> tuple[np.ndarray, np.ndarray]:
    """Return which image drives each neuron most at the contrast of stimuli.

    A model keeps the last result: the ascent asks for it, and so do the controls.

    Args:
        model: Model of images alone, or callable, images -> rates `(batch, N)`.
        images: `(n, height, width)` in pixel units.
        contrast: `ContrastConstraint` that the images are scaled to.

    Returns:
        Tuple of the `(N,)` indices of the images, and the `(N,)` rates.
    """
    if not hasattr(model, "neuron_rate_fn"):
        return _best_images(model, images, contrast)
    last = kept(model, "best images", dict)
    digest = hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()
    key = (contrast, digest)
    if key not in last:
        last.clear()
        last[key] = _best_images(compiled(model), images, contrast)
    return last[key]


def _best_images(rate_fn, images, contrast):
    indices, highest = [], []
    starts = range(0, len(images), _BATCH)
    for start in starts:
        at_norm = contrast.images_at_norm(images[start : start + _BATCH])
        rates = rates_by_batch(rate_fn, at_norm)
        indices.append(start + rates.argmax(axis=0))
        highest.append(rates.max(axis=0))
    batch = np.argmax(highest, axis=0)
    return np.choose(batch, indices), np.max(highest, axis=0)

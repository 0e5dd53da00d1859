"""Neurons whose preferred stimulus is known, and the ascent to it."""

import numpy as np
import tensorflow as tf

from v1keras.inversion import ContrastConstraint, GradientAscent

SIZE = 16
CONTRAST = ContrastConstraint(grey=117.0, norm=60.0, low=0.0, high=255.0)


def ascent_on(rates, objective=None, contrast=CONTRAST, size=(SIZE, SIZE), **options):
    return GradientAscent(rates, contrast, objective, image_size=size, **options)


def invert(rates, neurons, contrast=CONTRAST, size=(SIZE, SIZE), **options):
    return ascent_on(rates, contrast=contrast, size=size).run(neurons, **options)


def gabors(count, size=SIZE, seed=0):
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    found = []
    for _ in range(count):
        angle, phase, cycles = (
            rng.uniform(0, np.pi),
            rng.uniform(0, 2 * np.pi),
            rng.uniform(0.1, 0.25),
        )
        y, x = rows - rng.uniform(-2, 2), columns - rng.uniform(-2, 2)
        carrier = np.cos(
            2 * np.pi * cycles * (x * np.cos(angle) + y * np.sin(angle)) + phase
        )
        found.append(np.exp(-(x**2 + y**2) / (2 * 2.5**2)) * carrier)
    return np.stack(found).astype("float32")


def linear_nonlinear(filters, nonlinearity=tf.nn.softplus):
    weights = tf.constant(
        filters.reshape(len(filters), -1).T
        / np.linalg.norm(filters.reshape(len(filters), -1), axis=1)
    )
    return lambda images: nonlinearity(
        (tf.reshape(images, (tf.shape(images)[0], -1)) - CONTRAST.grey) @ weights / 20
        - 1
    )


def cosines(stimuli, filters):
    patterns = (stimuli - CONTRAST.grey).reshape(len(stimuli), -1)
    filters = filters.reshape(len(filters), -1)
    return (
        (patterns * filters).sum(axis=1)
        / np.linalg.norm(patterns, axis=1)
        / np.linalg.norm(filters, axis=1)
    )


def two_optima(filters):
    """An energy that a pattern and its negative raise, one of them somewhat more."""
    rates = linear_nonlinear(filters)
    return lambda images: (
        tf.square(rates(images)) + 0.8 * tf.square(rates(2 * CONTRAST.grey - images))
    )

"""Cells whose optimum is far: behind a threshold, or at the end of a narrow path."""

import numpy as np
import tensorflow as tf
from linear_nonlinear import CONTRAST, SIZE, ascent_on, gabors

from v1keras.inversion import RestartedAscent


def outputs(images, filters):
    weights = tf.constant(filters.reshape(len(filters), -1).T.astype("float32"))
    return (tf.reshape(images, (-1, SIZE**2)) - CONTRAST.grey) @ weights


def test_a_cell_that_an_image_drives_only_as_it_was_shown():
    """At the stimuli's contrast the image is below threshold; its gradient is not."""
    filters = gabors(2)
    filters /= np.sqrt(np.square(filters).sum(axis=(1, 2), keepdims=True))
    threshold = 0.7 * CONTRAST.norm
    rates = lambda images: tf.nn.relu(outputs(images, filters) - threshold)
    noise = np.random.default_rng(0).normal(size=filters.shape)
    noise /= np.sqrt(np.square(noise).sum(axis=(1, 2), keepdims=True))
    images = CONTRAST.grey + 3 * CONTRAST.norm * (0.4 * filters + 0.9 * noise)
    ascent = ascent_on(rates)
    at_norm = CONTRAST.images_at_norm(images)
    assert not rates(tf.constant(at_norm[..., None], tf.float32)).numpy().any()
    stimuli = RestartedAscent(ascent, images).run([0, 1])
    assert not stimuli.no_initial_gradient.any()
    for stimulus, kernel in zip(stimuli.stimuli, filters, strict=True):
        cosine = ((stimulus - CONTRAST.grey) * kernel).sum() / CONTRAST.norm
        assert cosine > 0.999
    # What no image drives stays without a stimulus, and is said to be.
    grey = np.full((1, SIZE, SIZE), CONTRAST.grey)
    assert RestartedAscent(ascent, grey).run([0]).no_initial_gradient.all()


def test_a_stimulus_that_has_not_converged_goes_on():
    """Divided by what a second filter sees, the best is orthogonal to that filter."""
    filters = gabors(2)
    filters /= np.sqrt(np.square(filters).sum(axis=(1, 2), keepdims=True))

    def rates(images):
        drive, suppression = tf.unstack(outputs(images, filters), axis=1)
        divided = tf.nn.relu(drive) ** 2 / (1 + suppression**2)
        return divided[:, None]

    ascent = ascent_on(rates)
    images = CONTRAST.grey + 100 * filters[:1]
    steps = 25
    once = ascent.run([0], steps)
    assert not once.converged[0]
    stimuli = RestartedAscent(ascent, images).run([0], steps)
    overlap = (filters[0] * filters[1]).sum()
    best = CONTRAST.norm**2 * (1 - overlap**2)
    assert once.rates[0] < stimuli.rates[0] <= best
    assert stimuli.rates[0] > (once.rates[0] + best) / 2
    assert stimuli.trace.shape == (steps, 1)

import numpy as np
import tensorflow as tf
from linear_nonlinear import CONTRAST, SIZE, ascent_on, gabors

from v1keras.inversion import RestartedAscent


def cosine(a, b):
    a, b = np.ravel(a), np.ravel(b)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def drives(images, filters):
    weights = tf.constant(filters.reshape(len(filters), -1).T.astype("float32"))
    return (tf.reshape(images, (-1, SIZE**2)) - CONTRAST.grey) @ weights


def test_a_hard_rectified_neuron_starts_from_the_negative():
    filters = gabors(6)
    rates = lambda images: tf.nn.relu(drives(images, filters))
    ascent = ascent_on(rates)
    once = ascent.run(range(6), seed=3)
    assert once.no_initial_gradient.any(), "the noise of this seed has what is tested"
    stimuli = RestartedAscent(ascent, np.full((1, SIZE, SIZE), 128.0)).run(
        range(6), seed=3, restarts=1
    )
    assert not stimuli.no_initial_gradient.any()
    for stimulus, kernel in zip(stimuli.stimuli, filters, strict=True):
        assert cosine(stimulus - CONTRAST.grey, kernel) > 0.999


def test_where_neither_has_a_gradient_the_best_image_is_the_start():
    filters = gabors(2)
    filters /= np.sqrt(np.square(filters).sum(axis=(1, 2), keepdims=True))
    # Noise of the stimuli's contrast is far below threshold.
    threshold = 0.6 * CONTRAST.norm
    rates = lambda images: tf.nn.relu(drives(images, filters) - threshold)
    ascent = ascent_on(rates)
    noise = np.random.default_rng(0).normal(size=filters.shape)
    images = CONTRAST.grey + 100 * filters + 2 * noise
    images = np.concatenate([CONTRAST.grey + noise, images])
    stimuli = RestartedAscent(ascent, images).run([1, 0])
    assert not stimuli.no_initial_gradient.any()
    for stimulus, kernel in zip(stimuli.stimuli, filters[[1, 0]], strict=True):
        assert cosine(stimulus - CONTRAST.grey, kernel) > 0.999
    still = RestartedAscent(ascent, images[:2]).run([0])
    assert still.no_initial_gradient.all() and still.rates[0] == 0


def test_starts_that_disagree_are_followed_by_more():
    filters = gabors(2)
    counts = []

    # Neuron 0 has two optima, of which one is low and catches most starts; neuron 1
    # has one.
    def rates(images):
        counts.append(0)
        drive = drives(images, filters) / 100
        two = tf.nn.relu(drive[:, 0]) + 0.3 * tf.nn.relu(-drive[:, 0])
        return tf.stack([two, tf.exp(drive[:, 1])], axis=1)

    ascent = ascent_on(rates)
    images = np.full((1, SIZE, SIZE), 128.0)
    for seed in range(20):
        first = ascent.run([0, 1], seed=seed, restarts=2)
        lowest = first.restart_values.min(axis=1)
        if lowest[0] < 0.9 * first.values[0]:
            break
    stimuli = RestartedAscent(ascent, images).run([0, 1], seed=seed)
    assert stimuli.restart_values.shape == (2, 2)
    # The better optimum was found at least twice among ten starts.
    assert stimuli.restart_values[0].min() > 0.99 * stimuli.values[0]
    np.testing.assert_array_equal(stimuli.stimuli[1], first.stimuli[1])
    assert cosine(stimuli.stimuli[0] - CONTRAST.grey, filters[0]) > 0.999
    np.testing.assert_array_equal(stimuli.values, stimuli.restart_values.max(axis=1))

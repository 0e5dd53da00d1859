"""Where an ascent starts, and how near to the optimum it comes to rest."""

import numpy as np
import tensorflow as tf

from v1keras.inversion import ContrastConstraint, GradientAscent

SIZE, NORM = 8, 40.0
CONTRAST = ContrastConstraint(grey=100.0, norm=NORM, low=0.0, high=255.0)


def linear(filters, nonlinearity):
    """Rates of neurons with the given `(neurons, pixels)` filters of norm 1."""
    weights = tf.constant(filters.T / NORM, tf.float32)

    def rates(images):
        pixels = tf.reshape(images, (-1, SIZE**2)) - CONTRAST.grey
        return nonlinearity(pixels @ weights)

    return rates


def unit_filters(count):
    filters = np.random.default_rng(0).normal(size=(count, SIZE**2))
    return filters / np.linalg.norm(filters, axis=1, keepdims=True)


def test_a_neurons_starts_are_its_own_whichever_others_are_inverted():
    """Neurons of one filter: only the noise tells their stimuli apart."""
    rates = linear(np.repeat(unit_filters(1), 5, axis=0), tf.exp)
    ascent = GradientAscent(rates, CONTRAST, image_size=(SIZE, SIZE))
    together = ascent.run(range(5), steps=1, restarts=2).restart_stimuli
    for neurons in ([4], [3, 1], [0, 2, 4], [1, 0]):
        alone = ascent.run(neurons, steps=1, restarts=2).restart_stimuli
        np.testing.assert_allclose(alone, together[neurons], atol=1e-3)
    chunked = ascent.run(range(5), steps=1, restarts=2, chunk=4).restart_stimuli
    np.testing.assert_allclose(chunked, together, atol=1e-3)
    reseeded = ascent.run(range(5), steps=1, restarts=2, seed=1).restart_stimuli
    starts = np.concatenate([together, reseeded]).reshape(20, -1)
    apart = np.abs(starts[:, None] - starts).max(axis=2)
    assert apart[~np.eye(20, dtype=bool)].min() > 1


def test_what_has_converged_is_within_a_ten_thousandth_of_the_optimum():
    """The largest drive within the norm is 1, whatever the filter."""
    rates = linear(unit_filters(40), tf.exp)
    result = GradientAscent(rates, CONTRAST, image_size=(SIZE, SIZE)).run(range(40))
    assert result.converged.all()
    shortfall = 1 - result.rates / np.e
    assert -1e-5 < shortfall.min() and shortfall.max() < 1e-4

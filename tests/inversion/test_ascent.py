"""Ascents to the stimuli of neurons whose answer is known."""

import numpy as np
import pytest
import tensorflow as tf
from linear_nonlinear import (
    CONTRAST,
    SIZE,
    ascent_on,
    cosines,
    gabors,
    invert,
    linear_nonlinear,
    two_optima,
)

from v1keras.inversion import rate, set_distance


@pytest.mark.parametrize(
    "nonlinearity",
    [tf.exp, tf.nn.softplus, lambda x: tf.square(tf.nn.softplus(x))],
    ids=["exp", "softplus", "square"],
)
@pytest.mark.parametrize("blur", [0, 1.0, 2.0])
def test_the_stimulus_of_a_linear_nonlinear_neuron_is_its_filter(nonlinearity, blur):
    filters = gabors(20)
    ascent = ascent_on(linear_nonlinear(filters, nonlinearity), blur=blur)
    found = ascent.run(range(20))
    assert cosines(found.stimuli, filters).min() >= 0.999
    patterns = (found.stimuli - CONTRAST.grey).reshape(20, -1)
    np.testing.assert_allclose(
        np.linalg.norm(patterns, axis=1), CONTRAST.norm, rtol=1e-4
    )


def test_a_stimulus_depends_on_its_neuron_and_the_seed_alone():
    filters = gabors(5)
    rates = linear_nonlinear(filters)
    energy = lambda images: (
        tf.square(rates(images)) + tf.square(rates(2 * CONTRAST.grey - images))
    )  # two optima: noise decides
    together = invert(energy, range(5), steps=50)
    again = invert(energy, [3, 1], steps=50)
    chunked = invert(energy, range(5), steps=50, chunk=2)
    other = invert(energy, range(5), steps=50, seed=1)
    np.testing.assert_allclose(again.stimuli, together.stimuli[[3, 1]], atol=0.05)
    np.testing.assert_allclose(chunked.stimuli, together.stimuli, atol=0.05)
    assert (
        np.abs(cosines(other.stimuli, together.stimuli - CONTRAST.grey)).min() > 0.999
    )
    assert (cosines(other.stimuli, together.stimuli - CONTRAST.grey) < 0).any()
    np.testing.assert_array_equal(chunked.neurons, range(5))


def test_rates_are_those_of_the_stimuli_and_rise():
    rates = linear_nonlinear(gabors(4))
    found = invert(rates, [2, 0], steps=40)
    expected = rates(found.stimuli[..., None]).numpy()[[0, 1], [2, 0]]
    np.testing.assert_allclose(found.rates, expected, rtol=1e-5)
    assert found.trace.shape == (40, 2) and (found.rates > found.trace[0]).all()
    np.testing.assert_array_equal(found.values, found.rates)
    assert (found.rates >= found.trace.max(axis=0) * (1 - 1e-5)).all()


def test_of_several_starts_the_best_is_kept():
    filters = gabors(4)
    ascent = ascent_on(two_optima(filters))
    found = ascent.run(range(4), restarts=12)
    assert found.restart_stimuli.shape == (
        4,
        12,
        SIZE,
        SIZE,
    ) and found.restart_values.shape == (4, 12)
    assert cosines(found.stimuli, filters).min() >= 0.999
    assert any(
        cosines(one, np.repeat(filters[i : i + 1], 12, axis=0)).min() < -0.99
        for i, one in enumerate(found.restart_stimuli)
    )
    np.testing.assert_array_equal(found.values, found.restart_values.max(axis=1))
    np.testing.assert_allclose(
        ascent.run([2], restarts=12).stimuli[0], found.stimuli[2], atol=0.05
    )


def test_an_image_to_start_from_decides_which_optimum():
    filters = gabors(4)
    start = (
        CONTRAST.grey
        - 3 * filters
        + np.random.default_rng(0).normal(size=filters.shape)
    )
    found = ascent_on(two_optima(filters)).run(range(4), start=start)
    assert cosines(found.stimuli, filters).max() <= -0.999


def test_converged_stimuli_stay_and_missing_gradients_are_reported():
    filters = gabors(3)
    filters[1] = 0
    weights = tf.constant(filters.reshape(3, -1).T / 10)
    rates = lambda images: tf.exp(
        (tf.reshape(images, (-1, SIZE**2)) - CONTRAST.grey) @ weights / 20
    )
    found = ascent_on(rates).run(range(3), steps=200)
    assert (
        found.no_initial_gradient.tolist() == [False, True, False]
        and found.converged.all()
    )
    assert found.rates[1] == 1 and (found.trace[:, 1] == 1).all()
    assert (found.trace[150] == found.trace[-1]).all()
    assert not ascent_on(rates).run(range(3), steps=2).converged[[0, 2]].any()


def test_calls_do_not_compile_again():
    traces = []

    def rates(images):
        traces.append(images.shape)
        return linear_nonlinear(gabors(5))(images)

    ascent = ascent_on(rates)
    ascent.run([0, 1], steps=5)
    compiled = len(traces)
    ascent.run([4, 2, 3], steps=9, seed=3)
    ascent.run(range(5), steps=2, restarts=2, chunk=4)
    assert len(traces) == compiled


def test_jittered_linear_neurons_want_nearly_the_mean_of_their_shifted_filters():
    """Nearly: each step sees one shift, and all steps are of one length."""
    filters = gabors(5)
    weights = tf.constant(filters.reshape(5, -1).T)
    rates = lambda images: (
        100 + (tf.reshape(images, (-1, SIZE**2)) - CONTRAST.grey) @ weights
    )
    found = ascent_on(rates, jitter=1).run(range(5))
    shifted = np.mean(
        [np.roll(filters, (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)],
        axis=0,
    )
    assert cosines(found.stimuli, shifted).min() > 0.95
    assert cosines(found.stimuli, filters).max() < 0.999


def test_what_can_not_be_inverted_is_said():
    ascent = ascent_on(linear_nonlinear(gabors(3)), rate() + set_distance(2))
    for arguments, message in (
        (([3, 0],), "neurons: found 3, expected indices from 0 to 2"),
        (([-1, 0],), "neurons: found -1"),
        (([],), "neurons: found none"),
        (([0, 1], 0), "0 steps and 1 restarts"),
        (([0, 1], 5, 0, 0), "5 steps and 0 restarts"),
        (([0, 1], 10**9), "expected from 1 to 100,000"),
        (([0],), "found 1 stimuli, expected a multiple of 2"),
        (
            ([0, 1], 5, 0, 1, np.zeros((1, SIZE, SIZE))),
            r"start: found images of \(1, 16, 16\), expected \(2, 16, 16\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            ascent.run(*arguments)


def test_a_rate_of_almost_zero_has_an_initial_gradient():
    filters = gabors(2)
    weights = tf.constant(filters.reshape(2, -1).T)
    rates = lambda images: tf.nn.softplus(
        (tf.reshape(images, (-1, SIZE**2)) - CONTRAST.grey) @ weights - 40
    )
    found = ascent_on(rates).run(range(2))
    assert (
        not found.no_initial_gradient.any()
        and cosines(found.stimuli, filters).min() >= 0.999
    )

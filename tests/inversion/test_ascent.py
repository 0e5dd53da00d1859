import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize

from v1keras.inversion import Contrast, invert

SIZE = 16
CONTRAST = Contrast(grey=117.0, norm=60.0, low=0.0, high=255.0)


def gabors(count, size=SIZE, seed=0):
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    found = []
    for _ in range(count):
        angle, phase, cycles = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.25)
        y, x = rows - rng.uniform(-2, 2), columns - rng.uniform(-2, 2)
        carrier = np.cos(2 * np.pi * cycles * (x * np.cos(angle) + y * np.sin(angle)) + phase)
        found.append(np.exp(-(x**2 + y**2) / (2 * 2.5**2)) * carrier)
    return np.stack(found).astype("float32")


def linear_nonlinear(filters, nonlinearity=tf.nn.softplus):
    weights = tf.constant(filters.reshape(len(filters), -1).T / np.linalg.norm(filters.reshape(len(filters), -1), axis=1))
    return lambda images: nonlinearity((tf.reshape(images, (tf.shape(images)[0], -1)) - CONTRAST.grey) @ weights / 20 - 1)


def cosines(stimuli, filters):
    patterns = (stimuli - CONTRAST.grey).reshape(len(stimuli), -1)
    filters = filters.reshape(len(filters), -1)
    return (patterns * filters).sum(axis=1) / np.linalg.norm(patterns, axis=1) / np.linalg.norm(filters, axis=1)


@pytest.mark.parametrize("nonlinearity", [tf.exp, tf.nn.softplus, lambda x: tf.square(tf.nn.softplus(x))], ids=["exp", "softplus", "square"])
@pytest.mark.parametrize("blur", [0, 1.0, 2.0])
def test_the_stimulus_of_a_linear_nonlinear_neuron_is_its_filter(nonlinearity, blur):
    filters = gabors(20)
    found = invert(linear_nonlinear(filters, nonlinearity), range(20), (SIZE, SIZE), CONTRAST, blur=blur)
    assert cosines(found.stimuli, filters).min() >= 0.999
    patterns = (found.stimuli - CONTRAST.grey).reshape(20, -1)
    np.testing.assert_allclose(np.linalg.norm(patterns, axis=1), CONTRAST.norm, rtol=1e-4)


def test_where_the_pixel_range_binds_the_stimulus_is_the_best_that_scipy_finds():
    size = 6
    direction = gabors(1, size)[0].ravel().astype(float)
    direction /= np.linalg.norm(direction)
    contrast = Contrast(grey=117.0, norm=500.0, low=0.0, high=255.0)
    rates = lambda images: tf.nn.softplus((tf.reshape(images, (-1, size**2)) - 117) @ tf.constant(direction[:, None], tf.float32) / 50)
    found = invert(rates, [0], (size, size), contrast)
    best = optimize.minimize(
        lambda x: -x @ direction,
        np.sign(direction) * 50,
        jac=lambda x: -direction,
        bounds=[(-117, 138)] * size**2,
        constraints={"type": "ineq", "fun": lambda x: 500.0**2 - x @ x, "jac": lambda x: -2 * x},
    )
    assert best.success
    pattern = found.stimuli[0].ravel() - 117
    assert found.stimuli.min() >= 0 and found.stimuli.max() <= 255 and np.linalg.norm(pattern) == pytest.approx(500, rel=1e-4)
    assert ((pattern <= -117 + 1e-3) | (pattern >= 138 - 1e-3)).any()  # the range does bind
    assert pattern @ direction == pytest.approx(-best.fun, rel=1e-3)


def test_projection_is_the_scale_that_a_root_finder_gives():
    rng = np.random.default_rng(0)
    patterns = rng.normal(size=(5, 8, 8, 1)) * np.array([1, 5, 50, 500, 5000]).reshape(5, 1, 1, 1)
    contrast = Contrast(grey=50.0, norm=300.0, low=0.0, high=255.0)
    found = contrast.project(patterns).numpy()
    for pattern, projected in zip(patterns, found, strict=True):
        clipped = lambda log_scale: np.clip(np.exp(log_scale) * pattern, -50, 205)
        scale = optimize.brentq(lambda s: np.linalg.norm(clipped(s)) - 300, -20, 20, xtol=1e-12)
        np.testing.assert_allclose(projected, clipped(scale), atol=1e-2)


def test_a_stimulus_depends_on_its_neuron_and_the_seed_alone():
    filters = gabors(5)
    rates = linear_nonlinear(filters)
    energy = lambda images: tf.square(rates(images)) + tf.square(rates(2 * CONTRAST.grey - images))  # two optima: noise decides
    together = invert(energy, range(5), (SIZE, SIZE), CONTRAST, steps=50)
    again = invert(energy, [3, 1], (SIZE, SIZE), CONTRAST, steps=50)
    chunked = invert(energy, range(5), (SIZE, SIZE), CONTRAST, steps=50, chunk=2)
    other = invert(energy, range(5), (SIZE, SIZE), CONTRAST, steps=50, seed=1)
    np.testing.assert_allclose(again.stimuli, together.stimuli[[3, 1]], atol=0.05)
    np.testing.assert_allclose(chunked.stimuli, together.stimuli, atol=0.05)
    assert np.abs(cosines(other.stimuli, together.stimuli - CONTRAST.grey)).min() > 0.999
    assert (cosines(other.stimuli, together.stimuli - CONTRAST.grey) < 0).any()
    np.testing.assert_array_equal(chunked.neurons, range(5))


def test_rates_are_those_of_the_stimuli_and_rise():
    rates = linear_nonlinear(gabors(4))
    found = invert(rates, [2, 0], (SIZE, SIZE), CONTRAST, steps=40)
    expected = rates(found.stimuli[..., None]).numpy()[[0, 1], [2, 0]]
    np.testing.assert_allclose(found.rates, expected, rtol=1e-5)
    assert found.trace.shape == (40, 2) and (found.rates > found.trace[0]).all()
    assert (found.rates >= found.trace.max(axis=0) * (1 - 1e-5)).all()


def test_what_cannot_be_is_refused():
    rates = linear_nonlinear(gabors(2))
    with pytest.raises(ValueError, match="contrast norm 1e\\+06 does not fit 256 pixels from 0 to 255: at most 2208"):
        invert(rates, [0], (SIZE, SIZE), Contrast(117, 1e6, 0, 255))
    with pytest.raises(ValueError, match="grey 300 is not between"):
        Contrast(300, 10, 0, 255)
    with pytest.raises(ValueError, match="expected a number above 0"):
        Contrast(117, 0, 0, 255)
    exploding = lambda images: tf.math.log(-rates(images))
    with pytest.raises(FloatingPointError, match="the rate of neuron 1 is nan at step 0"):
        invert(exploding, [1], (SIZE, SIZE), CONTRAST, steps=2)

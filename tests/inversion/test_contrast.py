"""The constraints that every stimulus meets."""

import numpy as np
import pytest
import tensorflow as tf
from linear_nonlinear import CONTRAST, SIZE, cosines, gabors, invert, linear_nonlinear
from scipy import optimize

from v1keras.inversion import ContrastConstraint, GradientAscent, disk


def test_a_stimulus_keeps_to_its_window_and_its_surround():
    filters, surround = (
        gabors(6),
        np.random.default_rng(0).uniform(50, 200, (SIZE, SIZE)),
    )
    window = disk((SIZE, SIZE), 5)
    assert window.sum() == sum(
        (i - 7.5) ** 2 + (j - 7.5) ** 2 <= 25 for i in range(SIZE) for j in range(SIZE)
    )
    contrast = ContrastConstraint.of_rms(CONTRAST.grey, 8.0, 0.0, 255.0, window)
    within = invert(linear_nonlinear(filters), range(6), contrast).patterns
    assert np.abs(within[:, ~window]).max() == 0
    np.testing.assert_allclose(
        within[:, window].std(axis=1, mean=np.zeros((6, 1))), 8.0, rtol=1e-4
    )
    assert cosines(within + CONTRAST.grey, filters * window).min() >= 0.999
    surrounded = ContrastConstraint(
        contrast.grey, contrast.norm, 0.0, 255.0, window, surround
    )
    found = invert(linear_nonlinear(filters), range(6), surrounded)
    np.testing.assert_allclose(
        found.stimuli[:, ~window],
        np.broadcast_to(surround[~window], (6, (~window).sum())),
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        found.rates,
        np.diag(linear_nonlinear(filters)(found.stimuli[..., None])),
        rtol=1e-5,
    )


def test_where_the_pixel_range_binds_the_stimulus_is_the_best_that_scipy_finds():
    size = 6
    direction = gabors(1, size)[0].ravel().astype(float)
    direction /= np.linalg.norm(direction)
    contrast = ContrastConstraint(grey=117.0, norm=500.0, low=0.0, high=255.0)
    rates = lambda images: tf.nn.softplus(
        (tf.reshape(images, (-1, size**2)) - 117)
        @ tf.constant(direction[:, None], tf.float32)
        / 50
    )
    found = invert(rates, [0], contrast, (size, size))
    best = optimize.minimize(
        lambda x: -x @ direction,
        np.sign(direction) * 50,
        jac=lambda x: -direction,
        bounds=[(-117, 138)] * size**2,
        constraints={
            "type": "ineq",
            "fun": lambda x: 500.0**2 - x @ x,
            "jac": lambda x: -2 * x,
        },
    )
    assert best.success
    pattern = found.stimuli[0].ravel() - 117
    assert (
        found.stimuli.min() >= 0
        and found.stimuli.max() <= 255
        and np.linalg.norm(pattern) == pytest.approx(500, rel=1e-4)
    )
    assert (
        (pattern <= -117 + 1e-3) | (pattern >= 138 - 1e-3)
    ).any()  # the range does bind
    assert pattern @ direction == pytest.approx(-best.fun, rel=1e-3)


def test_projection_is_the_scale_that_a_root_finder_gives():
    rng = np.random.default_rng(0)
    patterns = rng.normal(size=(5, 8, 8, 1)) * np.array([1, 5, 50, 500, 5000]).reshape(
        5, 1, 1, 1
    )
    contrast = ContrastConstraint(grey=50.0, norm=300.0, low=0.0, high=255.0)
    found = contrast.project(patterns).numpy()
    for pattern, projected in zip(patterns, found, strict=True):
        clipped = lambda log_scale: np.clip(np.exp(log_scale) * pattern, -50, 205)
        scale = optimize.brentq(
            lambda s: np.linalg.norm(clipped(s)) - 300, -20, 20, xtol=1e-12
        )
        np.testing.assert_allclose(projected, clipped(scale), atol=1e-2)


def test_what_cannot_be_is_refused():
    rates = linear_nonlinear(gabors(2))
    with pytest.raises(
        ValueError,
        match=(
            "contrast norm 1e\\+06 does not fit 256 pixels from 0 to 255: at most 2208"
        ),
    ):
        invert(rates, [0], ContrastConstraint(117, 1e6, 0, 255))
    with pytest.raises(ValueError, match="grey 300 is not between"):
        ContrastConstraint(300, 10, 0, 255)
    with pytest.raises(ValueError, match="expected a number above 0"):
        ContrastConstraint(117, 0, 0, 255)
    with pytest.raises(ValueError, match="image_size: found None, expected"):
        GradientAscent(rates, CONTRAST)
    exploding = lambda images: tf.math.log(-rates(images))
    with pytest.raises(
        ValueError, match=r"a window of \(3, 3\) pixels; images have \(16, 16\)"
    ):
        invert(
            rates,
            [0],
            ContrastConstraint(117, 10, 0, 255, np.ones((3, 3), bool)),
        )
    with pytest.raises(ValueError, match=r"a surround of \(3, 3\) needs a window"):
        ContrastConstraint(117, 10, 0, 255, surround=np.ones((3, 3)))
    with pytest.raises(
        FloatingPointError, match="the rate of neuron 1 is nan at step 0"
    ):
        invert(exploding, [1], steps=2)

import sys

import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize

from v1keras.inversion import (
    ContrastConstraint,
    Fourier,
    GradientAscent,
    disk,
    diverse_set,
    rate,
    set_distance,
)

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


@pytest.mark.parametrize("shape", [(16, 16), (15, 24)])
def test_fourier_steps_end_at_the_filter_too(shape):
    filters = np.pad(gabors(10, 15), ((0, 0), (0, shape[0] - 15), (0, shape[1] - 15)))
    ascent = ascent_on(linear_nonlinear(filters), size=shape, parametrization=Fourier())
    found = ascent.run(range(10))
    assert cosines(found.stimuli, filters).min() >= 0.99


def test_fourier_weights_are_those_of_a_discrete_fourier_transform():
    noise = np.random.default_rng(0).normal(size=(2, 15, 24, 1)).astype("float32")
    frequency = np.hypot(np.fft.fftfreq(15)[:, None], np.fft.fftfreq(24)[None])
    counts = 1 / np.maximum(frequency, 1 / 24)
    counts /= counts.max()
    by_numpy = lambda power: (
        np.fft.ifft2(np.fft.fft2(noise[..., 0]) * counts**power).real
    )
    np.testing.assert_allclose(Fourier().start(noise)[..., 0], by_numpy(1), atol=1e-5)
    np.testing.assert_allclose(Fourier().step(noise)[..., 0], by_numpy(2), atol=1e-5)


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


def two_optima(filters):
    """An energy that a pattern and its negative raise, one of them somewhat more."""
    rates = linear_nonlinear(filters)
    return lambda images: (
        tf.square(rates(images)) + 0.8 * tf.square(rates(2 * CONTRAST.grey - images))
    )


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


def test_replicas_share_the_stimuli(python, tmp_path):
    """Two logical processors, in a process of its own."""
    out = tmp_path / "shared.npz"
    done = python(__file__, out)
    assert done.returncode == 0, done.stderr
    shared, alone = (
        np.load(out),
        invert(linear_nonlinear(gabors(5)), range(5), steps=60),
    )
    np.testing.assert_allclose(shared["stimuli"], alone.stimuli, atol=0.05)
    np.testing.assert_allclose(shared["trace"], alone.trace, rtol=1e-3)


def test_replicas_take_whole_sets_and_leave_none_empty(python, tmp_path):
    out = tmp_path / "sets.npz"
    done = python(__file__, out, "sets")
    assert done.returncode == 0, done.stderr
    found = np.load(out)
    assert found["one"].shape == (1, SIZE, SIZE) and found["sets"].shape == (
        3,
        3,
        SIZE,
        SIZE,
    )


def test_what_can_not_be_inverted_is_said():
    ascent = ascent_on(linear_nonlinear(gabors(3)), rate() + set_distance(2))
    for arguments, message in (
        (([3, 0],), "neurons: found 3, expected indices from 0 to 2"),
        (([-1, 0],), "neurons: found -1"),
        (([],), "neurons: found none"),
        (([0, 1], 0), "0 steps and 1 restarts"),
        (([0, 1], 5, 0, 0), "5 steps and 0 restarts"),
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


def main(out, what="stimuli"):
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        processor, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    with tf.distribute.MirroredStrategy(
        [device.name for device in tf.config.list_logical_devices("CPU")]
    ).scope():
        if what == "sets":
            ascent = ascent_on(linear_nonlinear(gabors(5)))
            np.savez(
                out,
                one=ascent.run([2], steps=5).stimuli,
                sets=diverse_set(ascent, [0, 1, 2], size=3, steps=5)[0],
            )
            return
        found = invert(linear_nonlinear(gabors(5)), range(5), steps=60)
    np.savez(out, stimuli=found.stimuli, trace=found.trace)


if __name__ == "__main__":
    main(*sys.argv[1:])

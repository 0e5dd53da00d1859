"""Responses in another unit or sign: the same model of them, in that unit."""

import json

import keras
import numpy as np
import pytest
from scipy import stats

import v1keras
from v1keras import models
from v1keras.config import resolve
from v1keras.data import statistics
from v1keras.training import LIKELIHOODS, likelihood_of
from v1keras.workflows.invert import split_constant
from v1keras.zoo.architecture import build, check_architecture

SCALE = np.array([0.5, 2e-3, -40.0], "float32")
OFFSET = np.array([0.0, -1.0, 7.0], "float32")
COUNTS = v1keras.simulate_recording(40, 20, neurons_per_kind=1, image_size=12)


def in_unit(scale, offset=0.0, units="a.u."):
    """The recording of counts with responses `scale * counts + offset`."""
    return v1keras.Recording(
        COUNTS.images,
        scale * COUNTS.responses + offset,
        COUNTS.split,
        attributes={"units": units, "window_s": 0.1},
    )


def trained_rates(recording, likelihood):
    config = resolve("tiny")
    config.core.filters, config.core.kernel_sizes = (4,), (5,)
    config.training.rate_weighting = 0.5
    training = {"likelihood": likelihood, "max_epochs": 2}
    model = v1keras.build_model(
        recording, config, readout={"l1": 0.1}, training=training
    )
    v1keras.fit(model, recording, config, **training)
    return keras.ops.convert_to_numpy(model(COUNTS.arrays("test")[0]))


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_rates_follow_the_unit(likelihood):
    """Training on `a * y` gives `a` times the rates of training on `y`."""
    rates = trained_rates(in_unit(1.0), likelihood)
    assert np.ptp(rates, axis=0).min() > 0
    for scale in (1e-6, 1e6):
        scaled = trained_rates(in_unit(scale), likelihood)
        np.testing.assert_allclose(scaled / scale, rates, rtol=5e-3)


def test_rates_follow_the_unit_of_each_neuron():
    scale, offset = np.array([-1.0, -0.01, -30, -5]), np.array([-9.0, 0, 2, -0.5])
    rates = trained_rates(COUNTS, "gaussian")
    other = trained_rates(in_unit(scale, offset), "gaussian")
    np.testing.assert_allclose((other - offset) / scale, rates, atol=2e-2)


def test_counts_are_learned_as_they_are():
    assert statistics.response_unit(COUNTS) == (None, None)
    assert v1keras.build_model(COUNTS).output_unit == (None, None)


@pytest.mark.parametrize("scale", [1e-3, -20.0])
def test_a_signed_unit_is_made_one_of_activity(scale):
    recording = in_unit(scale, -5e-4)
    scale, offset = statistics.response_unit(recording, nonnegative=False)
    responses = (recording.arrays("train")[1] - offset) / scale
    activity = COUNTS.arrays("train")[1]
    assert responses.min() == pytest.approx(0, abs=1e-5)
    np.testing.assert_allclose(responses.std(axis=0), 1, rtol=1e-3)
    for neuron in range(4):
        found = np.corrcoef(responses[:, neuron], activity[:, neuron])[0, 1]
        assert found == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("kind", ["factorized", "gaussian", "dense", "modulated"])
def test_a_readout_scales_and_shifts_its_rates(kind):
    def model(**unit):
        kinds = {"factorized": models.FactorizedReadout, "dense": models.DenseReadout}
        readout = kinds.get(kind, models.GaussianReadout)(3, **unit)
        if kind == "modulated":
            modulator = models.GainModulator(3, "running", [0.0], [1.0])
            readout = models.CovariateReadout(readout, None, modulator)
        return models.V1Model(models.StackedCore((4,), (5,)), readout, (12, 12))

    plain, scaled = model(), model(output_scale=SCALE, output_offset=OFFSET)
    for i, variable in enumerate(plain.variables):
        values = np.random.default_rng(i).uniform(0.1, 1, variable.shape)
        variable.assign(values)
        scaled.variables[i].assign(values)
    images = np.random.default_rng(0).normal(size=(5, 12, 12, 1)).astype("float32")
    running = np.linspace(-1, 1, 5, dtype="float32")[:, None]
    inputs = {"images": images, "running": running} if plain.covariates else images
    expected = plain(inputs) * SCALE + OFFSET
    np.testing.assert_allclose(scaled(inputs), expected, rtol=1e-5, atol=1e-5)
    chosen = scaled.select_neurons([2, 0])
    np.testing.assert_allclose(chosen(inputs), expected.numpy()[:, [2, 0]], rtol=1e-5)
    alone = scaled.without_covariates()
    neurons = np.array([2, 1, 0, 1, 2])
    one = alone.neuron_rate_fn()(images, neurons)
    all_rates = alone(images).numpy()
    np.testing.assert_allclose(one, all_rates[np.arange(5), neurons], rtol=1e-4)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(scaled)))
    again = build(check_architecture(config))
    again.set_weights(scaled.get_weights())
    np.testing.assert_allclose(again(inputs), expected, rtol=1e-5, atol=1e-5)


def test_an_offset_makes_no_neuron_constant():
    readout = models.FactorizedReadout(
        3, output_scale=SCALE, output_offset=OFFSET * 1e3
    )
    model = models.V1Model(models.StackedCore((4,), (5,)), readout, (12, 12), 110, 60)
    readout.mask.assign(30 * readout.mask)
    varying, constant = split_constant(model, COUNTS, np.arange(3))
    assert varying.tolist() == [0, 1, 2] and not constant.size


@pytest.mark.parametrize(
    ("values", "message"),
    [([1.0], "output_scale: found"), ([1.0, 0.0, 1.0], "output_scale: found 0")],
)
def test_a_scale_that_fits_no_neurons_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        models.FactorizedReadout(3, output_scale=values)


def test_noise_is_in_the_unit_of_the_responses():
    values = {"scale": np.log(np.expm1(np.array([0.5, 1.0, 2.0]))).tolist()}
    noise = {"name": "gaussian", "values": values}
    noise |= {"output_scale": SCALE.tolist(), "output_offset": OFFSET.tolist()}
    found = likelihood_of({"noise": noise}).distribution(np.float32([[3.0, -0.9, 9.0]]))
    deviation = np.array([0.5, 1.0, 2.0]) * np.abs(SCALE)
    expected = stats.norm([3.0, -0.9, 9.0], deviation)
    responses = np.array([[2.5, -0.901, 100.0]], "float32")
    np.testing.assert_allclose(
        found.log_prob(responses)[0], expected.logpdf(responses[0]), rtol=1e-3
    )
    np.testing.assert_allclose(found.mean()[0], [3.0, -0.9, 9.0], rtol=1e-5)
    np.testing.assert_allclose(found.variance()[0], deviation**2, rtol=1e-3)
    draws = found.sample(4000, seed=1).numpy()[:, 0]
    np.testing.assert_allclose(draws.std(axis=0), deviation, rtol=0.1)


@pytest.mark.parametrize(
    ("units", "factor"),
    [("spikes per presentation", 10), ("Hz", 1), ("spikes/s", 1), ("a.u.", None)],
)
def test_only_counts_and_hz_are_rates(units, factor):
    recording = in_unit(1.0, units=units)
    rates = recording.mean_rates_hz
    groups = v1keras.score(lambda images: images[:, 4, 4:8, 0], recording).groups
    if factor is None:
        assert rates is None and list(groups) == ["reported"]
    else:
        np.testing.assert_allclose(rates, factor * recording.responses.mean(axis=0))
        assert list(groups) == ["reported", "above 5 Hz"]

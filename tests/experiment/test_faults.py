import dataclasses

import numpy as np
import pytest

from v1keras.experiment.drift import estimate_drift
from v1keras.experiment.faults import find_faults
from v1keras.experiment.predictions import Predictions

NEURONS, STIMULI, BLOCKS = 30, 120, 10
REPEATED = np.arange(24)
NAMES = [f"s{i}" for i in range(STIMULI)]
STEPS = [-4, -2, 0, 2, 4]
SHIFTS = np.stack(np.meshgrid(STEPS, STEPS, indexing="ij"), -1).reshape(-1, 2)


@pytest.fixture(scope="module")
def predictions():
    """Rates that change smoothly with what is shown, as if it were shifted."""
    rng = np.random.default_rng(0)
    basis = rng.normal(size=(4, STIMULI, NEURONS))

    def rates(down=0.0, right=0.0, power=0.0):
        drive = basis[0] * (1 + 0.8 * power)
        turned = 0.5 * (down * basis[1] + right * basis[2]) + power * basis[3]
        return 4 * np.exp(0.6 * (drive + turned))

    exponents = np.array([0.5, 2.0])
    return rates, Predictions(
        rates(),
        SHIFTS.astype(float),
        np.stack([rates(*shift) for shift in SHIFTS]),
        exponents,
        np.stack([rates(power=np.log(exponent)) for exponent in exponents]),
        np.random.default_rng(1).poisson(rates() * 20) / 20,
    )


def present(rates, seed=2, gain=1.0):
    shape = (STIMULI, BLOCKS, NEURONS)
    rng = np.random.default_rng(seed)
    return rng.poisson(gain * rates[:, None], shape).astype(float)


def verdicts(measured, predictions):
    neurons = np.arange(measured.shape[2])
    faults = find_faults(measured, predictions, REPEATED, neurons, NAMES)
    return {fault.name: fault.verdict for fault in faults}, faults


def test_a_day_without_faults_is_fine(predictions):
    rates, predicted = predictions
    for seed in range(5):
        found, _ = verdicts(present(rates(), seed), predicted)
        assert set(found.values()) == {"fine"}


def test_a_model_that_errs_is_no_fault(predictions):
    """Responses that are half predicted, half not."""
    rates, predicted = predictions
    other = np.random.default_rng(9).lognormal(1.4, 0.7, (STIMULI, NEURONS))
    found, _ = verdicts(present(0.5 * rates() + 0.5 * other), predicted)
    assert set(found.values()) == {"fine"}


@pytest.mark.parametrize("count", [2, 7, NEURONS])
def test_permuted_neurons_are_named(predictions, count):
    rates, predicted = predictions
    order = np.arange(NEURONS)
    order[:count] = np.roll(order[:count], 1)
    found, faults = verdicts(present(rates())[:, :, order], predicted)
    assert found == {
        "neurons": "wrong",
        "images": found["images"],
        "screen": "can't tell",
        "units": "fine",
    }
    assert found["images"] != "wrong"
    assert f"{count} of {NEURONS}" in faults[0].text
    assert f"0 responds as predicted of {count - 1}" in faults[0].text


@pytest.mark.parametrize("axis", [0, 2])
def test_one_order_that_is_wrong_does_not_make_the_other_wrong(predictions, axis):
    """Few stimuli drive a neuron: what is left correlates, by chance, with others."""
    rates, predicted = predictions
    steep = rates() ** 3 / 20
    predicted = dataclasses.replace(predicted, rates=steep)
    for seed in range(20):
        measured = present(steep, seed)
        order = np.random.default_rng(seed).permutation(measured.shape[axis])
        found, _ = verdicts(measured.take(order, axis), predicted)
        first, second = ("images", "neurons") if axis == 0 else ("neurons", "images")
        assert found[first] == "wrong" and found[second] != "wrong", seed


@pytest.mark.parametrize("count", [10, STIMULI])
def test_shuffled_images_are_named(predictions, count):
    rates, predicted = predictions
    order = np.arange(STIMULI)
    order[:count] = np.roll(order[:count], 1)
    found, faults = verdicts(present(rates())[order], predicted)
    assert found["images"] == "wrong" and found["neurons"] != "wrong"
    assert "s0 has the responses to s" in faults[1].text
    named = int(faults[1].text.split("manifest's: ")[1].split()[0])
    assert 0.8 * count <= named <= count


def test_responses_without_any_likeness_are_not_called_fine(predictions):
    _, predicted = predictions
    noise = np.full((STIMULI, NEURONS), 5.0)
    found, _ = verdicts(present(noise), predicted)
    assert found["neurons"] == found["images"] == "can't tell"


def test_few_neurons_do_not_tell_the_order_of_images(predictions):
    rates, predicted = predictions
    few = Predictions(
        predicted.rates[:, :4],
        predicted.shifts,
        predicted.shifted[..., :4],
        predicted.exponents,
        predicted.distorted[..., :4],
        predicted.first_day[:, :4],
    )
    found, _ = verdicts(present(rates())[..., :4], few)
    assert found["images"] == "can't tell"


def test_gain_and_position_are_those_that_drifted(predictions):
    rates, predicted = predictions
    gain = np.exp(np.random.default_rng(3).normal(0, 0.3, NEURONS))
    measured = present(rates(down=1.0, right=-0.6), gain=gain)
    drift = estimate_drift(measured, predicted, np.arange(40))
    assert drift.shift == pytest.approx((1.0, -0.6), abs=0.5)
    assert drift.correlation[1] > drift.correlation[0]
    still = estimate_drift(present(rates(), gain=gain), predicted, np.arange(60))
    assert still.shift == pytest.approx((0, 0), abs=0.3)
    np.testing.assert_allclose(still.gain, gain, rtol=0.25)
    held = (still.gain_low <= gain) & (gain <= still.gain_high)
    assert held.mean() >= 0.8
    assert still.blocks == pytest.approx(np.ones(BLOCKS), abs=0.05)


def test_drift_within_the_day_is_shown(predictions):
    rates, predicted = predictions
    gain = np.linspace(0.8, 1.2, BLOCKS)[:, None]
    drift = estimate_drift(present(rates(), gain=gain), predicted, np.arange(40))
    assert drift.blocks == pytest.approx(gain[:, 0], abs=0.05)


def test_without_repeated_images_drift_cannot_be_told(predictions):
    rates, predicted = predictions
    drift = estimate_drift(present(rates()), predicted, np.arange(0))
    assert drift.shift is None and np.isnan(drift.gain).all()

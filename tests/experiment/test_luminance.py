"""A screen of another gamma, found by what is left of the predictions."""

import warnings

import numpy as np
import pytest

from v1keras.experiment.faults import find_faults
from v1keras.experiment.luminance import estimate_luminance
from v1keras.experiment.predictions import Predictions

IMAGES, NEURONS = 120, 30
REPEATED = np.arange(24)
SHIFTS = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)], float)
POWERS = np.array([0.45, 0.6, 0.8, 1.25, 1.6, 2.2])


class Animal:
    """Neurons whose rates change smoothly with what is shown; a model of them errs."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.basis = self.rng.normal(size=(4, IMAGES, NEURONS))
        self.error = self.rng.lognormal(0, 0.3, (IMAGES, NEURONS))
        self.first_day = self.rng.poisson(20 * self.rates()) / 20

    def predicted(self, power=1.0, down=0.0, right=0.0):
        drive = 0.6 * self.basis[0] + 0.3 * (
            down * self.basis[1] + right * self.basis[2]
        )
        return 4 * np.exp(drive + 0.3 * np.log(power) * self.basis[3])

    def rates(self, **shown):
        return self.error * self.predicted(**shown)

    def predictions(self):
        return Predictions(
            self.predicted(),
            SHIFTS,
            np.stack([self.predicted(1.0, *shift) for shift in SHIFTS]),
            POWERS,
            np.stack([self.predicted(power) for power in POWERS]),
            self.first_day,
        )

    def second_day(self, repeats=10, **shown):
        rates = self.rates(**shown) * self.rng.lognormal(0, 0.2, NEURONS)
        return self.rng.poisson(repeats * rates) / repeats


@pytest.mark.parametrize("power", [0.5, 0.77, 1.3, 1.8])
def test_the_power_is_the_true_one(power):
    found, held = [], 0
    for seed in range(20):
        animal = Animal(seed)
        means = animal.second_day(power=power)
        result = estimate_luminance(means, animal.predictions())
        assert result.is_other
        found.append(result.power)
        held += result.low <= power <= result.high
    assert np.mean(found) == pytest.approx(power, rel=0.05)
    assert held >= 16


@pytest.mark.parametrize("shown", [{}, {"down": 0.5, "right": -0.5}])
def test_a_right_screen_is_rarely_called_wrong(shown):
    """Gains drift, the model errs, images lie off: at 0.01, 4 of 100 has p = 0.02."""
    wrong = 0
    for seed in range(100):
        animal = Animal(seed)
        means = animal.second_day(**shown)
        wrong += estimate_luminance(means, animal.predictions()).is_other
    assert wrong <= 3


def test_what_would_have_been_noticed_is():
    """Powers of the least one, once more: nearly always."""
    found = 0
    for seed in range(20):
        animal = Animal(seed)
        predictions = animal.predictions()
        right = estimate_luminance(animal.second_day(), predictions)
        means = animal.second_day(power=right.least**1.5)
        found += estimate_luminance(means, predictions).is_other
    assert found >= 17


def test_missing_responses_are_left_out():
    animal = Animal(0)
    means = animal.second_day(power=1.5)
    means[np.random.default_rng(1).random(means.shape) < 0.2] = np.nan
    means[:, 3] = np.nan
    result = estimate_luminance(means, animal.predictions())
    assert result.is_other and result.low < 1.5 < result.high


@pytest.mark.parametrize("known", [(19, NEURONS), (0, NEURONS), (IMAGES, 1)])
def test_with_little_data_it_cannot_be_told(known):
    animal = Animal(0)
    means = animal.second_day(power=1.8)
    means[known[0] :] = np.nan
    means[:, known[1] :] = np.nan
    assert estimate_luminance(means, animal.predictions()) is None


def test_two_neurons_tell_nothing_without_a_warning():
    animal = Animal(0)
    means = animal.second_day(power=1.8)
    means[:, 2:] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = estimate_luminance(means, animal.predictions())
    assert not result.is_other and result.least > 2


def test_the_verdict_is_in_words():
    animal = Animal(0)
    names, neurons = [f"s{i}" for i in range(IMAGES)], np.arange(NEURONS)

    def screen(**shown):
        measured = animal.second_day(**shown)[:, None]
        arguments = (measured, animal.predictions(), REPEATED, neurons, names)
        return find_faults(*arguments)[2]

    wrong, right = screen(power=1.6), screen()
    assert wrong.verdict == "wrong" and right.verdict == "fine"
    assert "luminance is not that of the manifest" in wrong.text
    assert "could not be" in right.text

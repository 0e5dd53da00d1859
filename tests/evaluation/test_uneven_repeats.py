"""Ceilings of images that were shown unequally often."""

import numpy as np
import pytest

from tools.studies.ceilings import COUNTS, RIVALS, errors, simulate
from v1keras.evaluation import cc_max_from_repeats, signal_power


@pytest.mark.parametrize("label", COUNTS)
@pytest.mark.parametrize("noise", ["Poisson", "Gaussian"])
def test_an_uneven_ceiling_is_about_as_good_as_the_best_for_its_noise(label, noise):
    counts = COUNTS[label]
    error, ceilings = errors(cc_max_from_repeats, counts, noise, 3.0, 0.7, draws=15)
    rivals = [errors(rival, counts, noise, 3.0, 0.7, draws=15)[0] for rival in RIVALS]
    best = min(rival.std() for rival in rivals if abs(rival.mean()) < 0.02)
    assert error.std() < 1.3 * best
    assert abs(error.mean()) < 0.02
    assert ceilings.max() <= 1


def test_slow_drift_does_not_pass_for_signal_or_noise():
    counts = COUNTS["10 x 20, 90 x 2"]
    error, _ = errors(cc_max_from_repeats, counts, "Gaussian", 3.0, 0.7, 1.0, draws=15)
    assert abs(error.mean()) < 0.02 and error.std() < 0.05


def test_even_presentations_padded_with_nan_are_as_if_not_padded():
    repeats, _ = simulate(np.full(30, 5), "Poisson", 3.0, 0.7, 4, 0.0, _rng())
    trials, images, neurons = 5, 30, 4
    summed = repeats.sum(axis=1)
    for neuron in range(neurons):
        of_trials = sum(np.var(repeats[:, n, neuron], ddof=1) for n in range(trials))
        power = (np.var(summed[:, neuron], ddof=1) - of_trials) / 20
        assert signal_power(repeats)[neuron] == pytest.approx(power, rel=1e-10)
    padded = np.full((images + 2, trials + 3, neurons), np.nan)
    padded[:images, :trials] = repeats
    np.testing.assert_allclose(
        cc_max_from_repeats(padded), cc_max_from_repeats(repeats), rtol=1e-10
    )


def test_unit_sign_and_offset_of_responses_do_not_matter():
    counts = COUNTS["2 to 8"]
    repeats, _ = simulate(counts, "Poisson", 3.0, 0.7, 4, 0.0, _rng())
    np.testing.assert_allclose(
        cc_max_from_repeats(7 - 3 * repeats), cc_max_from_repeats(repeats), rtol=1e-8
    )


def test_what_says_nothing_has_no_ceiling():
    repeats = np.full((6, 3, 3), np.nan)
    repeats[:, 0, 0] = np.arange(6)  # no image twice
    repeats[0, :2, 1] = 1, 2  # one image
    repeats[:, :, 2] = _rng().normal(size=(6, 3))
    repeats[0, 2, 2] = np.nan
    found = cc_max_from_repeats(repeats)
    assert np.isnan(found[:2]).all() and 0 <= found[2] <= 1


def _rng():
    return np.random.default_rng(0)

"""Can this be trusted? Each flaw is planted, and its sentence names it."""

import dataclasses

import numpy as np
import pytest

from v1keras import Recording
from v1keras.evaluation.scores import score_rates
from v1keras.workflows.cell_trust import cell_checks
from v1keras.workflows.check_words import cautions
from v1keras.workflows.trust import recording_checks, score_checks


def recording(test=40, validation=40, **changes):
    """Images without copies, two neurons that one pixel drives, ten repeats."""
    rng = np.random.default_rng(0)
    split = np.repeat([0, 1, 2], [40, validation, test])
    images = rng.integers(0, 256, (len(split), 12, 12)).astype("uint8")
    rates = images[:, 5, 5:7] / 25.0
    tested = np.flatnonzero(split == 2)
    repeats = rng.poisson(rates[tested, None], (test, 10, 2)).astype("float32")
    responses = rates.astype("float32")
    responses[tested] = repeats.mean(axis=1)
    made = Recording(
        images, responses, split, repeats=repeats, repeat_images=tested, **changes
    )
    return made, rates[tested]


def failed(checks):
    return [check.finding for check in checks if check.passed is False]


def test_a_good_recording_and_a_good_model_pass_every_check():
    made, rates = recording()
    scores = score_rates(made, made.indices("test"), rates, "test")
    checks = [*recording_checks(made), *score_checks(scores)]
    assert all(check.passed for check in checks) and len(checks) == 7
    assert all(not check.advice for check in checks) and cautions(checks) == []


@pytest.mark.parametrize("quick", [False, True])
def test_a_copy_on_two_sides_is_found(quick, monkeypatch):
    monkeypatch.setattr("v1keras.workflows.trust._QUICK_PAIRS", 0)
    made, _ = recording()
    made.images[-1] = made.images[0]
    (finding,) = failed(recording_checks(made, quick))
    assert "two sides" in finding


def test_small_sides_are_found():
    made, _ = recording(validation=12)
    (finding,) = failed(recording_checks(made))
    assert finding.startswith("12 validation images")


def test_uneven_repeats_are_found():
    made, _ = recording()
    made.repeats[:20, 2:] = np.nan
    (finding,) = failed(recording_checks(made))
    assert finding.startswith("Test images have 2 to 10 repeats")


def test_neurons_recorded_twice_are_found():
    made, _ = recording()
    made.responses[:, 1] = made.responses[:, 0]
    made.repeats[:, :, 1] = made.repeats[:, :, 0]
    (finding,) = failed(recording_checks(made))
    assert "0 and 1" in finding


def test_a_neuron_that_could_be_predicted_and_is_not_is_named():
    made, rates = recording()
    rates = np.stack([rates[:, 0], np.roll(rates[:, 1], 1)], axis=1)
    scores = score_rates(made, made.indices("test"), rates, "test")
    findings = failed(score_checks(scores))
    assert any("below 0.3: 1." in finding for finding in findings)


def test_an_interval_that_includes_zero_is_named():
    made, rates = recording()
    noise = np.random.default_rng(1).normal(size=rates.shape)
    scores = score_rates(made, made.indices("test"), noise, "test")
    assert any("includes 0: reported" in text for text in failed(score_checks(scores)))


def test_scores_beyond_the_limit_are_named():
    made, rates = recording()
    scores = score_rates(made, made.indices("test"), rates, "test")
    columns = scores.per_neuron | {"cc_norm": np.array([1.3, 0.9])}
    columns["cc_norm_error"] = np.array([0.1, 0.1])
    checks = score_checks(dataclasses.replace(scores, per_neuron=columns))
    assert any(
        text.startswith("1 of 2 neurons have a CC_norm above 1")
        for text in failed(checks)
    )


def test_without_a_ceiling_it_cannot_be_told():
    made, rates = recording()
    made = dataclasses.replace(made, repeats=None, repeat_images=None)
    scores = score_rates(made, made.indices("test"), rates, "test")
    assert [check.passed for check in score_checks(scores)] == [True, None]


def test_cells_that_fail_are_named_with_what_to_do():
    table = {
        "neuron": np.array([4, 9]),
        "beats_best_image": np.array([True, False]),
        "converged": np.array([False, True]),
        "second_cosine": np.array([0.95, 0.2]),
        "half_rate": np.array([2.0, 1.0]),
        "half_best_image_rate": np.array([1.0, 1.0]),
        "cc_norm": np.array([0.9, 0.1]),
    }
    checks = cell_checks(table)
    named = [check.finding.rsplit(": ", 1)[1] for check in checks]
    assert named == ["9.", "4.", "9.", "9.", "9."]
    assert all(check.passed is False and check.advice for check in checks)
    assert all(len(line) <= 79 for line in cautions(checks))

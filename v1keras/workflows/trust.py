"""Can this be trusted? Checks of recordings, of scores and of models."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.data import Recording, quality
from v1keras.data.same_images import first_alike
from v1keras.evaluation.metrics import correlation
from v1keras.evaluation.scores import Scores
from v1keras.report.elements import Check
from v1keras.workflows.check_words import (
    UNPREDICTED,
    count_of,
    first_of,
    neurons_check,
)
from v1keras.workflows.score import predicted_rates, session_of

# Fewer pairs of images take less than a second, turned copies and all.
_QUICK_PAIRS = 300_000
_HIGH_CEILING = 0.7  # of CC_max
# Share of neurons that may lie two standard errors above the limit by chance.
_ABOVE_BY_CHANCE = 0.05
_AGREE = 0.7  # correlation of the rates of an ensemble's halves

# What passes, and what to do where it doesn't.
_COPIES = (
    "No image found on two sides of the split, turned copies included.",
    "Split by whole photographs: mark copies as one image_group and set"
    " --config.data.protocol=grouped. Until then scores are too high.",
)
_NEURONS = (
    "No neuron was recorded twice.",
    "Leave one of each pair out (neurons/included), or intervals are too narrow.",
)
_SIDES = (
    "The validation and test sides have enough images.",
    "Give these sides more images (--config.data.split_parts), or average over several"
    " splits (--config.data.split_seed).",
)
_REPEATS = (
    "The test images have even repeats, or none is needed.",
    "CC_max weighs each image by its repeats, so scores stay right; for narrower"
    " intervals show the test images equally often.",
)


def recording_checks(recording: Recording, quick: bool = False) -> list[Check]:
    """Check a recording for what spoils a score on it.

    Args:
        recording: `Recording`.
        quick: Boolean, whether to look for exact copies of images alone where many
            images would have to be compared.

    Returns:
        List of `Check`s.

    Example:

    >>> import v1keras
    >>> recording = v1keras.simulate_recording(60, neurons_per_kind=1, image_size=16)
    >>> [check.passed for check in recording_checks(recording)]
    [True, True, False, True]
    """
    repeats = [*quality.missing_repeats(recording), *quality.uneven_repeats(recording)]
    return [
        _copies(recording, quick),
        _check(quality.duplicate_neurons(recording), *_NEURONS),
        _sides(recording),
        _check(repeats, *_REPEATS),
    ]


def score_checks(scores: Scores) -> list[Check]:
    """Check the scores of a model.

    Args:
        scores: `Scores`.

    Returns:
        List of `Check`s.
    """
    checks = [_intervals(scores)]
    if scores.ceiling == "none":
        finding = "The noise ceiling is not known, so neither is what is predictable."
        advice = "Record some images repeatedly, or state window_s and presentations."
        return [*checks, Check(None, finding, advice)]
    return [*checks, _unpredicted(scores.per_neuron), _above_limit(scores.per_neuron)]


def model_checks(
    model: Any, recordings: Sequence[Recording], scores: Scores
) -> list[Check]:
    """Check a model, its scores and the recordings they are on.

    Args:
        model: Model of the recordings' neurons.
        recordings: Sequence of `Recording`s.
        scores: `Scores` of the model.

    Returns:
        List of `Check`s.
    """
    checks = score_checks(scores)
    for recording in recordings:
        own = recording_checks(recording, quick=True)
        own += _members(session_of(model, recording), recording, scores.split)
        if len(recordings) > 1:
            named = f"{recording.name}: "
            own = [check._replace(finding=named + check.finding) for check in own]
        checks += own
    return checks


def _check(issues, passed, advice):
    """Return the check of a quality of a recording, whose issues are lines."""
    issues = list(issues)
    if not issues:
        return Check(True, passed)
    text = "; ".join(issues)
    return Check(False, f"{text[0].upper()}{text[1:]}.", advice)


def _copies(recording, quick):
    """Return the check of images on two sides of the split."""
    held_out = int((recording.split > 0).sum())
    if not quick or held_out * len(recording.images) <= _QUICK_PAIRS:
        return _check(quality.duplicate_images(recording), *_COPIES)
    first = first_alike(recording.images)
    sides = recording.split
    apart = (sides != sides[first]) & (sides >= 0) & (sides[first] >= 0)
    if apart.any():
        count = int(apart.sum())
        return Check(
            False, f"{count} images stand on two sides of the split.", _COPIES[1]
        )
    return Check(
        True,
        "No image stands on two sides of the split (turned copies: `data info`).",
    )


def _sides(recording):
    """Return the check of the numbers of validation and test images."""
    if not (recording.split > 0).any():
        advice = "Training divides it as --config.data.protocol says."
        return Check(None, "No images are marked for validation and test.", advice)
    return _check(quality.few_images(recording), *_SIDES)


def _intervals(scores):
    """Return the check of means whose interval includes 0."""
    groups, names = scores.groups, []
    for name, group in groups.items():
        interval = group["correlation"]["interval"]
        if interval and interval[0] <= 0:
            names.append(name)
    reported = next(iter(groups.values()))
    if reported["correlation"]["interval"] is None:
        advice = "Score more neurons or more images."
        return Check(None, "There are too few values for an interval.", advice)
    if not names:
        return Check(True, "No mean correlation's 95 % interval includes 0.")
    return Check(
        False,
        f"The 95 % interval of the mean correlation includes 0: {first_of(names)}.",
        "Nothing may be predicted there: train on more images, or start from a trained"
        " core (--init_from=NAME --freeze=core).",
    )


def _unpredicted(columns):
    """Return the check of neurons that could be predicted and are not."""
    high = columns["cc_max"] >= _HIGH_CEILING
    missed = high & (columns["cc_norm"] < UNPREDICTED)
    count = int(high.sum())
    if not missed.any():
        finding = (
            f"Each of the {count} neurons with a CC_max of {_HIGH_CEILING} or more is"
        )
        return Check(True, f"{finding} predicted (CC_norm of {UNPREDICTED} or more).")
    return Check(
        False,
        f"Of {count} neurons with a CC_max of {_HIGH_CEILING} or more,"
        f" {int(missed.sum())} reached a CC_norm below {UNPREDICTED}:"
        f" {first_of(columns['neuron'][missed])}.",
        "Add a ridge (--config.ridge.share=0.3) or behavior"
        " (--config.readout.modulator), try another configuration, and look at these"
        " neurons' responses: drift and bursts raise CC_max, too.",
    )


def _above_limit(columns):
    """Return the check of neurons that are predicted better than they can be."""
    value, error = columns["cc_norm"], columns["cc_norm_error"]
    known = np.isfinite(value) & np.isfinite(error)
    above = known & (value - 2 * error > 1)
    if above.sum() <= _ABOVE_BY_CHANCE * known.sum():
        count = int((value > 1).sum())
        noise = f" ({count} are above it, as noise makes some)" if count else ""
        return Check(True, f"CC_norm is not above 1 beyond chance{noise}.")
    return Check(
        False,
        f"{count_of(above, int(known.sum()))} have a CC_norm above 1 by more than two"
        f" standard errors: {first_of(columns['neuron'][above])}.",
        "The ceiling is too low: measure it with repeats, state the number of"
        " presentations, or lower the Fano factor (--config.evaluation.fano).",
    )


def _members(model, recording, split):
    """Return the check of the members of an ensemble, none of another model."""
    halves = model.halves()
    if halves is None:
        return []
    images = recording.indices(split)
    rates = [predicted_rates(half, recording, images) for half in halves]
    reported = np.flatnonzero(recording.included)
    agreement = correlation(*rates)[reported]
    return [
        neurons_check(
            reported,
            agreement < _AGREE,
            f"rates that the two halves of the ensemble predict differently (r below"
            f" {_AGREE})",
            "Train more members (--config.ensemble=5) or on more images; trust no"
            " stimulus of these neurons.",
        )
    ]

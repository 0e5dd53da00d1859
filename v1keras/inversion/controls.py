"""Rates with which those of preferred stimuli are compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.kept import kept
from v1keras.inversion.rates import best_images, compiled, rates_by_batch
from v1keras.inversion.result import PreferredStimuli

# Simulated kinds of cells whose preferred stimulus is one picture, their filter. A
# complex cell prefers several pictures.
ONE_PICTURE = ("simple", "center_surround")
# Stimuli from a second seed measure reproducibility; they need not converge.
_SECOND_STEPS, _SECOND_SEED = 100, 12345


def controls(
    model: Any,
    images: np.ndarray,
    stimuli: PreferredStimuli,
    evaluators: Sequence[Any] = (),
    half: tuple[PreferredStimuli, Any] | None = None,
) -> dict[str, np.ndarray]:
    """Return rates with which those of the stimuli are compared.

    Args:
        model: Model of images alone.
        images: `(n, height, width)` images of its recording, in pixel units.
        stimuli: `PreferredStimuli`.
        evaluators: Sequence of other models of the same neurons, trained on other
            splits.
        half: What `half_stimuli` returns.

    Returns:
        Dict of `(n,)` columns: `rate`, `start_rate`, `best_image`, `best_image_rate`,
        `best_image_rate_at_norm`, `second_rate`, `second_cosine` and
        `beats_best_image`; with evaluators, `judged_rate` and `judged_best_image_rate`;
        with stimuli of one half, `half_rate` and `half_best_image_rate`.
        `v1keras.characterization.columns` lists their meanings.
    """
    neurons, contrast = stimuli.neurons, stimuli.contrast
    image_rates = rates_by_batch(compiled(model), images)[:, neurons]
    best_at_norm = best_images(model, images, contrast)[1][neurons]
    ascent = GradientAscent(model, contrast)
    second = ascent.run(neurons, _SECOND_STEPS, seed=_SECOND_SEED)
    columns = {
        "rate": stimuli.rates,
        "start_rate": stimuli.trace[0],
        "best_image": image_rates.argmax(axis=0),
        "best_image_rate": image_rates.max(axis=0),
        "best_image_rate_at_norm": best_at_norm,
        "second_rate": second.rates,
        "second_cosine": cosine(stimuli.patterns, second.patterns),
        "beats_best_image": stimuli.rates > best_at_norm,
    }
    if evaluators:
        columns |= _evaluate("judged", evaluators, stimuli, images)
    if half is not None:
        made, judge = half
        columns |= _evaluate("half", [judge], made, images)
    return columns


def half_stimuli(
    model: Any, stimuli: PreferredStimuli
) -> tuple[PreferredStimuli, Any] | None:
    """Synthesize stimuli in one half of an ensemble's networks.

    Args:
        model: Model of images alone.
        stimuli: `PreferredStimuli`, whose neurons and contrast are taken.

    Returns:
        Tuple of the `PreferredStimuli` and the other half, as a model; None if the
        model is no ensemble.
    """
    halves = kept(model, "halves", model.halves)
    if halves is None:
        return None
    maker, judge = halves
    return GradientAscent(maker, stimuli.contrast).run(stimuli.neurons), judge


def _evaluate(name, models, stimuli, images):
    """Return the models' mean rate to each neuron's stimulus and its best image."""
    neurons, contrast = stimuli.neurons, stimuli.contrast
    fns = [compiled(model) for model in models]

    def mean_rates(images):
        return sum(rate_fn(images) for rate_fn in fns) / len(fns)

    own = rates_by_batch(mean_rates, stimuli.stimuli)
    _, best = best_images(mean_rates, images, contrast)
    return {
        f"{name}_rate": own[np.arange(len(neurons)), neurons],
        f"{name}_best_image_rate": best[neurons],
    }


def cosine(patterns: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return `(n,)` cosines between two arrays of patterns `(n, height, width)`."""
    a, b = patterns.reshape(len(patterns), -1), others.reshape(len(others), -1)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(axis=1) / norms


def filter_cosines(recording: Any, stimuli: PreferredStimuli) -> np.ndarray | None:
    """Return the absolute cosine of each stimulus with the neuron's true filter.

    Args:
        recording: `Recording`; only a simulated one has true filters.
        stimuli: `PreferredStimuli`.

    Returns:
        `(n,)`, NaN for neurons that prefer more than one picture; None if the filters
        are not known.
    """
    filters, kinds = recording.neurons.get("filter"), recording.neurons.get("kind")
    if filters is None or kinds is None:
        return None
    cosines = np.abs(cosine(stimuli.patterns, filters[stimuli.neurons]))
    return np.where(np.isin(kinds[stimuli.neurons], ONE_PICTURE), cosines, np.nan)

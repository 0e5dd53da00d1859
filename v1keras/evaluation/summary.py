"""Scores of one recording: a column per metric, and summaries of groups of neurons."""

from typing import Any

import numpy as np

from v1keras.evaluation.ceiling import (
    cc_max_from_means,
    cc_max_from_repeats,
    cc_norm,
    noise_variance,
)
from v1keras.evaluation.metrics import correlation, feve, fraction_near_limit, mean
from v1keras.evaluation.near_limit import LEAST_CEILING
from v1keras.evaluation.neuron_draws import NeuronDraws, interval_over_neurons

# The scores of a neuron; `score_neurons` has the first four.
SCORES = (
    "correlation",
    "cc_max",
    "cc_norm",
    "feve",
    "single_trial_correlation",
    "oracle",
    "deviance_explained",
    "bits_per_spike",
    "selectivity",
)


def score_neurons(
    responses: np.ndarray, rates: np.ndarray, ceiling: np.ndarray, noise: np.ndarray
) -> dict[str, np.ndarray]:
    """Compute every metric of every neuron.

    Args:
        responses: `(images, neurons)` mean responses, NaN = missing.
        rates: `(images, neurons)` predictions.
        ceiling: `(neurons,)` CC_max, NaN = unknown.
        noise: `(neurons,)` variance of the noise in `responses`, NaN = unknown.

    Returns:
        Dict of `(neurons,)` columns `correlation`, `cc_max`, `cc_norm`, `feve`.

    Example:

    >>> import numpy as np
    >>> y = np.array([[1.0], [2.0], [3.0]])
    >>> scores = score_neurons(y, y, ceiling=np.array([1.0]), noise=np.array([0.0]))
    >>> {name: column.round(6).tolist() for name, column in scores.items()}
    {'correlation': [1.0], 'cc_max': [1.0], 'cc_norm': [1.0], 'feve': [1.0]}
    """
    return {
        "correlation": correlation(responses, rates),
        "cc_max": ceiling,
        "cc_norm": cc_norm(responses, rates, ceiling),
        "feve": feve(responses, rates, noise),
    }


def estimate_ceiling(
    responses: np.ndarray,
    repeats: np.ndarray | None = None,
    presentations: float | None = None,
    fano: float = 1.0,
) -> tuple[str, np.ndarray, np.ndarray]:
    """Estimate CC_max and the noise variance of each neuron's mean response.

    Single presentations are used if there are any, else the means.

    Args:
        responses: `(images, neurons)` mean responses to all images of the recording.
        repeats: `(images, N, neurons)` single presentations, or None.
        presentations: Float, number of presentations that were averaged, or None if it
            is not known.
        fano: Float, variance over mean of single counts, for the estimate from means.

    Returns:
        Tuple `(source, ceiling, noise)`: CC_max and noise variance `(neurons,)`, and
        "repeats" or "means" as their source, or "none" if they are NaN.

    Example:

    >>> import numpy as np
    >>> responses = np.array([[1.0], [3.0]])
    >>> source, ceiling, noise = estimate_ceiling(responses, presentations=4)
    >>> source, ceiling.round(3).tolist(), noise.tolist()
    ('means', [0.866], [0.5])
    """
    if repeats is not None:
        return "repeats", cc_max_from_repeats(repeats), noise_variance(repeats)
    if presentations is not None:
        ceiling = cc_max_from_means(responses, presentations, fano)
        return "means", ceiling, fano * mean(responses) / presentations
    unknown = np.full(responses.shape[1], np.nan)
    return "none", unknown, unknown


def summarize(
    scores: dict[str, np.ndarray],
    chosen: np.ndarray,
    seed: int = 0,
    resampled: dict[str, np.ndarray] | None = None,
    sessions: np.ndarray | None = None,
) -> dict[str, Any]:
    """Summarize the scores of a group of neurons.

    Args:
        scores: Dict of columns, as `score_neurons` returns them.
        chosen: `(neurons,)` bool, the group.
        seed: Integer, seed of the bootstrap over neurons.
        resampled: Dict of `(samples, neurons)`, the same scores on images drawn anew,
            as `resample_scores` returns them; None if only neurons are drawn anew.
        sessions: `(neurons,)`, session of each neuron; None if there is one.

    Returns:
        Dict of the number of `neurons` and, for each metric, a dict of its `mean` over
        the neurons that have it, its `median`, the count `missing`, and 95 % intervals
        of the mean: `interval_these_images` (percentile bootstrap over neurons) and
        `interval`, over what `interval_over` says: "neurons", "neurons and images" or
        "sessions, neurons and images". The mean of CC_norm is over values clipped to
        [-1, 1], its median over the unclipped ones. `no_ceiling` counts the neurons
        whose CC_max is 0, `low_ceiling` those below 0.3. `fraction_near_limit` is the
        count of CC_norm of 0.9 or more over all neurons of the group,
        `estimated_near_limit` the same with the noise taken out, if the scores have a
        column `near_limit`. A value that does not exist is None.

    Example:

    >>> import numpy as np
    >>> scores = {
    ...     "correlation": np.array([0.2, 0.4]),
    ...     "cc_max": np.array([0.4, 0.0]),
    ...     "cc_norm": np.array([0.5, np.nan]),
    ... }
    >>> summary = summarize(scores, np.array([True, True]))
    >>> round(summary["correlation"]["mean"], 3), summary["cc_norm"]["missing"]
    (0.3, 1)
    >>> summary["no_ceiling"], summary["fraction_near_limit"]
    (1, 0.0)
    """
    chosen = np.asarray(chosen, bool)
    resampled = resampled or {}
    drawn_sessions = None if sessions is None else sessions[chosen]
    draw = NeuronDraws(int(chosen.sum()), drawn_sessions, seed)
    summary: dict[str, Any] = {"neurons": int(chosen.sum())}
    summary["interval_over"] = draw.over if resampled else "neurons"
    for name in (name for name in SCORES if name in scores):
        values = scores[name][chosen]
        finite = values[np.isfinite(values)]
        averaged = clipped(name, finite)
        these_images = interval_over_neurons(averaged, seed)
        summary[name] = {
            "mean": _number(averaged.mean()) if finite.size else None,
            "interval": these_images,
            "interval_these_images": these_images,
            "median": _number(np.median(finite)) if finite.size else None,
            "missing": int(values.size - finite.size),
        }
        if name in resampled and these_images:
            anew = clipped(name, resampled[name][:, chosen])
            summary[name]["interval"] = _bounded(
                name, draw.interval(averaged.mean(), anew)
            )
    ceilings = scores["cc_max"][chosen]
    summary["no_ceiling"] = int((ceilings == 0).sum())
    summary["low_ceiling"] = int((ceilings < LEAST_CEILING).sum())
    summary["fraction_near_limit"] = summary["estimated_near_limit"] = None
    if chosen.any():
        cc_norms = scores["cc_norm"][chosen]
        summary["fraction_near_limit"] = fraction_near_limit(cc_norms)
        if "near_limit" in scores and not np.isnan(ceilings).all():
            share = scores["near_limit"][chosen].mean()
            summary["estimated_near_limit"] = _number(share)
    return summary


def clipped(metric, values):
    """Return the values that a mean is over: CC_norm clipped to [-1, 1]."""
    return np.clip(values, -1, 1) if metric == "cc_norm" else values


def average_over_seeds(runs: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Average each neuron's scores over several trainings.

    In one split's few test images a neuron may exceed its limit by chance.

    Args:
        runs: List of dicts of `(neurons,)` columns, as `score_neurons` returns them,
            one per seed.

    Returns:
        Dict of the same columns, without NaN.

    Example:

    >>> import numpy as np
    >>> runs = [{"correlation": np.array([0.2])}, {"correlation": np.array([0.4])}]
    >>> average_over_seeds(runs)["correlation"].round(3).tolist()
    [0.3]
    """
    return {name: mean(np.stack([run[name] for run in runs])) for name in runs[0]}


def _bounded(metric, interval):
    """Return an interval without the values that a metric never has."""
    if interval is None:
        return None
    highest = np.inf if metric == "bits_per_spike" else 1.0
    return [_number(np.clip(edge, -np.inf, highest)) for edge in interval]


def _number(value):
    return round(float(value), 6)

"""One recording's scores: a column a metric, and what is said of a group of neurons."""

from typing import Any

import numpy as np

from v1keras.evaluation.ceiling import (
    cc_max_from_means,
    cc_max_from_repeats,
    cc_norm,
    noise_variance,
)
from v1keras.evaluation.metrics import correlation, feve, fraction_near_limit, mean

RESAMPLES = 2000
# The columns of `score_neurons`.
SCORES = ("correlation", "cc_max", "cc_norm", "feve")


def score_neurons(
    responses: np.ndarray, rates: np.ndarray, ceiling: np.ndarray, noise: np.ndarray
) -> dict[str, np.ndarray]:
    """Every metric of every neuron.

    Args:
        responses: `(images, neurons)` mean responses, NaN = missing.
        rates: `(images, neurons)` predictions.
        ceiling: `(neurons,)` CC_max, NaN = unknown.
        noise: `(neurons,)` variance of the noise in `responses`, NaN = unknown.

    Returns:
        dict of `(neurons,)` columns `correlation`, `cc_max`, `cc_norm`, `feve`.

    Example:

    >>> import numpy as np
    >>> y = np.array([[1.0], [2.0], [3.0]])
    >>> {
    ...     name: column.round(6).tolist()
    ...     for name, column in score_neurons(
    ...         y, y, np.array([1.0]), np.array([0.0])
    ...     ).items()
    ... }
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
    """CC_max and noise variance of each neuron's mean response, by what is known of it.

    Args:
        responses: `(images, neurons)` mean responses to all images of the recording.
        repeats: `(images, N, neurons)` single presentations, where there are any: they
            are used then.
        presentations: how many were averaged where only means are known; None for
            unknown.
        fano: variance over mean of single counts, where only means are known.

    Returns:
        (source, CC_max `(neurons,)`, noise variance `(neurons,)`); the source is
        "repeats", "means" or, where neither tells, "none", with NaN.

    Example:

    >>> import numpy as np
    >>> source, ceiling, noise = estimate_ceiling(
    ...     np.array([[1.0], [3.0]]), presentations=4
    ... )
    >>> source, ceiling.round(3).tolist(), noise.tolist()
    ('means', [0.866], [0.5])
    """
    if repeats is not None:
        return "repeats", cc_max_from_repeats(repeats), noise_variance(repeats)
    if presentations is not None:
        return (
            "means",
            cc_max_from_means(responses, presentations, fano),
            fano * mean(responses) / presentations,
        )
    unknown = np.full(responses.shape[1], np.nan)
    return "none", unknown, unknown


def summarize(
    scores: dict[str, np.ndarray], chosen: np.ndarray, seed: int = 0
) -> dict[str, Any]:
    """What is said of a group of neurons.

    Args:
        scores: columns as `score_neurons` gives them.
        chosen: `(neurons,)` bool, the group.
        seed: of the bootstrap over neurons.

    Returns:
        dict of `neurons` (how many) and, for each metric, a dict of its `mean` over the
        neurons that have it, the 95 % `interval` of that mean (percentile bootstrap
        over neurons), its `median` and the count `missing`. The mean of CC_norm is over
        values clipped to [-1, 1]; its median is of the unclipped. `no_ceiling` counts
        the neurons whose CC_max is 0, and `fraction_near_limit` is over all neurons of
        the group. A value that does not exist is None.

    Example:

    >>> import numpy as np
    >>> scores = {
    ...     "correlation": np.array([0.2, 0.4]),
    ...     "cc_max": np.array([0.4, 0.0]),
    ...     "cc_norm": np.array([0.5, np.nan]),
    ... }
    >>> found = summarize(scores, np.array([True, True]))
    >>> (
    ...     round(found["correlation"]["mean"], 3),
    ...     found["cc_norm"]["missing"],
    ...     found["no_ceiling"],
    ...     found["fraction_near_limit"],
    ... )
    (0.3, 1, 1, 0.0)
    """
    chosen = np.asarray(chosen, bool)
    found: dict[str, Any] = {"neurons": int(chosen.sum())}
    for name, column in scores.items():
        values = column[chosen]
        finite = values[np.isfinite(values)]
        averaged = np.clip(finite, -1, 1) if name == "cc_norm" else finite
        found[name] = {
            "mean": _number(averaged.mean()) if finite.size else None,
            "interval": _interval(averaged, seed),
            "median": _number(np.median(finite)) if finite.size else None,
            "missing": int(values.size - finite.size),
        }
    found["no_ceiling"] = int((scores["cc_max"][chosen] == 0).sum())
    found["fraction_near_limit"] = (
        fraction_near_limit(scores["cc_norm"][chosen]) if chosen.any() else None
    )
    return found


def average_over_seeds(runs: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Each neuron's scores averaged over several trainings: one split's few test images
    put some above their limit by luck.

    Args:
        runs: list of dicts of `(neurons,)` columns, as `score_neurons` gives them, one
            for each seed.

    Returns:
        dict of the same columns, NaN left out.

    Example:

    >>> import numpy as np
    >>> average_over_seeds(
    ...     [{"correlation": np.array([0.2])}, {"correlation": np.array([0.4])}]
    ... )["correlation"].round(3).tolist()
    [0.3]
    """
    return {name: mean(np.stack([run[name] for run in runs])) for name in runs[0]}


def _interval(values, seed):
    if values.size < 2:
        return None
    drawn = np.random.default_rng(seed).integers(
        0, values.size, (RESAMPLES, values.size)
    )
    return [
        _number(edge) for edge in np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    ]


def _number(value):
    return round(float(value), 6)

"""Each neuron's response to its own stimulus against those to its controls."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import stats

# Shuffles of the presentations of one neuron and one control, at least; with many
# neurons more, so that a corrected p-value can be small.
_SHUFFLES, _SHUFFLES_PER_NEURON = 5000, 200
_LEVEL = 0.05
_ROUNDS, _GRID = 20, 201  # of the distribution of true differences
_SAMPLES = 400


@dataclasses.dataclass
class Comparison:
    """Own stimulus against one control, neuron by neuron.

    Attributes:
        own, control: `(n,)` mean responses; NaN where a neuron has no such control.
        difference: `(n,)` own - control.
        error: `(n,)` standard error of the difference.
        p: `(n,)` of a permutation test, corrected for the number of neurons (Holm).
        verdict: `(n,)` strings: "more", "less", "can't tell", or "" without a control.
    """

    own: np.ndarray
    control: np.ndarray
    difference: np.ndarray
    error: np.ndarray
    p: np.ndarray
    verdict: np.ndarray


def compare_own(
    measured: np.ndarray,
    own: Sequence[int] | np.ndarray,
    controls: Sequence[Sequence[int]],
    seed: int = 0,
) -> Comparison:
    """Compare each neuron's response to its own stimulus with that to a control.

    The test shuffles which presentations were of the own stimulus and which of the
    control.

    Args:
        measured: `(stimuli, presentations, neurons)`, NaN = missing.
        own: `(neurons,)` place of each neuron's own stimulus.
        controls: Sequence per neuron of the places of its control: none, one, or
            several, which are pooled.
        seed: Integer, seed of the shuffles.

    Example:

    >>> measured = np.random.default_rng(0).poisson([[[9.0]], [[3.0]]], (2, 20, 1))
    >>> compare_own(measured, [0], [[1]]).verdict.tolist()
    ['more']
    """
    count = measured.shape[2]
    shuffles = max(_SHUFFLES, _SHUFFLES_PER_NEURON * count)
    rng = np.random.default_rng(seed)
    columns = {
        name: np.full(count, np.nan)
        for name in ("own", "control", "difference", "error", "p")
    }
    for i in range(count):
        first = _present(measured[own[i], :, i])
        second = _present(measured[list(controls[i]), :, i])
        if len(first) < 2 or len(second) < 2:
            continue
        columns["own"][i], columns["control"][i] = first.mean(), second.mean()
        columns["difference"][i] = first.mean() - second.mean()
        columns["error"][i] = np.hypot(stats.sem(first), stats.sem(second))
        columns["p"][i] = _permutation(first, second, shuffles, rng)
    columns["p"] = holm(columns["p"])
    return Comparison(**columns, verdict=_verdicts(columns))


def _present(values):
    values = np.asarray(values, float).ravel()
    return values[np.isfinite(values)]


def _permutation(first, second, shuffles, rng):
    """Return the two-sided p-value of a difference of means."""
    pooled = np.concatenate([first, second])
    observed = abs(first.mean() - second.mean())
    more, done = 0, 0
    while done < shuffles:
        rows = min(shuffles - done, max(1, 2**20 // len(pooled)))
        drawn = rng.permuted(np.tile(pooled, (rows, 1)), axis=1)[:, : len(first)]
        means = drawn.mean(axis=1)
        rest = (pooled.sum() - means * len(first)) / len(second)
        more += int((np.abs(means - rest) >= observed * (1 - 1e-9)).sum())
        done += rows
    return (1 + more) / (1 + shuffles)


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values corrected for their number; NaN stay, and do not count.

    Reference: Holm 1979 (Scandinavian Journal of Statistics 6:65).

    Example:

    >>> holm(np.array([0.01, np.nan, 0.04, 0.03])).round(3).tolist()
    [0.03, nan, 0.06, 0.06]
    """
    corrected = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    raised = np.maximum.accumulate(p[order] * factors)
    corrected[order] = np.minimum(raised, 1.0)
    return corrected


def _verdicts(columns):
    sure = columns["p"] < _LEVEL
    verdict = np.where(columns["difference"] > 0, "more", "less").astype(object)
    verdict[~sure] = "can't tell"
    verdict[np.isnan(columns["p"])] = ""
    return verdict.astype(str)


def share_above(difference: np.ndarray, error: np.ndarray) -> float:
    """Estimate the share of neurons whose true difference is above 0.

    What the true differences are like is estimated from all neurons, as
    `near_limit_probability` does for CC_norm; the share is the mean of each neuron's
    posterior. Unlike the share of significant differences, it does not grow with the
    number of presentations.

    Args:
        difference: `(n,)` measured differences, NaN = unknown.
        error: `(n,)` their standard errors.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> true = np.where(rng.random(300) < 0.7, 1.0, -1.0)
    >>> measured = rng.normal(true, 0.7)
    >>> share = share_above(measured, np.full(300, 0.7))
    >>> round(share, 2), round((true > 0).mean().item(), 2)
    (0.63, 0.63)
    """
    known = np.isfinite(difference) & np.isfinite(error)
    if not known.any():
        return np.nan
    everyone = np.ones((1, int(known.sum())))
    return float(_shares(difference[known], error[known], everyone)[0])


def share_interval(
    difference: np.ndarray, error: np.ndarray, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of `share_above`, for other neurons.

    Args:
        difference, error: As for `share_above`.
        seed: Integer, seed of the bootstrap.
    """
    known = np.flatnonzero(np.isfinite(difference) & np.isfinite(error))
    count = known.size
    if count < 2:
        return np.nan, np.nan
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1 / count), _SAMPLES)
    shares = _shares(difference[known], error[known], drawn)
    low, high = np.percentile(shares, [2.5, 97.5])
    # Neurons that all agree leave an interval of no width; the next one may differ.
    rest = 3 / (count + 3)
    return float(min(low, 1 - rest)), float(max(high, rest))


def _shares(difference, error, weights):
    """Return the share above 0 of each of several samples of neurons.

    Args:
        difference, error: `(n,)`, known.
        weights: `(samples, n)`, how often each neuron is in each sample.

    Returns:
        `(samples,)`.
    """
    widest = np.abs(difference).max() or 1.0
    spread = np.maximum(error, 1e-3 * widest)
    # In units of the errors' median, finer where differences are small.
    scale = np.median(spread)
    reach = np.arcsinh(widest / scale)
    grid = scale * np.sinh(np.linspace(-reach, reach, _GRID))
    distance = (difference[:, None] - grid) / spread[:, None]
    likelihood = np.exp(-0.5 * np.minimum(distance**2, 1000)) / spread[:, None] + 1e-12
    prior = np.full((len(weights), _GRID), 1 / _GRID)
    for _ in range(_ROUNDS):
        prior *= (weights / (prior @ likelihood.T)) @ likelihood
        prior += 1 / _GRID
        prior /= prior.sum(axis=1, keepdims=True)
    above = np.where(grid > 0, 1.0, 0.0)
    above[_GRID // 2] = 0.5
    posterior = (prior @ (likelihood * above).T) / (prior @ likelihood.T)
    return (weights * posterior).sum(axis=1) / weights.sum(axis=1)

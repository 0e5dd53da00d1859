"""Intervals over neurons and presentations."""

from collections.abc import Callable

import numpy as np
from scipy import stats

_SAMPLES = 200


def interval(
    measured: np.ndarray,
    value: Callable[[np.ndarray], np.ndarray],
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return a mean over neurons, and its 95 % interval for others and other trials.

    Neurons and blocks of presentations are drawn anew; the interval is the mean and
    Student's t times the standard deviation of the bootstrapped means.

    Args:
        measured: `(stimuli, blocks, neurons)` responses, NaN = missing.
        value: Callable, such responses -> a value `(neurons,)` of each neuron, NaN
            where it has none.
        seed: Integer.

    Returns:
        Tuple `(mean, low, high)`.

    Example:

    >>> measured = np.random.default_rng(0).normal(2.0, 1.0, (5, 10, 30))
    >>> mean, low, high = interval(measured, lambda trials: trials.mean(axis=(0, 1)))
    >>> low < 2 < high
    True
    """
    values = value(measured)
    known = np.flatnonzero(np.isfinite(values))
    if known.size < 2:
        mean = float(values[known].mean()) if known.size else np.nan
        return mean, np.nan, np.nan
    rng = np.random.default_rng(seed)
    blocks, means = measured.shape[1], []
    for _ in range(_SAMPLES):
        drawn = rng.integers(0, blocks, blocks)
        anew = value(measured[:, drawn])[rng.choice(known, known.size)]
        if np.isfinite(anew).any():
            means.append(np.nanmean(anew))
    units = known.size
    factor = stats.t.ppf(0.975, units - 1) * np.sqrt(units / (units - 1))
    mean = float(values[known].mean())
    width = float(factor * np.std(means, ddof=1))
    return mean, mean - width, mean + width


def block_means(measured: np.ndarray) -> np.ndarray:
    """Return `(stimuli, neurons)` means over presentations, NaN where there are none.

    Args:
        measured: `(stimuli, blocks, neurons)`, NaN = missing.

    Example:

    >>> block_means(np.array([[[1.0], [3.0]], [[np.nan], [2.0]]])).tolist()
    [[2.0], [2.0]]
    """
    present = np.isfinite(measured)
    count = present.sum(axis=1)
    total = np.where(present, measured, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def profiles(rates: np.ndarray) -> np.ndarray:
    """Return rates in standard deviations of each neuron.

    Args:
        rates: `(stimuli, neurons)`, NaN = missing.

    Returns:
        `(neurons, stimuli)`; 0 for a neuron whose rate does not vary.

    Example:

    >>> profiles(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    center, scale = np.nanmean(rates, axis=0), np.nanstd(rates, axis=0)
    return ((rates - center) / np.where(scale > 0, scale, np.inf)).T


def correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the correlation of each column of one array with each of another.

    Args:
        one: `(k, n)`, NaN = missing.
        other: `(k, m)`.

    Returns:
        `(n, m)`; 0 where a column does not vary.

    Example:

    >>> one, other = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [4.0], [6.0]])
    >>> correlations(one, other).round(6).tolist()
    [[1.0]]
    """
    one, other = _standard(one), _standard(other)
    return one.T @ other


def _standard(values):
    values = np.asarray(values, float)
    centered = values - np.nanmean(values, axis=0)
    centered = np.where(np.isnan(centered), 0.0, centered)
    norm = np.linalg.norm(centered, axis=0)
    return centered / np.where(norm > 0, norm, np.inf)

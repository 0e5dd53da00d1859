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
    return known_mean(measured, axis=1)


def known_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean of what is known along an axis, NaN where nothing is.

    Args:
        values: Array, NaN = missing.
        axis: Integer.

    Example:

    >>> known_mean(np.array([[1.0, np.nan], [3.0, np.nan]]), axis=0).tolist()
    [2.0, nan]
    """
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
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
    centered = rates - known_mean(rates, axis=0)
    scale = np.sqrt(known_mean(centered**2, axis=0))
    return (centered / np.where(scale > 0, scale, np.inf)).T


def correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the correlation of each column of one array with each of another.

    Rows in which either is missing are left out, pair by pair.

    Args:
        one: `(k, n)`, NaN = missing.
        other: `(k, m)`.

    Returns:
        `(n, m)`; 0 where a column does not vary, or fewer than three rows are left.

    Example:

    >>> one, other = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [4.0], [6.0]])
    >>> correlations(one, other).round(6).tolist()
    [[1.0]]
    """
    return _correlations(one, other, lambda a, b: a.T @ b)


def own_correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the correlation of each column of one array with the same of another.

    Args:
        one, other: `(k, n)`, NaN = missing.

    Returns:
        `(n,)`, the diagonal of `correlations`.

    Example:

    >>> one = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> own_correlations(one, np.array([[2.0], [4.0], [6.0], [np.nan]])).tolist()
    [1.0]
    """
    return _correlations(one, other, lambda a, b: (a * b).sum(axis=0))


def _correlations(one, other, product):
    """Return correlations over the rows that both have.

    Args:
        product: Callable, sums the products of columns over rows.
    """
    (one, known), (another, other_known) = _centered(one), _centered(other)
    count = np.maximum(product(known, other_known), 1)
    first, second = product(one, other_known), product(known, another)
    covariance = product(one, another) - first * second / count
    variances = [
        product(one**2, other_known) - first**2 / count,
        product(known, another**2) - second**2 / count,
    ]
    # What is left of a column that does not vary is rounding.
    varies = (np.minimum(*variances) > 1e-12) & (count > 2)
    scale = np.sqrt(np.where(varies, variances[0] * variances[1], np.inf))
    return np.clip(covariance / scale, -1, 1)


def _centered(values):
    """Return columns about their means, in units of their largest, and what is known.

    Missing values are 0.
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    values = np.where(known, values, 0.0)
    largest = np.abs(values).max(axis=0, initial=0)
    values = values / np.where(largest > 0, largest, 1)
    means = values.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, values - means, 0.0), known.astype(float)

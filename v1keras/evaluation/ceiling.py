"""The noise ceiling: signal power, CC_max and CC_norm.

The definitions are those of Schoppe et al. 2016 (Front. Comput. Neurosci. 10:10).
Variances are sample variances (n - 1), so that signal power is estimated without bias.
"""

import numpy as np

from v1keras.evaluation.metrics import correlation, mean, variance
from v1keras.evaluation.uneven_repeats import is_even, variance_components

# Neurons at a time, where presentations are uneven: bounds the memory.
_CHUNK = 256


def signal_power(repeats: np.ndarray) -> np.ndarray:
    """Estimate signal power from single presentations.

    It is [Var(sum_n R_n) - sum_n Var(R_n)] / [N (N - 1)] (Schoppe et al. 2016), which
    is the covariance over images of two presentations, averaged over all pairs of them.
    Where images have unequal numbers of presentations, each counts by what is known of
    it: see `v1keras.evaluation.uneven_repeats`.

    Args:
        repeats: `(images, N, neurons)`, NaN = missing.

    Returns:
        `(neurons,)`, variance of the noiseless response; may be negative where noise
        prevails. NaN where no two images have two presentations.

    Raises:
        ValueError: Other dimensions, or fewer than two presentations.

    Example:

    >>> import numpy as np
    >>> repeats = np.array([[[1.0], [1.0]], [[3.0], [3.0]]])  # without noise
    >>> signal_power(repeats).tolist()  # the variance of 1 and 3
    [2.0]
    """
    repeats = _checked(repeats)
    return _by_evenness(repeats, _even_signal_power, lambda parts: parts.signal)


def _checked(repeats):
    repeats = np.asarray(repeats, float)
    if repeats.ndim != 3 or repeats.shape[1] < 2:
        raise ValueError(
            f"repeats {repeats.shape}: expected (images, two or more presentations,"
            " neurons)"
        )
    return repeats


def _by_evenness(repeats, even, uneven):
    """Compute a value per neuron, with one function where presentations are even."""
    is_same = is_even(np.isfinite(repeats))
    values = np.full(repeats.shape[2], np.nan)
    if is_same.all():
        return even(repeats)
    values[is_same] = even(repeats[..., is_same])
    others = np.flatnonzero(~is_same)
    for first in range(0, len(others), _CHUNK):
        chunk = others[first : first + _CHUNK]
        values[chunk] = uneven(variance_components(repeats[..., chunk]))
    return values


def _even_signal_power(repeats):
    """Return Schoppe's estimate; an image or presentation may be missing as a whole."""
    present = np.isfinite(repeats)
    trials = present.any(axis=0).sum(axis=0)
    summed = np.where(present.any(axis=1), np.nansum(repeats, axis=1), np.nan)
    of_trials = np.nansum(variance(repeats), axis=0)
    pairs = np.where(trials > 1, trials * (trials - 1.0), np.nan)
    return (variance(summed) - of_trials) / pairs


def _even_ceiling(repeats):
    means = mean(repeats.swapaxes(0, 1))
    return cc_max(_even_signal_power(repeats), variance(means))


def signal_power_from_means(
    responses: np.ndarray, presentations: float, fano: float = 1.0
) -> np.ndarray:
    """Estimate signal power from mean counts: Var(y) - fano * mean(y) / presentations.

    Args:
        responses: `(images, neurons)` mean spike counts, NaN = missing. The estimate is
            best over all images of a recording.
        presentations: Float, number of presentations that were averaged.
        fano: Float, variance over mean of single counts; 1 for a Poisson neuron.

    Returns:
        `(neurons,)`; may be negative.

    Example:

    >>> import numpy as np
    >>> responses = np.array([[1.0], [3.0]])
    >>> signal_power_from_means(responses, presentations=4).tolist()  # 2 - 2/4
    [1.5]
    """
    responses = np.asarray(responses, float)
    return variance(responses) - fano * mean(responses) / presentations


def noise_variance(repeats: np.ndarray) -> np.ndarray:
    """Estimate the variance of the noise in the mean over presentations.

    It is the variance over presentations divided by their number.

    Args:
        repeats: `(images, N, neurons)`, NaN = missing. An image with one presentation
            gets the other images' mean variance.

    Returns:
        `(neurons,)`, averaged over images; NaN where no image has two presentations.

    Example:

    >>> import numpy as np
    >>> repeats = np.array([[[1.0], [3.0]]])  # of variance 2; half for the mean of two
    >>> noise_variance(repeats).tolist()
    [1.0]
    """
    repeats = np.asarray(repeats, float)
    counts = np.isfinite(repeats).sum(axis=1)
    single = variance(repeats.swapaxes(0, 1))  # (images, neurons)
    single = np.where(counts == 1, mean(single), single)
    with np.errstate(invalid="ignore", divide="ignore"):
        return mean(single / counts)


def cc_max(power: np.ndarray, response_variance: np.ndarray) -> np.ndarray:
    """Return the highest correlation that any model can reach: sqrt(SP / Var y).

    Args:
        power: `(neurons,)` signal power.
        response_variance: `(neurons,)` variance of the mean response that is predicted.

    Returns:
        `(neurons,)`, at most 1; 0 where the signal power is not positive.

    Example:

    >>> import numpy as np
    >>> cc_max(np.array([1.0, -0.1]), np.array([4.0, 1.0])).tolist()
    [0.5, 0.0]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.maximum(power, 0) / response_variance
        ceiling = np.sqrt(np.minimum(share, 1))
    ceiling = np.where(np.asarray(power) > 0, ceiling, 0.0)
    return np.where(np.isnan(power), np.nan, ceiling)


def cc_max_from_repeats(repeats: np.ndarray) -> np.ndarray:
    """Estimate CC_max of the mean over presentations, from single presentations.

    Args:
        repeats: `(images, N, neurons)`, NaN = missing; each image is averaged over the
            presentations it has.

    Returns:
        `(neurons,)`.

    Example:

    >>> import numpy as np
    >>> repeats = np.array([[[1.0], [1.0]], [[3.0], [3.0]]])  # without noise
    >>> cc_max_from_repeats(repeats).tolist()
    [1.0]
    """
    repeats = _checked(repeats)
    return _by_evenness(repeats, _even_ceiling, lambda parts: parts.ceiling)


def cc_max_from_means(
    responses: np.ndarray, presentations: float, fano: float = 1.0
) -> np.ndarray:
    """Estimate CC_max of mean counts, from the means alone.

    Args:
        responses: `(images, neurons)` mean spike counts, NaN = missing.
        presentations: Float, number of presentations that were averaged.
        fano: Float, variance over mean of single counts; 1 for a Poisson neuron.

    Returns:
        `(neurons,)`.

    Example:

    >>> import numpy as np
    >>> responses = np.array([[1.0], [3.0]])
    >>> ceiling = cc_max_from_means(responses, presentations=4)  # sqrt(1.5 / 2)
    >>> ceiling.round(3).tolist()
    [0.866]
    """
    power = signal_power_from_means(responses, presentations, fano)
    return cc_max(power, variance(np.asarray(responses, float)))


def cc_norm(
    responses: np.ndarray, rates: np.ndarray, ceiling: np.ndarray
) -> np.ndarray:
    """Divide the correlation by its ceiling: CC_abs / CC_max (Schoppe et al. 2016).

    Args:
        responses: `(images, neurons)` mean responses.
        rates: `(images, neurons)` predictions.
        ceiling: `(neurons,)` CC_max, from `cc_max_from_repeats` or `cc_max_from_means`.

    Returns:
        `(neurons,)`; NaN where there is no ceiling (CC_max 0). May exceed 1 by chance
        in a small test set.

    Example:

    >>> import numpy as np
    >>> y = np.array([[1.0], [2.0], [4.0]])
    >>> cc_norm(y, y, np.array([0.8])).round(6).tolist()
    [1.25]
    """
    ceiling = np.asarray(ceiling, float)
    return correlation(responses, rates) / np.where(ceiling > 0, ceiling, np.nan)

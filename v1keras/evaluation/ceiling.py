"""What is predictable at all: signal power, CC_max and CC_norm (Schoppe et al. 2016, Front. Comput. Neurosci. 10:10).

Variances are sample variances (n - 1), so that signal power is estimated without bias.
"""

import numpy as np

from v1keras.evaluation.metrics import correlation, mean, variance


def signal_power(repeats: np.ndarray) -> np.ndarray:
    """Signal power from single presentations: [Var(sum_n R_n) - sum_n Var(R_n)] / [N (N - 1)] (Schoppe et al. 2016).

    Args:
        repeats: `(images, N, neurons)`. An image of which a neuron misses a presentation is left out for that neuron.

    Returns:
        `(neurons,)`, variance of the noiseless response; may come out negative where noise prevails.

    Example:

    >>> import numpy as np
    >>> signal_power(np.array([[[1.0], [1.0]], [[3.0], [3.0]]])).tolist()  # no noise: the variance of 1 and 3
    [2.0]
    """
    repeats = np.asarray(repeats, float)
    if repeats.ndim != 3 or repeats.shape[1] < 2:
        raise ValueError(f"repeats {repeats.shape}: expected (images, two or more presentations, neurons)")
    trials = repeats.shape[1]
    complete = ~np.isnan(repeats).any(axis=1, keepdims=True)
    repeats = np.where(complete, repeats, np.nan)
    summed, single = variance(repeats.sum(axis=1)), variance(repeats).sum(axis=0)
    return (summed - single) / (trials * (trials - 1))


def signal_power_from_means(responses: np.ndarray, presentations: float, fano: float = 1.0) -> np.ndarray:
    """Signal power where only means are known: Var(y) - fano * mean(y) / presentations.

    Args:
        responses: `(images, neurons)` mean spike counts, NaN = missing. All images of a recording say most.
        presentations: how many were averaged.
        fano: variance over mean of single counts; 1 for a Poisson neuron.

    Returns:
        `(neurons,)`.

    Example:

    >>> import numpy as np
    >>> signal_power_from_means(np.array([[1.0], [3.0]]), presentations=4).tolist()  # 2 - 2/4
    [1.5]
    """
    responses = np.asarray(responses, float)
    return variance(responses) - fano * mean(responses) / presentations


def noise_variance(repeats: np.ndarray) -> np.ndarray:
    """Variance of the noise in the mean over presentations: the variance over presentations, over their number.

    Args:
        repeats: `(images, N, neurons)`, NaN = missing.

    Returns:
        `(neurons,)`, averaged over images; NaN where no image has two presentations.

    Example:

    >>> import numpy as np
    >>> noise_variance(np.array([[[1.0], [3.0]]])).tolist()  # variance 2 of one, half that of the mean of two
    [1.0]
    """
    repeats = np.asarray(repeats, float)
    counts = np.isfinite(repeats).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return mean(variance(repeats.swapaxes(0, 1)) / counts)


def cc_max(power: np.ndarray, response_variance: np.ndarray) -> np.ndarray:
    """Highest correlation any model can reach: sqrt(SP / Var y); 0 where there is no signal power.

    Args:
        power: `(neurons,)` signal power.
        response_variance: `(neurons,)` variance of the mean response that is predicted.

    Example:

    >>> import numpy as np
    >>> cc_max(np.array([1.0, -0.1]), np.array([4.0, 1.0])).tolist()
    [0.5, 0.0]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.sqrt(np.maximum(power, 0) / response_variance)
    return np.where(np.isnan(power), np.nan, np.where(np.asarray(power) > 0, found, 0.0))


def cc_max_from_repeats(repeats: np.ndarray) -> np.ndarray:
    """`(neurons,)` CC_max of the mean over `(images, N, neurons)` presentations.

    Example:

    >>> import numpy as np
    >>> cc_max_from_repeats(np.array([[[1.0], [1.0]], [[3.0], [3.0]]])).tolist()  # no noise
    [1.0]
    """
    repeats = np.asarray(repeats, float)
    return cc_max(signal_power(repeats), variance(repeats.mean(axis=1)))


def cc_max_from_means(responses: np.ndarray, presentations: float, fano: float = 1.0) -> np.ndarray:
    """`(neurons,)` CC_max of `(images, neurons)` mean counts over `presentations`.

    Example:

    >>> import numpy as np
    >>> cc_max_from_means(np.array([[1.0], [3.0]]), presentations=4).round(3).tolist()  # sqrt(1.5 / 2)
    [0.866]
    """
    return cc_max(signal_power_from_means(responses, presentations, fano), variance(np.asarray(responses, float)))


def cc_norm(responses: np.ndarray, rates: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
    """Correlation over its ceiling: CC_abs / CC_max (Schoppe et al. 2016).

    Args:
        responses: `(images, neurons)` mean responses.
        rates: `(images, neurons)` predictions.
        ceiling: `(neurons,)` CC_max, of `cc_max_from_repeats` or `cc_max_from_means`.

    Returns:
        `(neurons,)`; NaN where there is no ceiling (CC_max 0). May exceed 1 by luck of a small test set.

    Example:

    >>> import numpy as np
    >>> y = np.array([[1.0], [2.0], [4.0]])
    >>> cc_norm(y, y, np.array([0.8])).round(6).tolist()
    [1.25]
    """
    ceiling = np.asarray(ceiling, float)
    return correlation(responses, rates) / np.where(ceiling > 0, ceiling, np.nan)

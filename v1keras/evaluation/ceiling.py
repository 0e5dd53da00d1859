"""What is predictable at all: signal power, CC_max and CC_norm (Schoppe et al. 2016,
Front. Comput. Neurosci. 10:10).

Variances are sample variances (n - 1), so that signal power is estimated without bias.
"""

import itertools

import numpy as np

from v1keras.evaluation.metrics import correlation, mean, variance


def signal_power(repeats: np.ndarray) -> np.ndarray:
    """Signal power from single presentations: [Var(sum_n R_n) - sum_n Var(R_n)] / [N (N
    - 1)] (Schoppe et al. 2016).

    That is the covariance over images of two presentations, averaged over all pairs of
    them. Where presentations are missing, a pair's is over the images that have both,
    and counts by their number less one.

    Args:
        repeats: `(images, N, neurons)`, NaN = missing.

    Returns:
        `(neurons,)`, variance of the noiseless response; may come out negative where
        noise prevails. NaN where no two images have two presentations.

    Example:

    >>> import numpy as np
    >>> signal_power(
    ...     np.array([[[1.0], [1.0]], [[3.0], [3.0]]])
    ... ).tolist()  # no noise: the variance of 1 and 3
    [2.0]
    """
    repeats = np.asarray(repeats, float)
    if repeats.ndim != 3 or repeats.shape[1] < 2:
        raise ValueError(
            f"repeats {repeats.shape}: expected (images, two or more presentations,"
            " neurons)"
        )
    trials = repeats.shape[1]
    summed, single = variance(repeats.sum(axis=1)), variance(repeats).sum(axis=0)
    power = (summed - single) / (trials * (trials - 1))
    holed = np.isnan(repeats).any(axis=(0, 1))
    if holed.any():
        power[holed] = _mean_covariance(repeats[..., holed])
    return power


def _mean_covariance(repeats):
    """The covariance over images of two presentations, averaged over the pairs:
    `(neurons,)`.
    """
    products, counted = np.zeros(repeats.shape[2]), np.zeros(repeats.shape[2])
    for first, second in itertools.combinations(range(repeats.shape[1]), 2):
        known = np.isfinite(repeats[:, first]) & np.isfinite(
            repeats[:, second]
        )  # (images, neurons)
        one, other = (np.where(known, repeats[:, n], np.nan) for n in (first, second))
        products += np.nansum((one - mean(one)) * (other - mean(other)), axis=0)
        counted += np.maximum(known.sum(axis=0) - 1, 0)
    with np.errstate(invalid="ignore"):
        return products / np.where(counted, counted, np.nan)


def signal_power_from_means(
    responses: np.ndarray, presentations: float, fano: float = 1.0
) -> np.ndarray:
    """Signal power where only means are known: Var(y) - fano * mean(y) / presentations.

    Args:
        responses: `(images, neurons)` mean spike counts, NaN = missing. All images of a
            recording say most.
        presentations: how many were averaged.
        fano: variance over mean of single counts; 1 for a Poisson neuron.

    Returns:
        `(neurons,)`.

    Example:

    >>> import numpy as np
    >>> signal_power_from_means(
    ...     np.array([[1.0], [3.0]]), presentations=4
    ... ).tolist()  # 2 - 2/4
    [1.5]
    """
    responses = np.asarray(responses, float)
    return variance(responses) - fano * mean(responses) / presentations


def noise_variance(repeats: np.ndarray) -> np.ndarray:
    """Variance of the noise in the mean over presentations: the variance over
    presentations, over their number.

    Args:
        repeats: `(images, N, neurons)`, NaN = missing. An image with one presentation
            has the other images' mean variance.

    Returns:
        `(neurons,)`, averaged over images; NaN where no image has two presentations.

    Example:

    >>> import numpy as np
    >>> noise_variance(
    ...     np.array([[[1.0], [3.0]]])
    ... ).tolist()  # variance 2 of one, half that of the mean of two
    [1.0]
    """
    repeats = np.asarray(repeats, float)
    counts = np.isfinite(repeats).sum(axis=1)
    single = variance(repeats.swapaxes(0, 1))  # (images, neurons)
    single = np.where(counts == 1, mean(single), single)
    with np.errstate(invalid="ignore", divide="ignore"):
        return mean(single / counts)


def cc_max(power: np.ndarray, response_variance: np.ndarray) -> np.ndarray:
    """Highest correlation any model can reach: sqrt(SP / Var y); 0 where there is no
    signal power.

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
    return np.where(
        np.isnan(power), np.nan, np.where(np.asarray(power) > 0, found, 0.0)
    )


def cc_max_from_repeats(repeats: np.ndarray) -> np.ndarray:
    """`(neurons,)` CC_max of the mean over `(images, N, neurons)` presentations, NaN =
    missing: of those that there are of each image.

    Example:

    >>> import numpy as np
    >>> cc_max_from_repeats(
    ...     np.array([[[1.0], [1.0]], [[3.0], [3.0]]])
    ... ).tolist()  # no noise
    [1.0]
    """
    repeats = np.asarray(repeats, float)
    holed = np.isnan(repeats).any(axis=(0, 1))
    means = repeats.mean(axis=1)
    means[:, holed] = mean(repeats[..., holed].swapaxes(0, 1))
    return cc_max(signal_power(repeats), variance(means))


def cc_max_from_means(
    responses: np.ndarray, presentations: float, fano: float = 1.0
) -> np.ndarray:
    """`(neurons,)` CC_max of `(images, neurons)` mean counts over `presentations`.

    Example:

    >>> import numpy as np
    >>> cc_max_from_means(np.array([[1.0], [3.0]]), presentations=4).round(
    ...     3
    ... ).tolist()  # sqrt(1.5 / 2)
    [0.866]
    """
    return cc_max(
        signal_power_from_means(responses, presentations, fano),
        variance(np.asarray(responses, float)),
    )


def cc_norm(
    responses: np.ndarray, rates: np.ndarray, ceiling: np.ndarray
) -> np.ndarray:
    """Correlation over its ceiling: CC_abs / CC_max (Schoppe et al. 2016).

    Args:
        responses: `(images, neurons)` mean responses.
        rates: `(images, neurons)` predictions.
        ceiling: `(neurons,)` CC_max, of `cc_max_from_repeats` or `cc_max_from_means`.

    Returns:
        `(neurons,)`; NaN where there is no ceiling (CC_max 0). May exceed 1 by luck of
        a small test set.

    Example:

    >>> import numpy as np
    >>> y = np.array([[1.0], [2.0], [4.0]])
    >>> cc_norm(y, y, np.array([0.8])).round(6).tolist()
    [1.25]
    """
    ceiling = np.asarray(ceiling, float)
    return correlation(responses, rates) / np.where(ceiling > 0, ceiling, np.nan)

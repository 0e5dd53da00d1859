"""Metrics of predicted rates, one value per neuron; NaN responses are left out."""

import warnings

import numpy as np


def correlation(responses: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Compute the Pearson correlation over images for each neuron.

    Args:
        responses: `(images, neurons)`, NaN = missing.
        rates: `(images, neurons)`.

    Returns:
        `(neurons,)`. A constant prediction counts as 0; NaN where the response does not
        vary or has fewer than two values.

    Raises:
        ValueError: The shapes differ.

    Example:

    >>> import numpy as np
    >>> responses = np.array([[1.0], [2.0], [3.0]])
    >>> correlation(responses, rates=2 * responses).round(6).tolist()
    [1.0]
    """
    responses, rates = pair(responses, rates)
    centered = responses - mean(responses)
    centered_rates = rates - mean(rates)
    covariance = np.nansum(centered * centered_rates, axis=0)
    norm = np.sqrt(np.nansum(centered**2, axis=0))
    rate_norm = np.sqrt(np.nansum(centered_rates**2, axis=0))
    # A constant leaves rounding errors, so zero is relative to the size of the values.
    constant = rate_norm <= 1e-7 * np.sqrt(np.nansum(rates**2, axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.clip(covariance / (norm * rate_norm), -1, 1)
    values = np.where(constant, 0.0, values)
    highest = np.nanmax(responses, axis=0, initial=-np.inf)
    lowest = np.nanmin(responses, axis=0, initial=np.inf)
    return np.where(highest > lowest, values, np.nan)


def feve(
    responses: np.ndarray, rates: np.ndarray, noise_variance: np.ndarray
) -> np.ndarray:
    """Compute the fraction of explainable variance explained.

    It is 1 - (MSE - noise) / (Var - noise).

    Args:
        responses: `(images, neurons)`, NaN = missing.
        rates: `(images, neurons)`.
        noise_variance: `(neurons,)` variance of the noise in these responses.

    Returns:
        `(neurons,)`; NaN where nothing is explainable (Var <= noise).

    Reference: Cadena et al. 2019 (PLoS Computational Biology 15:e1006897).

    Example:

    >>> import numpy as np
    >>> responses = np.array([[0.0], [2.0]])
    >>> feve(responses, rates=responses, noise_variance=np.array([0.0])).tolist()
    [1.0]
    """
    responses, rates = pair(responses, rates)
    error = mean((responses - rates) ** 2)
    explainable = variance(responses) - noise_variance
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = 1 - (error - noise_variance) / explainable
    return np.where(explainable > 0, explained, np.nan)


def image_selectivity(responses: np.ndarray) -> np.ndarray:
    """Compute how few of the images each neuron responds to.

    SI = [1 - (sum r / n)^2 / (sum r^2 / n)] / (1 - 1 / n).

    Args:
        responses: `(images, neurons)` mean responses >= 0, NaN = missing.

    Returns:
        `(neurons,)`, 0 for equal responses to all images and 1 for a response to a
        single one; NaN for no response. Those of a neuron that has some below 0 count
        from its lowest, which stands for silence.

    Reference: Vinje & Gallant 2000 (Science 287:1273); n counts the neuron's responses
    that are not missing.

    Example:

    >>> import numpy as np
    >>> image_selectivity(np.array([[2.0, 0.0], [2.0, 0.0], [2.0, 6.0]])).tolist()
    [0.0, 1.0]
    """
    responses = np.asarray(responses, float)
    count = np.isfinite(responses).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        responses = responses - np.fmin(np.fmin.reduce(responses, axis=0), 0)
        return (1 - mean(responses) ** 2 / mean(responses**2)) / (1 - 1 / count)


def fraction_near_limit(cc_norm: np.ndarray, limit: float = 0.9) -> float:
    """Return the fraction of neurons predicted within 10 % of their limit.

    Args:
        cc_norm: `(neurons,)` CC_norm; NaN counts as below the limit.
        limit: Float, smallest CC_norm that counts.

    Example:

    >>> import numpy as np
    >>> fraction_near_limit(np.array([0.95, 0.5, np.nan, 0.9]))
    0.5
    """
    return float(np.mean(np.nan_to_num(cc_norm, nan=-np.inf) >= limit))


def mean(values):
    """Return the mean over images, without NaN; NaN where nothing is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(values, axis=0)


def variance(values):
    """Return the sample variance (n - 1) over images, without NaN.

    It is NaN where fewer than two values are left.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanvar(values, axis=0, ddof=1)


def pair(responses, rates):
    """Return responses and rates as arrays, with rates missing where responses are."""
    responses, rates = np.asarray(responses, float), np.asarray(rates, float)
    if responses.shape != rates.shape or responses.ndim != 2:
        raise ValueError(
            f"responses {responses.shape} and rates {rates.shape}: expected the same"
            " (images, neurons)"
        )
    return responses, np.where(np.isnan(responses), np.nan, rates)

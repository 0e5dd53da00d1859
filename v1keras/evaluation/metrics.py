"""How well rates predict responses. Every function returns one value a neuron; NaN
responses are left out.
"""

import warnings

import numpy as np


def correlation(responses: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Pearson correlation over images, for each neuron.

    Args:
        responses: `(images, neurons)`, NaN = missing.
        rates: `(images, neurons)`.

    Returns:
        `(neurons,)`. A constant prediction counts as 0; NaN where the response doesn't
        vary or has fewer than two values.

    Raises:
        ValueError: the shapes differ.

    Example:

    >>> import numpy as np
    >>> correlation(
    ...     np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [4.0], [6.0]])
    ... ).round(6).tolist()
    [1.0]
    """
    responses, rates = _pair(responses, rates)
    centred, predicted = responses - mean(responses), rates - mean(rates)
    covariance = np.nansum(centred * predicted, axis=0)
    spread, predicted_spread = (
        np.sqrt(np.nansum(v**2, axis=0)) for v in (centred, predicted)
    )
    # A constant leaves rounding errors behind, so zero is judged against the values'
    # own size.
    constant = predicted_spread <= 1e-7 * np.sqrt(np.nansum(rates**2, axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(
            constant, 0.0, np.clip(covariance / (spread * predicted_spread), -1, 1)
        )
    varies = np.nan_to_num(
        np.nanmax(responses, axis=0, initial=-np.inf)
        > np.nanmin(responses, axis=0, initial=np.inf)
    )
    return np.where(varies, found, np.nan)


def feve(
    responses: np.ndarray, rates: np.ndarray, noise_variance: np.ndarray
) -> np.ndarray:
    """Fraction of explainable variance explained: 1 - (MSE - noise) / (Var - noise).

    Args:
        responses: `(images, neurons)`, NaN = missing.
        rates: `(images, neurons)`.
        noise_variance: `(neurons,)` variance of the noise in these responses.

    Returns:
        `(neurons,)`; NaN where nothing is explainable (Var <= noise).

    Reference: Cadena et al. 2019 (PLoS Computational Biology 15:e1006897).

    Example:

    >>> import numpy as np
    >>> feve(
    ...     np.array([[0.0], [2.0]]), np.array([[0.0], [2.0]]), np.array([0.0])
    ... ).tolist()
    [1.0]
    """
    responses, rates = _pair(responses, rates)
    error = mean((responses - rates) ** 2)
    explainable = variance(responses) - noise_variance
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(
            explainable > 0, 1 - (error - noise_variance) / explainable, np.nan
        )


def image_selectivity(responses: np.ndarray) -> np.ndarray:
    """How few of the images a neuron answers: SI = [1 - (sum r / n)^2 / (sum r^2 / n)]
    / (1 - 1 / n).

    Args:
        responses: `(images, neurons)` mean responses >= 0, NaN = missing.

    Returns:
        `(neurons,)`, 0 where it answers all images alike and 1 where it answers one
        alone; NaN where it answers none.

    Reference: Vinje & Gallant 2000 (Science 287:1273); n counts the neuron's known
    responses.

    Example:

    >>> import numpy as np
    >>> image_selectivity(np.array([[2.0, 0.0], [2.0, 0.0], [2.0, 6.0]])).tolist()
    [0.0, 1.0]
    """
    responses = np.asarray(responses, float)
    count = np.isfinite(responses).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (1 - mean(responses) ** 2 / mean(responses**2)) / (1 - 1 / count)


def fraction_near_limit(cc_norm: np.ndarray, limit: float = 0.9) -> float:
    """Share of all neurons predicted within 10 % of their limit: CC_norm >= `limit`.
    NaN counts as not.

    Example:

    >>> import numpy as np
    >>> fraction_near_limit(np.array([0.95, 0.5, np.nan, 0.9]))
    0.5
    """
    return float(np.mean(np.nan_to_num(cc_norm, nan=-np.inf) >= limit))


def mean(values):
    """Mean over images, NaN left out; NaN where there is nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(values, axis=0)


def variance(values):
    """Sample variance (n - 1) over images, NaN left out; NaN where fewer than two
    values are left.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanvar(values, axis=0, ddof=1)


def _pair(responses, rates):
    responses, rates = np.asarray(responses, float), np.asarray(rates, float)
    if responses.shape != rates.shape or responses.ndim != 2:
        raise ValueError(
            f"responses {responses.shape} and rates {rates.shape}: expected the same"
            " (images, neurons)"
        )
    return responses, np.where(np.isnan(responses), np.nan, rates)

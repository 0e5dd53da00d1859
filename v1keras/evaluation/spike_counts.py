"""Metrics of spike counts: how likely a Poisson neuron of the predicted rate makes
them.
"""

import numpy as np
import scipy  # which imports its parts when they are first used

from v1keras.evaluation.metrics import mean, pair

# Spikes per presentation. A predicted rate of 0 would make any spike impossible.
LEAST_RATE = 1e-9


def deviance_explained(responses: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Compute the fraction of the Poisson deviance that the prediction explains.

    It is 1 - D(y, rate) / D(y, mean y), with D(y, m) = 2 sum [y log(y / m) - (y - m)].

    Args:
        responses: `(images, neurons)` spike counts, or means of them, NaN = missing.
        rates: `(images, neurons)` predicted spike counts, from 1e-9 on.

    Returns:
        `(neurons,)`, 1 for a perfect prediction and 0 for the mean; NaN where responses
        do not vary or are negative.

    Reference: Cameron & Windmeijer 1997 (Journal of Econometrics 77:329).

    Example:

    >>> import numpy as np
    >>> responses = np.array([[1.0, 1.0], [3.0, 3.0]])
    >>> rates = np.array([[1.0, 2.0], [3.0, 2.0]])
    >>> deviance_explained(responses, rates).tolist()
    [1.0, 0.0]
    """
    responses, rates = pair(responses, rates)
    average = mean(responses)
    of_mean = np.nansum(poisson_deviance(responses, average), axis=0)
    of_rates = np.nansum(poisson_deviance(responses, rates), axis=0)
    varies = of_mean > 1e-9 * np.nansum(np.abs(responses), axis=0)
    usable = varies & (average > 0) & ~(responses < 0).any(axis=0)
    return 1 - of_rates / np.where(usable, of_mean, np.nan)


def bits_per_spike(responses: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Compute the information per spike of the prediction, compared with the mean.

    It is the difference of Poisson log-likelihoods of the predicted rates and of the
    mean response, over the number of spikes and log 2.

    Args:
        responses: `(images, neurons)` spike counts, or means of them, NaN = missing.
        rates: `(images, neurons)` predicted spike counts, from 1e-9 on.

    Returns:
        `(neurons,)`, 0 for the mean; NaN where there is no spike, or a response is
        negative.

    Reference: Pei et al. 2021 (Neural Latents Benchmark).

    Example:

    >>> import numpy as np
    >>> responses = np.array([[0.0, 1.0], [2.0, 1.0]])
    >>> rates = np.array([[1e-9, 1.0], [2.0, 1.0]])
    >>> bits_per_spike(responses, rates).round(6).tolist()
    [1.0, 0.0]
    """
    responses, rates = pair(responses, rates)
    average = mean(responses)
    spikes = np.nansum(responses, axis=0)
    gain = poisson_deviance(responses, average) - poisson_deviance(responses, rates)
    usable = (spikes > 0) & ~(responses < 0).any(axis=0)
    return np.nansum(gain, axis=0) / 2 / np.where(usable, spikes * np.log(2), np.nan)


def poisson_deviance(responses, rates):
    """Return the deviance of each response, NaN where it is missing or negative."""
    rates = np.maximum(rates, LEAST_RATE)
    responses = np.where(responses < 0, np.nan, responses)
    return 2 * (scipy.special.xlogy(responses, responses / rates) - (responses - rates))

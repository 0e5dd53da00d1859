"""Metrics of single presentations, which averages over presentations hide."""

import numpy as np

from v1keras.evaluation.metrics import correlation


def single_trial_correlation(repeats: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Compute the correlation of predictions with single presentations.

    All presentations of all images are pooled. Its limit is far below 1 for a neuron
    with noise, and differs between neurons.

    Args:
        repeats: `(images, N, neurons)` single presentations, NaN = missing.
        rates: `(images, neurons)` predictions.

    Returns:
        `(neurons,)`; see `correlation`.

    Example:

    >>> import numpy as np
    >>> repeats = np.array([[[1.0], [1.0]], [[3.0], [3.0]]])  # without noise
    >>> rates = np.array([[0.0], [1.0]])
    >>> single_trial_correlation(repeats, rates).round(6).tolist()
    [1.0]
    """
    repeats = np.asarray(repeats, float)
    images, trials, neurons = repeats.shape
    repeated = np.repeat(np.asarray(rates, float), trials, axis=0)
    return correlation(repeats.reshape(images * trials, neurons), repeated)


def oracle_correlation(repeats: np.ndarray) -> np.ndarray:
    """Compute the correlation of each presentation with the mean of the others.

    This leave-one-out oracle is what single-trial correlation a model would have that
    knew the mean response to each image from the other presentations.

    Args:
        repeats: `(images, N, neurons)` single presentations, NaN = missing. Images with
            a single presentation are left out.

    Returns:
        `(neurons,)`; NaN where no image has two presentations.

    Example:

    >>> import numpy as np
    >>> repeats = np.array([[[1.0], [1.0]], [[3.0], [3.0]]])  # without noise
    >>> oracle_correlation(repeats).round(6).tolist()
    [1.0]
    """
    repeats, others = with_others(np.asarray(repeats, float))
    images, trials, neurons = repeats.shape
    return correlation(
        repeats.reshape(images * trials, neurons),
        others.reshape(images * trials, neurons),
    )


def with_others(repeats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return presentations, and the mean of the other ones of the same image.

    Both are NaN where a presentation is missing or the only one.
    """
    counts = np.isfinite(repeats).sum(axis=1, keepdims=True)
    total = np.nansum(repeats, axis=1, keepdims=True)
    others = (total - repeats) / np.where(counts > 1, counts - 1.0, np.nan)
    return np.where(np.isnan(others), np.nan, repeats), others

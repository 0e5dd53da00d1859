"""Whether each neuron prefers its own stimulus among those of all neurons."""

import dataclasses

import numpy as np

from v1keras.experiment.resampling import block_means, profiles

_SHUFFLES = 10_000


@dataclasses.dataclass
class Specificity:
    """Responses of every neuron to every neuron's preferred stimulus.

    Attributes:
        matrix: `(n, n)` z-scores: row, a neuron; column, whose stimulus was shown.
        excess: `(n,)` z-score of the own stimulus above the mean of the others.
        rank: `(n,)` integers: 1 where no other's stimulus drives the neuron more.
        p: Float, of the mean excess, from shuffling whose stimulus is whose.
    """

    matrix: np.ndarray
    excess: np.ndarray
    rank: np.ndarray
    p: float


def specificity(
    measured: np.ndarray, preferred: np.ndarray, seed: int = 0
) -> Specificity:
    """Measure how specific preferred stimuli are to their neurons.

    Args:
        measured: `(stimuli, presentations, neurons)`, NaN = missing.
        preferred: `(neurons,)` place of each neuron's preferred stimulus.
        seed: Integer, seed of the shuffles.

    Example:

    >>> rates = 5 + 20 * np.eye(6)[:, None, :]
    >>> measured = np.random.default_rng(0).poisson(rates, (6, 10, 6))
    >>> result = specificity(measured, np.arange(6))
    >>> result.rank.tolist(), result.p < 0.01
    ([1, 1, 1, 1, 1, 1], True)
    """
    matrix = z_scores(measured, preferred)
    count, own = len(matrix), np.diag(matrix)
    rank = 1 + (matrix > own[:, None]).sum(axis=1)
    rng = np.random.default_rng(seed)
    observed, more = np.nanmean(own), 0
    rows = np.arange(count)
    for _ in range(_SHUFFLES):
        more += np.nanmean(matrix[rows, rng.permutation(count)]) >= observed - 1e-12
    p = float((1 + more) / (1 + _SHUFFLES))
    return Specificity(matrix, _excess(matrix), rank, p)


def z_scores(measured: np.ndarray, preferred: np.ndarray) -> np.ndarray:
    """Return `(n, n)` mean responses, in standard deviations of each neuron's row."""
    return profiles(block_means(measured)[preferred])


def excess(measured: np.ndarray, preferred: np.ndarray) -> np.ndarray:
    """Return `(n,)` z-score of the own stimulus above the mean of the others."""
    return _excess(z_scores(measured, preferred))


def _excess(matrix):
    own, count = np.diag(matrix), len(matrix)
    others = (np.nansum(matrix, axis=1) - own) / max(count - 1, 1)
    return own - others

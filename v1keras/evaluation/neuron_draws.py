"""Intervals of means over neurons, with neurons, images and sessions drawn anew."""

import numpy as np
import scipy  # which imports its parts when they are first used

from v1keras.evaluation.draws import SAMPLES

# Bootstrap samples of an interval over neurons alone.
RESAMPLES = 2000
# Fewer sessions do not tell how sessions differ: intervals are for these, then.
LEAST_SESSIONS = 5


class NeuronDraws:
    """Bootstrap samples of neurons, within sessions drawn anew if there are several.

    Args:
        count: Integer, number of neurons.
        sessions: `(count,)`, session of each neuron, or None.
        seed: Integer, seed of the samples.
    """

    def __init__(
        self, count: int, sessions: np.ndarray | None = None, seed: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        sizes = np.array([count])
        order = np.arange(count)
        if sessions is not None:
            sizes = np.unique(sessions, return_counts=True)[1]
            order = np.argsort(sessions, kind="stable")
        self._by_session = len(sizes) >= LEAST_SESSIONS
        if not self._by_session:
            sizes = np.array([count])
        self._units = len(sizes) if self._by_session else count
        self._weights = np.zeros((SAMPLES, count), np.float32)
        for row in self._weights:
            row[order] = self._draw(sizes, rng)

    def _draw(self, sizes, rng):
        """Return how often each neuron is drawn, session after session."""
        times = np.ones(len(sizes), int)
        if self._by_session:
            drawn = rng.integers(0, len(sizes), len(sizes))
            times = np.bincount(drawn, minlength=len(sizes))
        counts = []
        for size, number in zip(sizes, times, strict=True):
            drawn = rng.integers(0, max(size, 1), size * number)
            counts.append(np.bincount(drawn, minlength=size)[:size])
        return np.concatenate(counts)

    @property
    def over(self) -> str:
        """What is drawn anew, with the images."""
        sessions = "sessions, " if self._by_session else ""
        return f"{sessions}neurons and images"

    def interval(
        self, mean: float, resampled: np.ndarray
    ) -> tuple[float, float] | None:
        """Return the 95 % interval of a mean over neurons.

        Args:
            mean: Float, the mean.
            resampled: `(samples, count)`, the neurons' values on images drawn anew.

        Returns:
            Tuple `(low, high)`: the mean and Student's t times the standard deviation
            of the bootstrapped means, for as many units as there are neurons, or
            sessions. None where there are fewer than two.
        """
        if self._units < 2:
            return None
        finite = np.isfinite(resampled)
        total = (self._weights * np.where(finite, resampled, 0)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = total / (self._weights * finite).sum(axis=1)
        means = means[np.isfinite(means)]
        if means.size < 2:
            return None
        units = self._units
        factor = scipy.special.stdtrit(units - 1, 0.975) * np.sqrt(units / (units - 1))
        width = factor * means.std(ddof=1)
        return mean - width, mean + width


def interval_over_neurons(values: np.ndarray, seed: int) -> list[float] | None:
    """Return the 95 % percentile bootstrap interval of the mean over neurons.

    Args:
        values: `(neurons,)`.
        seed: Integer, seed of the bootstrap.

    Returns:
        List `[low, high]`, or None for fewer than two neurons.
    """
    if values.size < 2:
        return None
    rng = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    rows = max(1, 2**22 // values.size)
    for first in range(0, RESAMPLES, rows):
        shape = (len(means[first : first + rows]), values.size)
        means[first : first + rows] = values[rng.integers(0, values.size, shape)].mean(
            1
        )
    return [round(float(edge), 6) for edge in np.percentile(means, [2.5, 97.5])]

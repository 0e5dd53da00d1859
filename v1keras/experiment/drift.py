"""How the second day differs from the first: gain and position."""

import dataclasses

import numpy as np

from v1keras.experiment.predictions import Predictions
from v1keras.experiment.resampling import block_means, known_mean, own_correlations

_SAMPLES = 400


@dataclasses.dataclass
class Drift:
    """Drift between the days and within the second one.

    Attributes:
        gain: `(n,)` response to repeated images over that of the first day, NaN where
            there are none.
        gain_low, gain_high: `(n,)` its 95 % interval, over images.
        blocks: `(presentations,)` mean response of each block over that of all.
        shift: Tuple, pixels by which images seem moved down and to the right; None
            where that can't be told.
        correlation: Tuple of the mean correlation of predicted and measured responses
            to repeated images, as shown and moved.
    """

    gain: np.ndarray
    gain_low: np.ndarray
    gain_high: np.ndarray
    blocks: np.ndarray
    shift: tuple[float, float] | None
    correlation: tuple[float, float]


def estimate_drift(
    measured: np.ndarray,
    predictions: Predictions,
    repeated: np.ndarray,
    seed: int = 0,
) -> Drift:
    """Estimate drift from images of the first day that were shown again.

    Args:
        measured: `(stimuli, presentations, neurons)`, NaN = missing.
        predictions: `Predictions` of the set.
        repeated: `(k,)` places of the stimuli that are images of the first day, chosen
            without regard to responses.
        seed: Integer, seed of the bootstrap.
    """
    means = block_means(measured)
    gain, low, high = _gains(means[repeated], predictions.first_day[repeated], seed)
    levels = known_mean(measured, axis=0)  # (presentations, neurons)
    usual = known_mean(levels, axis=0)
    blocks = known_mean(levels / np.where(usual > 0, usual, np.nan), axis=1)
    shift, fit = _position(means[repeated], predictions, repeated)
    return Drift(gain, low, high, blocks, shift, fit)


def _gains(second, first, seed):
    """Return ratios of mean responses, which noise does not bias, and intervals."""
    known = np.isfinite(second) & np.isfinite(first)
    second, first = np.where(known, second, 0), np.where(known, first, 0)
    images, neurons = second.shape
    gain, low, high = np.full((3, neurons), np.nan)
    usable = first.sum(axis=0) > 0
    if not usable.any():
        return gain, low, high
    second, first = second[:, usable], first[:, usable]
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(images, np.full(images, 1 / images), _SAMPLES)
    gain[usable] = second.sum(axis=0) / first.sum(axis=0)
    # A draw of images that all left a neuron silent tells nothing of it.
    totals = weights @ first
    anew = (weights @ second) / np.where(totals > 0, totals, np.nan)
    low[usable], high[usable] = np.nanpercentile(anew, [2.5, 97.5], axis=0)
    return gain, low, high


def _position(means, predictions, repeated):
    """Return the shift under which predictions fit best, refined between steps."""
    if len(means) < 4:
        return None, (np.nan, np.nan)
    shifts = predictions.shifts
    shifted = predictions.shifted[:, repeated]
    fits = np.array([own_correlations(rates, means).mean() for rates in shifted])
    best = int(fits.argmax())
    center = int(np.flatnonzero((shifts == 0).all(axis=1))[0])
    refined = []
    for axis in range(2):
        line = np.flatnonzero(shifts[:, 1 - axis] == shifts[best, 1 - axis])
        line = line[np.argsort(shifts[line, axis])]
        refined.append(_peak(shifts[line, axis], fits[line]))
    return (refined[0], refined[1]), (float(fits[center]), float(fits[best]))


def _peak(places, values):
    """Return where the parabola through the highest value and its neighbors peaks."""
    top = int(values.argmax())
    if top in (0, len(values) - 1):
        return float(places[top])
    left, middle, right = values[top - 1 : top + 2]
    bend = left - 2 * middle + right
    offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(places[top] + offset * (places[top + 1] - places[top]))

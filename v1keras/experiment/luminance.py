"""Whether the second day's screen showed another luminance than the first day's."""

import dataclasses

import numpy as np
from scipy import stats

from v1keras.experiment.predictions import Predictions

# Images of the first day without which nothing is said: five terms are fitted to them.
_FEWEST = 10
# Chance of calling a right screen wrong.
_LEVEL = 0.001


@dataclasses.dataclass
class Luminance:
    """Luminance of the second day relative to the first.

    Attributes:
        power: Float, power of the relative luminance: 1 for the same screen.
        low, high: Floats, its 95 % interval.
        is_other: Boolean, whether it differs from 1 beyond doubt.
        least: Float above 1, the power that would have been noticed.
    """

    power: float
    low: float
    high: float
    is_other: bool
    least: float


def estimate_luminance(
    means: np.ndarray, predictions: Predictions, repeated: np.ndarray
) -> Luminance | None:
    """Estimate a change of luminance from images that were shown on both days.

    Each day's responses are compared with those of the other, so that what the model
    gets wrong cancels; it only says which difference a change of luminance makes. What
    a neuron's gain, a curved relation of both days or a small shift explain as well is
    left out of it.

    Args:
        means: `(stimuli, neurons)` mean responses, NaN = missing.
        predictions: `Predictions` of the set.
        repeated: `(k,)` places of the stimuli that are images of the first day.

    Returns:
        `Luminance`; None where it can't be told.
    """
    second, first = means[repeated], predictions.first_day[repeated]
    usable = np.isfinite(second) & np.isfinite(first)
    days = [np.where(usable, day, 0) for day in (first, second)]
    totals = [day.sum(axis=0) for day in days]
    enough = usable.sum(axis=0) >= _FEWEST
    for day, total in zip(days, totals, strict=True):
        # Responses about 0, such as z-scores, have no gain.
        enough &= total > 0.5 * np.abs(day).sum(axis=0)
    neurons = np.flatnonzero(enough)
    logarithms = np.log(predictions.exponents)
    rates = predictions.rates[repeated]
    slopes = (predictions.distorted[:, repeated] - rates) / logarithms[:, None, None]
    terms = _terms(predictions, repeated)
    effects = np.zeros((len(slopes), len(repeated), len(neurons)))
    changes = np.zeros(effects.shape[1:])
    for column, neuron in enumerate(neurons):
        rows = usable[:, neuron]
        gain = totals[1][neuron] / totals[0][neuron]
        change = second[rows, neuron] / gain - first[rows, neuron]
        # In units in which the noise of all neurons is alike.
        unit = np.sqrt(totals[0][neuron])
        others = terms[rows, :, neuron]
        changes[rows, column] = _rest(change, others) / unit
        effects[:, rows, column] = _rest(slopes[:, rows, neuron].T, others).T / unit
    if len(neurons) < 2 or not np.square(effects).sum(axis=(1, 2)).all():
        return None
    values = (effects * changes).sum(axis=(1, 2)) / (effects**2).sum(axis=(1, 2))
    left = changes - values[:, None, None] * effects
    best = int(np.square(left).sum(axis=(1, 2)).argmin())
    value, error = values[best], _error(effects[best], left[best], terms.shape[1])
    freedom = min(changes.shape) - 1
    usual, sure = stats.t.ppf([0.975, 1 - _LEVEL / 2], freedom) * error
    return Luminance(
        power=float(np.exp(value)),
        low=float(np.exp(value - usual)),
        high=float(np.exp(value + usual)),
        is_other=bool(abs(value) > sure),
        least=float(np.exp(sure)),
    )


def _terms(predictions, repeated):
    """Return what else may differ: `(images, terms, neurons)`.

    An offset, a gain and a curve of the predicted rates, and a shift of the images.
    """
    rates, shifts = predictions.rates[repeated], predictions.shifts
    terms = [np.ones_like(rates), rates, rates**2]
    lengths = np.abs(shifts).sum(axis=1)
    step = lengths[lengths > 0].min()
    for axis in range(2):
        ends = []
        for sign in (-1, 1):
            place = np.flatnonzero((shifts[:, axis] == sign * step) & (lengths == step))
            ends.append(predictions.shifted[place[0]][repeated])
        terms.append(ends[1] - ends[0])
    return np.stack(terms, axis=1)


def _rest(values, terms):
    """Return what a combination of terms leaves of values."""
    return values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]


def _error(effect, left, terms):
    """Return the standard error of a size of effect, for other neurons and images."""
    parts = effect * left
    squares = [np.square(parts.sum(axis=axis)).sum() for axis in range(2)]
    images = len(parts)
    lost = images / (images - terms)
    return np.sqrt(lost * sum(squares)) / np.square(effect).sum()

"""Whether the second day's screen showed another luminance than the manifest says."""

import dataclasses

import numpy as np
from scipy import stats

from v1keras.experiment.predictions import Predictions
from v1keras.experiment.resampling import own_correlations

# Stimuli without which a neuron says nothing: five terms are fitted to them.
_FEWEST = 20
# Correlation of predicted and measured responses without which it says nothing.
_LEAST_CORRELATION = 0.2
# Chance of calling a right screen wrong.
_LEVEL = 0.01


@dataclasses.dataclass
class Luminance:
    """Luminance that was shown relative to the manifest's.

    Attributes:
        power: Float, power of the relative luminance: 1 for the same screen. What the
            model gets wrong draws it towards 1.
        low, high: Floats, its 95 % interval.
        is_other: Boolean, whether it differs from 1 beyond doubt.
        least: Float above 1, the least power to be noticed.
    """

    power: float
    low: float
    high: float
    is_other: bool
    least: float


def estimate_luminance(means: np.ndarray, predictions: Predictions) -> Luminance | None:
    """Estimate the power to which a wrong screen raises the relative luminance.

    What the predictions leave of each neuron's responses is correlated with what they
    say of another luminance. Neurons count alike, however large the effect that the
    model expects; what an offset, a gain or a small shift of the images explains as
    well is left out. The model's errors, which differ between neurons and images, are
    in the standard error.

    Args:
        means: `(stimuli, neurons)` mean responses, NaN = missing.
        predictions: `Predictions` of the set.

    Returns:
        `Luminance`; None where it can't be told.
    """
    rates, known = predictions.rates, np.isfinite(means)
    fits = own_correlations(rates, means)
    usable = (known.sum(axis=0) >= _FEWEST) & (fits >= _LEAST_CORRELATION)
    effects, terms = _effects(predictions), _terms(predictions, means)
    directions, rests, sizes = [], [], []
    for neuron in np.flatnonzero(usable):
        rows = known[:, neuron]
        others = terms[rows, :, neuron]
        gain = fits[neuron] * np.std(means[rows, neuron]) / np.std(rates[rows, neuron])
        effect = _rest(effects[rows, neuron], others)
        rest = _rest(means[rows, neuron] / gain, others)
        size, length = np.linalg.norm(effect), np.linalg.norm(rest)
        if min(size, length) < 1e-9 * np.linalg.norm(rates[rows, neuron]):
            continue
        directions.append(_in_place(effect / size, rows))
        rests.append(_in_place(rest / length, rows))
        sizes.append(size / length)
    if len(sizes) < 2:
        return None
    direction, rest = np.stack(directions, axis=1), np.stack(rests, axis=1)
    likeness = (direction * rest).sum(axis=0).mean()
    error = _error(direction, rest - likeness * direction, terms.shape[1])
    value, error = np.array([likeness, error]) / np.mean(sizes)
    freedom = min(rest.shape) - 1
    usual, sure = stats.t.ppf([0.975, 1 - _LEVEL / 2], freedom) * error
    with np.errstate(over="ignore"):  # of two neurons: nothing is known
        powers = np.exp([value, value - usual, value + usual, sure]).tolist()
    power, low, high, least = powers
    return Luminance(power, low, high, bool(abs(value) > sure), least)


def _effects(predictions):
    """Return `(stimuli, neurons)` changes of rates with the logarithm of the power."""
    exponents = predictions.exponents
    low = np.flatnonzero(exponents == exponents[exponents < 1].max())[0]
    high = np.flatnonzero(exponents == exponents[exponents > 1].min())[0]
    change = predictions.distorted[high] - predictions.distorted[low]
    return change / np.log(exponents[high] / exponents[low])


def _terms(predictions, means):
    """Return what else may differ: `(stimuli, terms, neurons)`.

    An offset and a gain of the predicted rates, and a shift of up to one step towards
    where predictions fit best.
    """
    rates, shifts = predictions.rates, predictions.shifts
    step = np.abs(shifts[shifts != 0]).min()

    def shifted(down, right):
        place = (shifts == [down * step, right * step]).all(axis=1)
        return predictions.shifted[np.flatnonzero(place)[0]]

    corners = [(down, right) for down in (-1, 1) for right in (-1, 1)]
    fits = [own_correlations(shifted(*corner), means).mean() for corner in corners]
    down, right = corners[int(np.argmax(fits))]
    terms = [np.ones_like(rates), rates]
    for corner in ((down, 0), (0, right), (down, right)):
        terms.append(shifted(*corner) - rates)
    return np.stack(terms, axis=1)


def _rest(values, terms):
    """Return what a combination of terms leaves of values."""
    return values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]


def _in_place(values, rows):
    column = np.zeros(len(rows))
    column[rows] = values
    return column


def _error(direction, left, terms):
    """Return the standard error of a mean likeness, for other neurons and images."""
    parts = direction * left
    squares = [np.square(parts.sum(axis=axis)).sum() for axis in range(2)]
    images, neurons = parts.shape
    return np.sqrt(images / (images - terms) * sum(squares)) / neurons

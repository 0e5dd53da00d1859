"""What may have gone wrong on the second day: found out by what explains it better.

Another order is suspected on one half of the data and judged on the other.
"""

import dataclasses

import numpy as np
from scipy.optimize import linear_sum_assignment

from v1keras.experiment.luminance import estimate_luminance
from v1keras.experiment.predictions import Predictions
from v1keras.experiment.resampling import block_means, correlations, profiles

# Gain of correlation that another neuron's, or image's, prediction must bring in both
# halves.
_LEAST_GAIN = 0.3
# Where nothing fits, halves agree by chance on one or two matches, hardly on so many.
_BY_CHANCE = 5
# Units in each half that tell profiles apart.
_FEWEST = 8
_SHOWN = 6  # pairs that are named
# A power of the luminance that must not escape, for a screen to be called right.
_LARGEST_LEAST = 2.0
# No drift makes the gain of half of the neurons so much larger, or smaller.
_LARGEST_GAIN = 4.0


@dataclasses.dataclass
class Suspicion:
    """What was looked for, and what was found.

    Attributes:
        name: String: "neurons", "images", "screen" or "units".
        verdict: String: "fine", "wrong" or "can't tell".
        text: String, a line on it.
    """

    name: str
    verdict: str
    text: str


def find_faults(
    measured: np.ndarray,
    predictions: Predictions,
    repeated: np.ndarray,
    neurons: np.ndarray,
    names: list[str],
) -> list[Suspicion]:
    """Look for neurons or images in another order, a wrong screen and other units.

    Args:
        measured: `(stimuli, presentations, neurons)`, NaN = missing.
        predictions: `Predictions` of the set.
        repeated: `(k,)` places of the stimuli that are images of the first day.
        neurons: `(neurons,)` their indices.
        names: List of the stimuli's names.
    """
    means, rates = block_means(measured), predictions.rates
    labels = [str(neuron) for neuron in neurons]
    of_neurons, order = _order("neurons", rates, means, labels, "neuron")
    # As whatever neuron each has turned out to be.
    both = profiles(rates[:, order]), profiles(means)
    of_images, _ = _order("images", *both, list(names), "image")
    if "wrong" in (of_neurons.verdict, of_images.verdict):
        screen = Suspicion(
            "screen", "can't tell", "screen: can't be told until that is mended"
        )
    else:
        screen = _screen(means, predictions)
    units = _units(means[repeated], predictions.first_day[repeated])
    return [of_neurons, of_images, screen, units]


def _order(name, predicted, measured, labels, noun):
    """Tell whether the columns of two arrays are in the same order.

    Args:
        predicted, measured: `(rows, columns)`; halves of the rows judge each other.

    Returns:
        Tuple of a `Suspicion` and the predicted column that each measured one is.
    """
    rows, count = measured.shape
    columns = np.arange(count)
    if rows < 2 * _FEWEST or count < 2:
        unit = "stimuli" if noun == "neuron" else "neurons"
        text = f"{name}: can't be told from {rows} {unit} by {count} {name}"
        return Suspicion(name, "can't tell", text), columns
    halves = [np.arange(rows) % 2 == half for half in range(2)]
    matches, gains = [], []
    tables = [correlations(predicted[half], measured[half]) for half in halves]
    for table in tables:
        _, match = linear_sum_assignment(-table.T)  # of each measured column
        matches.append(match)
    agree = (matches[0] == matches[1]) & (matches[0] != columns)
    for match, table in zip(matches, tables[::-1], strict=True):
        gains.append(table[match, columns] - table[columns, columns])
    wrong = np.flatnonzero(agree & (np.minimum(*gains) >= _LEAST_GAIN))
    displaced = ((matches[0] != columns) | (matches[1] != columns)).sum()
    if wrong.size < max(2, min(_BY_CHANCE, displaced // 4)):
        wrong = wrong[:0]
    own = np.mean([np.diag(table) for table in tables])
    if not wrong.size:
        if own < 0.1:
            text = (
                f"{name}: can't be told; predictions and responses correlate by"
                f" {own:.2f} only, and no other order is found to do better"
            )
            return Suspicion(name, "can't tell", text), columns
        text = f"{name}: in the order of the manifest"
        return Suspicion(name, "fine", text), columns
    pairs = [
        f"{labels[column]} responds as predicted of {labels[matches[0][column]]}"
        if noun == "neuron"
        else f"{labels[column]} has the responses to {labels[matches[0][column]]}"
        for column in wrong[:_SHOWN]
    ]
    more = ["..."] if wrong.size > _SHOWN else []
    gain = np.mean([gain[wrong].mean() for gain in gains])
    text = (
        f"{name}: in another order than the manifest's: {wrong.size} of {count}"
        f" (correlation higher by {gain:.2f} on the half of the data that did not find"
        f" it): {'; '.join(pairs + more)}"
    )
    order = columns.copy()
    order[wrong] = matches[0][wrong]
    return Suspicion(name, "wrong", text), order


def _screen(means, predictions):
    """Tell whether the screen showed another luminance than assumed."""
    estimate = estimate_luminance(means, predictions)
    if estimate is None or estimate.least > _LARGEST_LEAST:
        text = "screen: can't be told from these responses"
        return Suspicion("screen", "can't tell", text)
    if estimate.is_other:
        side, more = ("above", "more") if estimate.power > 1 else ("below", "less")
        text = (
            "screen: luminance is not that of the manifest: responses fit a screen"
            f" whose relative luminance is raised to a power {side} 1, about"
            f" {estimate.power:.2f} [{estimate.low:.2f}, {estimate.high:.2f}] or"
            f" {more}: wrong gamma or luminance table"
        )
        return Suspicion("screen", "wrong", text)
    text = (
        "screen: no other luminance is seen; one raised to a power between"
        f" {1 / estimate.least:.2f} and {estimate.least:.2f} could not be"
    )
    return Suspicion("screen", "fine", text)


def _units(second, first):
    """Tell whether the days' responses to the same images are in other units."""
    both = np.isfinite(second) & np.isfinite(first)
    totals = [np.where(both, day, 0).sum(axis=0) for day in (second, first)]
    responsive = totals[1] > 0
    if not responsive.any():
        text = "units: can't be told without responses to images of the first day"
        return Suspicion("units", "can't tell", text)
    if second[both].min() < 0 <= first[both].min():
        text = "units: responses are below 0, which none was on the first day"
        return Suspicion("units", "wrong", text)
    gain = float(np.median(totals[0][responsive] / totals[1][responsive]))
    if not 1 / _LARGEST_GAIN < gain < _LARGEST_GAIN:
        text = (
            f"units: responses are {gain:.2g} times those of the first day to the same"
            " images: another unit, such as Hz for counts?"
        )
        return Suspicion("units", "wrong", text)
    return Suspicion(
        "units", "fine", "units: responses are as large as the first day's"
    )

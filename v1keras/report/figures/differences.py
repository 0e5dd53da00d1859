"""Figures of two models compared neuron by neuron."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from v1keras.report.figures.style import COLORS, GREY, INK, PAGE, new_figure, styled


@styled
def paired_differences(
    columns: Mapping[str, np.ndarray],
    names: tuple[str, str],
    label: str,
    mean: float,
    interval: tuple[float, float] | None,
) -> Figure:
    """Draw the scores of two models neuron by neuron, and their differences.

    Args:
        columns: Dict of `(neurons,)` columns `first`, `second` and `difference`.
        names: Pair of strings, names of the models.
        label: String, name of the score.
        mean: Float, mean of the difference.
        interval: Pair of floats, interval of the mean; None where there is none.

    Returns:
        A Matplotlib figure, two columns of a journal wide.
    """
    figure, ((left, right),) = new_figure(PAGE, columns=2)
    both = np.concatenate([columns["first"], columns["second"]])
    ends = [both.min(), both.max()]
    left.plot(ends, ends, color=GREY, lw=0.8)
    left.plot(columns["second"], columns["first"], ".", color=COLORS[0])
    first, second = (str(name)[-40:] for name in names)
    left.set(xlabel=f"{label}, {second}", ylabel=f"{label}, {first}")
    right.hist(columns["difference"], bins=30, color=COLORS[0])
    right.axvline(0, color=GREY, lw=0.8)
    right.axvline(mean, color=INK, lw=1.5)
    if interval:
        right.axvspan(*interval, color=INK, alpha=0.2)
    right.set(xlabel=f"difference of {label}", ylabel="neurons")
    return figure

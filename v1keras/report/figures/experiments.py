"""Figures of experiments: their predictions and their outcome."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from v1keras.report.figures.style import COLORS, GREY, new_figure, styled

_MOST_LABELS = 40  # neurons whose numbers have room beside a matrix


@styled
def against_own(
    own: np.ndarray, other: np.ndarray, label: str, error: np.ndarray | None = None
) -> Figure:
    """Draw neurons' responses to their own stimuli over those to others.

    Args:
        own: `(n,)` responses to each neuron's own stimulus.
        other: `(n,)` responses to another, NaN where there is none.
        label: String, what the other is.
        error: `(n,)` standard errors of the differences, or None.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> figure = against_own(np.array([5.0]), np.array([3.0]), "blank")
    >>> figure.axes[0].get_xlabel()
    'response to: blank'
    """
    figure, ((axis,),) = new_figure()
    both = np.concatenate([own, other])
    both = both[np.isfinite(both)]
    ends = [min(0.0, *both), max(0.0, *both)]
    axis.plot(ends, ends, color=GREY, lw=0.8)
    axis.errorbar(other, own, error, fmt="o", ms=2.5, color=COLORS[0], elinewidth=0.5)
    axis.set(xlabel=f"response to: {label}", ylabel="response to own stimulus")
    return figure


@styled
def specificity_matrix(neurons: np.ndarray, matrix: np.ndarray) -> Figure:
    """Draw the responses of every neuron to every neuron's preferred stimulus.

    Args:
        neurons: `(n,)` indices.
        matrix: `(n, n)` z-scores: row, a neuron; column, whose stimulus was shown.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> figure = specificity_matrix(np.array([3, 8]), np.eye(2))
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['3', '8']
    """
    figure, ((axis,),) = new_figure(height=3.0)
    size = float(np.nanmax(np.abs(matrix), initial=0)) or 1.0
    shown = axis.imshow(matrix, vmin=-size, vmax=size)
    if len(neurons) <= _MOST_LABELS:
        axis.set_xticks(np.arange(len(neurons)), neurons, fontsize=4, rotation=90)
        axis.set_yticks(np.arange(len(neurons)), neurons, fontsize=4)
    axis.set(xlabel="preferred stimulus of neuron", ylabel="response of neuron")
    figure.colorbar(shown, label="standard deviations", shrink=0.8)
    return figure


@styled
def gains(gain: np.ndarray, low: np.ndarray, high: np.ndarray) -> Figure:
    """Draw each neuron's gain on the second day over the first, in their order.

    Args:
        gain: `(n,)`, NaN where unknown.
        low, high: `(n,)` its interval.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> figure = gains(np.array([1.2]), np.array([1.0]), np.array([1.3]))
    >>> figure.axes[0].get_ylabel()
    'gain, second day over first'
    """
    figure, ((axis,),) = new_figure()
    order = np.argsort(gain)
    gain = gain[order]
    errors = np.maximum(np.abs(np.stack([low[order], high[order]]) - gain), 0)
    axis.axhline(1, color=GREY, lw=0.8)
    places = np.arange(len(gain))
    axis.errorbar(places, gain, errors, fmt="o", color=COLORS[0], elinewidth=0.5)
    if (gain[np.isfinite(gain)] > 0).all():
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter("")
    axis.set(xlabel="neurons, sorted", ylabel="gain, second day over first")
    return figure


@styled
def responses_over_blocks(means: np.ndarray) -> Figure:
    """Draw the mean response of each block of presentations over that of all.

    Args:
        means: `(blocks,)`.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> responses_over_blocks(np.array([1.1, 0.9])).axes[0].lines[1].get_xdata()
    array([1, 2])
    """
    figure, ((axis,),) = new_figure()
    axis.axhline(1, color=GREY, lw=0.8)
    axis.plot(np.arange(1, len(means) + 1), means, "o-", color=COLORS[0])
    axis.set(xlabel="block", ylabel="response over that of all blocks")
    return figure

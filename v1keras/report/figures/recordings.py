"""Figures of recordings."""

import numpy as np
from matplotlib.figure import Figure

from v1keras.report.figures.style import COLORS, new_figure, styled


@styled
def response_histogram(responses: np.ndarray, unit: str) -> Figure:
    """Draw the distribution of neurons' mean responses.

    Args:
        responses: `(neurons,)` mean responses, NaN where unknown.
        unit: String, their unit.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> response_histogram(np.array([1.0, 4.0]), "Hz").axes[0].get_xlabel()
    'mean response (Hz)'
    """
    label = f"mean response ({unit})" if unit else "mean response"
    return _histogram(responses, 40, label)


@styled
def ceiling_histogram(ceiling: np.ndarray) -> Figure:
    """Draw the distribution of the highest correlations that noise allows.

    Args:
        ceiling: `(neurons,)` CC_max, NaN where unknown.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> figure = ceiling_histogram(np.array([0.5, np.nan]))
    >>> int(sum(bar.get_height() for bar in figure.axes[0].patches))
    1
    """
    label = "highest correlation that noise allows (CC_max)"
    return _histogram(ceiling, np.linspace(0, 1, 41), label)


def _histogram(values, bins, label):
    figure, ((axis,),) = new_figure()
    axis.hist(values[np.isfinite(values)], bins=bins, color=COLORS[0])
    axis.set(xlabel=label, ylabel="neurons")
    return figure

"""Figures of a model's scores and of its training."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from v1keras.report.figures.style import COLORS, GREY, new_figure, styled

# With more dots than this, a vector figure is large and slow: they become a picture.
_MOST_DOTS = 3000


@styled
def ceilings_reached(columns: Mapping[str, np.ndarray]) -> Figure:
    """Draw each neuron's correlation against the highest that its noise allows.

    Args:
        columns: Dict of `(neurons,)` columns `correlation` and `cc_max`.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> columns = {"cc_max": np.array([0.8]), "correlation": np.array([0.6])}
    >>> ceilings_reached(columns).axes[0].get_ylabel()
    'correlation with responses'
    """
    figure, ((axis,),) = new_figure()
    axis.plot([0, 1], [0, 1], color=GREY, lw=0.8)
    axis.text(0.97, 1.0, "limit", color=GREY, ha="right", va="bottom", fontsize=6)
    _dots(axis, columns["cc_max"], columns["correlation"])
    axis.set(
        xlabel="highest correlation that noise allows (CC_max)",
        ylabel="correlation with responses",
    )
    return figure


@styled
def cc_norm_histogram(columns: Mapping[str, np.ndarray]) -> Figure:
    """Draw the distribution of CC_norm over neurons.

    Args:
        columns: Dict with the `(neurons,)` column `cc_norm`, NaN where unknown.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> figure = cc_norm_histogram({"cc_norm": np.array([0.5, 0.55, np.nan])})
    >>> int(sum(bar.get_height() for bar in figure.axes[0].patches))
    2
    """
    figure, ((axis,),) = new_figure()
    values = columns["cc_norm"][np.isfinite(columns["cc_norm"])]
    axis.hist(
        np.clip(values, -0.2, 1.2), bins=np.linspace(-0.2, 1.2, 29), color=COLORS[0]
    )
    axis.axvline(0.9, color=GREY, ls="--", lw=0.8)
    axis.set(
        xlabel="share of the highest correlation reached (CC_norm)\n"
        "dashed: 0.9, near the limit",
        ylabel="neurons",
    )
    return figure


@styled
def loss_curve(history: Sequence[Mapping[str, float]]) -> Figure:
    """Draw the training loss over epochs.

    Args:
        history: Sequence of dicts with `loss`, one per epoch.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> loss_curve([{"loss": 2.0}, {"loss": 1.5}]).axes[0].lines[0].get_ydata()
    array([2. , 1.5])
    """
    return _curve([logs["loss"] for logs in history], "training loss per neuron")


@styled
def validation_curve(history: Sequence[Mapping[str, float]]) -> Figure:
    """Draw the validation correlation over epochs, and the epoch whose weights stay.

    Args:
        history: Sequence of dicts with `validation_score`, one per epoch.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> history = [{"validation_score": score} for score in (0.1, 0.4, 0.3)]
    >>> validation_curve(history).axes[0].lines[1].get_xdata()
    array([2])
    """
    scores = np.array([logs["validation_score"] for logs in history], float)
    figure = _curve(scores, "correlation on validation images")
    if np.isfinite(scores).any():
        best = int(np.nanargmax(scores))
        (axis,) = figure.axes
        axis.plot(np.array([best + 1]), scores[best : best + 1], "o", color=COLORS[1])
        axis.annotate(
            f"kept: {scores[best]:.2f}",
            (best + 1, scores[best]),
            xytext=(0, -9),
            textcoords="offset points",
            ha="center",
            fontsize=6,
        )
    return figure


@styled
def prediction(responses: np.ndarray, rates: np.ndarray, title: str = "") -> Figure:
    """Draw a neuron's measured responses against the predicted rates.

    Args:
        responses: `(images,)`, NaN where missing.
        rates: `(images,)`.
        title: String.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> rates = np.arange(4.0)
    >>> prediction(rates, rates, "neuron 3").axes[0].get_title()
    'neuron 3'
    """
    figure, ((axis,),) = new_figure()
    both = [responses, rates]
    ends = [min(0.0, np.nanmin(both)), np.nanmax(both)]
    axis.plot(ends, ends, color=GREY, lw=0.8)
    _dots(axis, rates, responses)
    axis.set(title=title, xlabel="predicted rate", ylabel="measured response")
    return figure


@styled
def readout_centers(centers: np.ndarray) -> Figure:
    """Draw the place in the image that each neuron's readout looks at.

    Args:
        centers: `(neurons, 2)` rows and columns, from -1 to 1 across the features.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> figure = readout_centers(np.array([[-1.0, 0.5]]))
    >>> figure.axes[0].lines[0].get_xydata()
    array([[ 0.5, -1. ]])
    """
    figure, ((axis,),) = new_figure(height=3.2)
    _dots(axis, centers[:, 1], centers[:, 0])
    axis.set(
        xlim=(-1.05, 1.05),
        ylim=(1.05, -1.05),
        aspect="equal",
        xlabel="column (-1: left edge, 1: right edge)",
        ylabel="row (-1: top edge, 1: bottom edge)",
    )
    return figure


def example_neurons(columns: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Choose the best, the median and the worst predicted neuron.

    Args:
        columns: Dict of `(neurons,)` columns `neuron`, `correlation` and `cc_norm`.

    Returns:
        Dict, title of a neuron with its scores -> its position in the columns; empty if
        no neuron has a correlation.

    Example:

    >>> columns = {
    ...     "neuron": np.arange(4),
    ...     "correlation": np.array([0.1, 0.9, 0.5, np.nan]),
    ...     "cc_norm": np.array([np.nan, 0.95, np.nan, np.nan]),
    ... }
    >>> list(example_neurons(columns))
    ['best: neuron 1, r 0.90, CC_norm 0.95', 'median: neuron 2, r 0.50', 'worst:
    neuron 0, r 0.10']
    """
    correlation = columns["correlation"]
    order = np.argsort(-correlation, kind="stable")
    order = order[np.isfinite(correlation[order])]
    if not order.size:
        return {}
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    titles = {}
    for name, i in chosen.items():
        title = f"{name}: neuron {columns['neuron'][i]}, r {correlation[i]:.2f}"
        if np.isfinite(columns["cc_norm"][i]):
            title += f", CC_norm {columns['cc_norm'][i]:.2f}"
        titles[title] = int(i)
    return titles


def _curve(values, label):
    figure, ((axis,),) = new_figure()
    axis.plot(np.arange(1, len(values) + 1), np.asarray(values), color=COLORS[0])
    axis.set(xlabel="epoch", ylabel=label)
    return figure


def _dots(axis, x, y):
    axis.plot(
        x,
        y,
        "o",
        ms=2.5,
        mew=0,
        alpha=0.7,
        color=COLORS[0],
        clip_on=False,
        rasterized=len(x) > _MOST_DOTS,
    )

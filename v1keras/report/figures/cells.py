"""Figures of inverted cells."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from v1keras.report.figures.pictures import show_around_grey
from v1keras.report.figures.style import (
    COLORS,
    GREY,
    MARKERS,
    PAGE,
    new_figure,
    styled,
)

_Curves = Mapping[str, tuple[np.ndarray, np.ndarray]]


@styled
def tuning_curves(
    cells: Sequence[tuple[str, Mapping[str, np.ndarray], _Curves]],
) -> Figure:
    """Draw pictures and tuning curves of cells, one row per cell.

    Args:
        cells: Sequence of tuples (title, pictures, curves): `pictures` a dict, name ->
            `(height, width)` array, zero at grey; `curves` a dict, label of the axis ->
            tuple of values and rates, each `(k,)`. The names are the same in each row.

    Returns:
        A Matplotlib figure, two columns of a journal wide.

    Example:

    >>> pictures = {"stimulus": np.eye(4)}
    >>> curves = {"orientation (degrees)": (np.arange(4), np.arange(4.0))}
    >>> figure = tuning_curves([("cell 3", pictures, curves)])
    >>> [axis.get_title() or axis.get_xlabel() for axis in figure.axes]
    ['stimulus', 'orientation (degrees)']
    """
    _, first_pictures, first_curves = cells[0]
    columns = len(first_pictures) + len(first_curves)
    height = 1.15 * PAGE / columns * len(cells)
    figure, axes = new_figure(PAGE, height, len(cells), columns)
    for row, (title, pictures, curves) in zip(axes, cells, strict=True):
        for axis, (name, picture) in zip(row, pictures.items(), strict=False):
            show_around_grey(axis, picture)
            axis.set(xticks=[], yticks=[])
            axis.set_title(name, fontsize=6)
        row[0].set_ylabel(title, fontsize=6)
        rest = row[len(pictures) :]
        for axis, (label, (values, rates)) in zip(rest, curves.items(), strict=True):
            axis.plot(values, rates, ".-", ms=3, color=COLORS[0])
            axis.set_ylim(0, 1.08 * max(np.max(rates), 1e-9))
            axis.set_xlabel(label, fontsize=6)
            axis.tick_params(labelsize=5)
    return figure


@styled
def stimulus_against_best_image(columns: Mapping[str, np.ndarray]) -> Figure:
    """Draw the rate to each stimulus against that to the recording's best image.

    Args:
        columns: Dict of `(n,)` columns `class`, `rate` and `best_image_rate_at_norm`.

    Returns:
        A Matplotlib figure, one column of a journal wide.

    Example:

    >>> columns = {
    ...     "class": np.array(["gabor", "texture"]),
    ...     "rate": np.array([4.0, 1.0]),
    ...     "best_image_rate_at_norm": np.array([2.0, 2.0]),
    ... }
    >>> figure = stimulus_against_best_image(columns)
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['gabor (1)', 'texture (1)']
    """
    figure, ((axis,),) = new_figure(height=3)
    rates, best = columns["rate"], columns["best_image_rate_at_norm"]
    ends = [min(0.0, float(best.min())), float(max(rates.max(), best.max()))]
    axis.plot(ends, ends, color=GREY, lw=0.8)
    names, counts = np.unique(columns["class"].astype(str), return_counts=True)
    for i, (name, count) in enumerate(zip(names, counts, strict=True)):
        members = columns["class"] == name
        axis.plot(
            best[members],
            rates[members],
            MARKERS[i % len(MARKERS)],
            ms=4,
            mew=0,
            alpha=0.8,
            color=COLORS[i % len(COLORS)],
            label=f"{name} ({count})",
        )
    axis.legend(loc="best")
    axis.set(
        xlabel="rate to the best image at the same contrast\n(spikes per presentation)",
        ylabel="rate to the stimulus\n(spikes per presentation)",
    )
    return figure

"""The look of figures: sizes of a journal's columns, colors, text that stays text."""

import contextlib
import functools
import logging
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from v1keras.io.atomic import atomic_write

KINDS = ("pdf", "svg", "png")
COLUMN, PAGE = 3.5, 7.2  # inches: 89 and 183 mm, one and two columns of a journal
INK, GREY = "#222222", "#8a8a8a"
# From Okabe & Ito: told apart with every color vision. The markers tell them apart in
# print without color, too.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P")

_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 6,
    "ytick.labelsize": 6,
    "legend.fontsize": 6,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1,
    "lines.markersize": 3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "text.parse_math": False,  # names of others may hold a $
    # Text that a drawing program can edit.
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "v1keras",  # the same figure is the same file
}


@contextlib.contextmanager
def figure_style() -> Iterator[None]:
    """Set the look of figures while a block runs; Matplotlib's settings come back."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def styled(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that draws with the look of figures."""

    @functools.wraps(draw)
    def draw_styled(*arguments, **named):
        with figure_style():
            return draw(*arguments, **named)

    return draw_styled


def new_figure(
    width: float = COLUMN, height: float = 2.6, rows: int = 1, columns: int = 1
) -> tuple[Figure, Any]:
    """Return a figure that no window holds, and its axes, `(rows, columns)`.

    Args:
        width: Float, in inches.
        height: Float, in inches.
        rows: Integer, rows of axes.
        columns: Integer, axes per row.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure to a file, with text that stays text.

    Args:
        figure: `matplotlib.figure.Figure`.
        path: File; its ending, .pdf, .svg or .png, is its format.

    Raises:
        ValueError: Another ending.
        OSError: The file can't be written.

    Example:

    >>> import os, tempfile
    >>> import numpy as np
    >>> from v1keras.report import figures
    >>> path = os.path.join(tempfile.mkdtemp(), "limit.svg")
    >>> columns = {"cc_max": np.array([0.8]), "correlation": np.array([0.6])}
    >>> figures.save_figure(figures.ceilings_reached(columns), path)
    >>> "correlation" in open(path).read()
    True
    """
    path = pathlib.Path(path)
    kind = path.suffix.removeprefix(".")
    if kind not in KINDS:
        raise ValueError(
            f"{path}: found the ending {path.suffix!r}, expected .pdf, .svg or .png"
        )
    # No date: the same figure is the same file.
    dated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}
    # It tells of every glyph, where the root logger listens.
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    with figure_style(), atomic_write(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=dated[kind])

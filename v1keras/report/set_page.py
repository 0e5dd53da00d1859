"""The page of a stimulus set."""

import os
from collections.abc import Mapping

import numpy as np

from v1keras.report.figures.style import new_figure, styled
from v1keras.report.page import Page

_SET = "How the neurons were chosen, and what is shown."
_PICTURES = (
    "A row per neuron, a column per kind of stimulus, as the screen shows them: one"
    " scale of grey for all."
)
_RATES = (
    "Rates predicted before the experiment. Each dot is a neuron; below the line the"
    " model expects less than for the neuron's preferred stimulus."
)


def write_set_page(
    path: str | os.PathLike[str],
    text: str,
    neurons: np.ndarray,
    pictures: Mapping[str, np.ndarray],
    rates: Mapping[str, np.ndarray],
) -> None:
    """Write the page that shows a stimulus set.

    Args:
        path: The .html file.
        text: String, the set in short.
        neurons: `(n,)` indices of the neurons.
        pictures: Dict, role -> `(n, height, width)` images in pixel units.
        rates: Dict, role -> `(n,)` predicted rates; `preferred` is one of the roles.

    Raises:
        OSError: The file can't be written.
    """
    page = Page("Stimuli for an experiment", _SET)
    page.add("The set", "", text)
    page.add_plots("Stimuli", _PICTURES, {"stimuli": picture_table(neurons, pictures)})
    page.add_plots("Predictions", _RATES, {"predictions": predicted_rates(rates)})
    page.save(path)


@styled
def picture_table(neurons, pictures, gap=2):
    """Draw pictures as one table, a row per neuron and a column per role.

    Args:
        neurons: `(n,)` indices.
        pictures: Dict, role -> `(n, height, width)`.
        gap: Integer, pixels between two pictures.

    Returns:
        A matplotlib figure.
    """
    columns = list(pictures.values())
    count, height, width = columns[0].shape
    low = min(column.min() for column in columns)
    high = max(column.max() for column in columns)
    shape = (count * (height + gap), len(columns) * (width + gap))
    sheet = np.full(shape, high, np.float32)
    for k, column in enumerate(columns):
        for i, picture in enumerate(column):
            row, left = i * (height + gap), k * (width + gap)
            sheet[row : row + height, left : left + width] = picture
    size = (1.1 * len(columns) + 0.6, 1.1 * count * height / width + 0.8)
    figure, axes = new_figure(*size)
    axis = axes[0, 0]
    axis.imshow(sheet, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    axis.set_xticks((np.arange(len(columns)) + 0.5) * (width + gap))
    axis.set_xticklabels([name.replace("_", "\n") for name in pictures], fontsize=7)
    axis.set_yticks((np.arange(count) + 0.5) * (height + gap))
    axis.set_yticklabels(neurons, fontsize=7)
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    for side in axis.spines.values():
        side.set_visible(False)
    return figure


@styled
def predicted_rates(rates):
    """Draw the rates predicted for other stimuli over those for the preferred ones."""
    names = [name for name in rates if name != "preferred"]
    figure, axes = new_figure(1.8 * len(names), 2.2, 1, len(names))
    own = rates["preferred"]
    top = max(float(column.max()) for column in rates.values()) * 1.05
    for axis, name in zip(axes.flat, names, strict=True):
        axis.plot([0, top], [0, top], color="0.6", lw=1)
        axis.plot(own, rates[name], ".", ms=4)
        axis.set_title(name.replace("_", " "), fontsize=7)
        axis.tick_params(labelsize=6)
    axes.flat[0].set_xlabel("preferred", fontsize=7)
    return figure

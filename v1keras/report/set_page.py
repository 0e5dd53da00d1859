"""The page of a stimulus set."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from v1keras.report.elements import Html, Tile, facts, picture, table
from v1keras.report.figures.experiments import against_own
from v1keras.report.page import Page

_LEAD = "What is shown on the second day, and what the model expects of it."
_PICTURES = (
    "A row per neuron, a column per kind of stimulus, as the screen shows them: one"
    " scale of grey for all."
)
_RATES = (
    "Rates predicted before the experiment. Each dot is a neuron; above the line the"
    " model expects more for the neuron's preferred stimulus."
)


def write_set_page(
    path: str | os.PathLike[str],
    found: Sequence[Tile],
    content: Mapping[str, str],
    neurons: np.ndarray,
    pictures: Mapping[str, np.ndarray],
    rates: Mapping[str, np.ndarray],
) -> None:
    """Write the page that shows a stimulus set.

    Args:
        path: The .html file.
        found: Sequence of `Tile`s.
        content: Dict, name -> text, what the set is and how it was made.
        neurons: `(n,)` indices of the neurons.
        pictures: Dict, role -> `(n, height, width)` images in pixel units.
        rates: Dict, role -> `(n,)` predicted rates; `preferred` is one of the roles.

    Raises:
        OSError: The file can't be written.
    """
    page = Page("Stimuli for an experiment", _LEAD, found)
    drawn = {}
    for role, column in rates.items():
        if role != "preferred":
            label = role.replace("_", " ")
            drawn[role] = against_own(rates["preferred"], column, label)
    page.add_plots("Predictions", _RATES, drawn)
    page.add("What it holds", "", facts(content))
    page.add("Stimuli", _PICTURES, _picture_table(neurons, pictures))
    page.save(path)


def _picture_table(neurons, pictures) -> Html:
    """Return pictures as a table, a row per neuron and a column per role."""
    shown = list(pictures.values())
    limits = (
        min(float(column.min()) for column in shown),
        max(float(column.max()) for column in shown),
    )
    headings = ["neuron", *(role.replace("_", " ") for role in pictures)]
    rows = []
    for i, neuron in enumerate(neurons):
        cells = [
            picture(column[i], f"{role} of neuron {neuron}", limits)
            for role, column in zip(headings[1:], shown, strict=True)
        ]
        rows.append([str(neuron), *cells])
    return table(headings, rows)

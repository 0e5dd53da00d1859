"""The page of a trained model."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from v1keras.report import figures
from v1keras.report.elements import Check, facts, pictures
from v1keras.report.page import Page
from v1keras.report.score_parts import add_scores, score_tiles

_RUN = "The model, its data and the command that makes it again."
_HISTORY = (
    "Training follows the validation score, never the test images; the stored weights"
    " are those of its highest point."
)
_PREDICTIONS = (
    "Measured responses to the images scored against the predicted rates, for three"
    " neurons. On the grey line both are equal."
)
_FILTERS = (
    "Kernels of the first layer, each scaled to its own largest value; grey is zero."
    " Oriented ones resemble receptive fields of V1."
)
_CENTERS = (
    "The place in the image that each neuron's readout looks at; neurons recorded"
    " together look at nearly one place."
)
_DIFFERENCE = (
    "Left: each dot is a neuron, its score in one model against that in the other;"
    " above the line the first predicts it better. Right: the differences; the dark"
    " line is their mean and the band its 95 % interval for other neurons and images."
)
_SEVERAL = "Means over the neurons that are reported, a row per model."
# Heading -> name of a figure's file -> figure.
Differences = Mapping[str, Mapping[str, Figure]]


def write_model_page(
    path: str | os.PathLike[str],
    run: Mapping[str, str],
    metrics: Mapping[str, Any],
    columns: Mapping[str, np.ndarray],
    responses: np.ndarray,
    rates: np.ndarray,
    trust: Sequence[Check],
    history: Sequence[Mapping[str, float]] = (),
    kernels: np.ndarray | None = None,
    centers: np.ndarray | None = None,
    differences: Differences | None = None,
    kind: str | None = None,
) -> list[str]:
    """Write the page of a trained model.

    Args:
        path: The .html file.
        run: Dict of name -> text, the run in short; with `recording`.
        metrics: Dict, the content of `metrics.json`.
        columns: Dict of `(neurons,)` columns `neuron`, `correlation`, `cc_max` and
            `cc_norm`, NaN where unknown.
        responses: `(images, n)` measured responses of the first n neurons of `columns`,
            NaN where missing.
        rates: `(images, n)` predictions.
        trust: Sequence of `Check`s.
        history: Sequence of the logs of each epoch; empty if they are not known.
        kernels: `(filters, height, width)` kernels of the first layer, or None.
        centers: `(neurons, 2)` rows and columns that readouts look at, -1 to 1, or
            None.
        differences: Dict of heading -> dict of name -> figure of the differences to
            another model, or None.
        kind: String, format of the figures' own files, or None for none.

    Returns:
        List of strings, names of the files.

    Raises:
        OSError: A file can't be written.
    """
    lead = f"How well it predicts the recording {run['recording']}."
    page = Page("A trained model", lead, score_tiles(metrics), trust)
    add_scores(page, metrics, columns)
    for heading, drawn in (differences or {}).items():
        page.add_plots(heading, _DIFFERENCE, drawn)
    examples = {}
    first = {name: column[: responses.shape[1]] for name, column in columns.items()}
    for title, i in figures.example_neurons(first).items():
        name = f"prediction-{title.partition(':')[0]}"
        examples[name] = figures.prediction(responses[:, i], rates[:, i], title)
    if examples:
        page.add_plots("Single neurons", _PREDICTIONS, examples)
    if history:
        curves = {
            "loss": figures.loss_curve(history),
            "validation": figures.validation_curve(history),
        }
        page.add_plots("Learning curves", _HISTORY, curves)
    if kernels is not None:
        page.add("Filters", _FILTERS, pictures(kernels, [""] * len(kernels), "filter"))
        page.figures["filters"] = figures.filters(kernels)
    if centers is not None:
        places = {"readouts": figures.readout_centers(centers)}
        page.add_plots("Readouts", _CENTERS, places)
    page.add("What was run", _RUN, facts(run))
    return page.save(path, kind)


def write_models_page(
    path: str | os.PathLike[str],
    scores: str,
    differences: Differences,
    kind: str | None = None,
) -> list[str]:
    """Write the page of several models of the same neurons.

    Args:
        path: The .html file.
        scores: String, the table of scores.
        differences: Dict of heading -> dict of name -> figure of the differences to
            another model.
        kind: String, format of the figures' own files, or None for none.

    Returns:
        List of strings, names of the files.

    Raises:
        OSError: A file can't be written.
    """
    page = Page("Several models", "How well they predict the same neurons.")
    page.add("Scores", _SEVERAL, scores)
    for heading, drawn in differences.items():
        page.add_plots(heading, _DIFFERENCE, drawn)
    return page.save(path, kind)

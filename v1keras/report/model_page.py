"""The page of a trained model."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from v1keras.report import figures
from v1keras.report.page import write_page

_RUN = "The model, its data and the command that makes it again."
_SCORES = (
    "Correlation of predicted rates with measured responses; CC_norm divides it by the"
    " highest that the neuron's noise allows (1 is the limit); near the limit means 0.9"
    " or more. Means over neurons, in brackets their 95 % interval for other neurons"
    " and images."
)
_LIMIT = (
    "Left: each dot is a neuron, its correlation against the highest that its noise"
    " allows; on the line there is nothing left to predict. Right: the ratio of both."
)
_HISTORY = (
    "Training follows the validation score, never the test images; the stored weights"
    " are those of its highest point. The loss is per neuron."
)
_PREDICTIONS = (
    "Test images: predicted against measured responses. On the grey line both are"
    " equal."
)
_FILTERS = (
    "Kernels of the first layer, each scaled to its own largest value; grey is zero."
    " Oriented ones resemble V1's receptive fields."
)
_CENTERS = (
    "Place in the image that each neuron's readout looks at (-1 to 1, rows downwards);"
    " neurons recorded together look at nearly one place."
)


def write_model_page(
    path: str | os.PathLike[str],
    facts: Mapping[str, str],
    scores: str,
    columns: Mapping[str, np.ndarray],
    responses: np.ndarray,
    rates: np.ndarray,
    ceiling_known: bool = True,
    history: Sequence[Mapping[str, float]] = (),
    kernels: np.ndarray | None = None,
    centers: np.ndarray | None = None,
) -> None:
    """Write the page of a trained model.

    Args:
        path: The .html file.
        facts: Dict of name -> text, the run in short.
        scores: String, the table of scores.
        columns: Dict of `(neurons,)` columns `neuron`, `correlation`, `cc_max` and
            `cc_norm`, NaN where unknown.
        responses: `(images, n)` measured responses of the first n neurons of `columns`,
            NaN where missing.
        rates: `(images, n)` predictions.
        ceiling_known: Boolean, whether to show `cc_max` and `cc_norm`.
        history: Sequence of the logs of each epoch; empty if they are not known.
        kernels: `(filters, height, width)` kernels of the first layer, or None.
        centers: `(neurons, 2)` rows and columns that readouts look at, -1 to 1, or
            None.

    Raises:
        OSError: The file can't be written.
    """
    text = "\n".join(f"{name}: {value}" for name, value in facts.items())
    sections = [("What was run", _RUN, text), ("Scores", _SCORES, scores)]
    if ceiling_known:
        figure = figures.score_distributions(columns)
        sections.append(("Against the limit", _LIMIT, figure))
    if history:
        figure = figures.learning_curves(history)
        sections.append(("Learning curves", _HISTORY, figure))
    count = responses.shape[1]
    first = {name: column[:count] for name, column in columns.items()}
    figure = figures.predictions(responses, rates, first)
    if figure is not None:
        sections.append(("Single neurons", _PREDICTIONS, figure))
    if kernels is not None:
        sections.append(("Filters", _FILTERS, figures.filters(kernels)))
    if centers is not None:
        sections.append(("Readouts", _CENTERS, figures.positions(centers)))
    write_page(path, "v1keras: a trained model", sections)

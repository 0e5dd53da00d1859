"""One page of scores, preferred stimuli and cells."""

import os

from v1keras import report
from v1keras.characterization.characterize import Cells
from v1keras.evaluation.scores import Scores
from v1keras.inversion import PreferredStimuli
from v1keras.report import figures

_SCORES = (
    "Correlation of predicted rates with measured responses; CC_norm divides it by the"
    " highest correlation that the neuron's noise allows."
)
_LIMIT = (
    "Left: each dot is a neuron, its correlation against the highest that its noise"
    " allows. Right: the ratio of both."
)
_STIMULI = "The stimulus that drives each neuron most, according to the model."
_CELLS = "The number of stimuli that pass each control, and of cells of each class."


def write_report(
    path: str | os.PathLike[str],
    scores: Scores | None = None,
    stimuli: PreferredStimuli | None = None,
    cells: Cells | None = None,
) -> None:
    """Write one HTML page that needs no other file.

    Args:
        path: The .html file.
        scores: `Scores` of a model, or None.
        stimuli: `PreferredStimuli` of its neurons, or None.
        cells: `Cells` of these stimuli, or None.

    Raises:
        ValueError: There is nothing to report.
        OSError: The file can't be written.
    """
    if scores is None and stimuli is None and cells is None:
        raise ValueError("nothing to report: expected scores, stimuli or cells")
    sections = []
    if scores is not None:
        sections.append(("Scores", _SCORES, str(scores)))
        if scores.ceiling != "none":
            figure = figures.score_distributions(scores.per_neuron)
            sections.append(("Against the limit", _LIMIT, figure))
    if stimuli is not None:
        labels = [f"neuron {neuron}" for neuron in stimuli.neurons]
        figure = figures.gallery(stimuli.patterns, labels)
        sections.append(("Preferred stimuli", _STIMULI, figure))
    if cells is not None:
        sections.append(("Cells", _CELLS, str(cells)))
    report.write_page(path, "v1keras", sections)

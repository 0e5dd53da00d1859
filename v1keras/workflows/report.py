"""One page of scores, preferred stimuli and cells."""

import os

from v1keras.characterization.characterize import Cells
from v1keras.evaluation.scores import Scores
from v1keras.inversion import PreferredStimuli
from v1keras.report import Page
from v1keras.report.cell_page import add_control
from v1keras.report.elements import pictures
from v1keras.report.figures import gallery
from v1keras.report.score_parts import add_scores, score_tiles
from v1keras.workflows.cell_trust import cell_checks
from v1keras.workflows.trust import score_checks

_STIMULI = "The stimulus that drives each neuron most, according to the model."
_CELLS = "The number of stimuli that pass each control, and of cells of each class."


def write_report(
    path: str | os.PathLike[str],
    scores: Scores | None = None,
    stimuli: PreferredStimuli | None = None,
    cells: Cells | None = None,
    figures: str | None = None,
) -> None:
    """Write one HTML page that needs no other file.

    Args:
        path: The .html file.
        scores: `Scores` of a model, or None.
        stimuli: `PreferredStimuli` of its neurons, or None.
        cells: `Cells` of these stimuli, or None.
        figures: String, "pdf", "svg" or "png", to write each figure of report.html to a
            file of its own, too: report-ceilings.pdf, ...; None for none.

    Raises:
        ValueError: There is nothing to report, or another kind of figure is asked for.
        OSError: A file can't be written.
    """
    if scores is None and stimuli is None and cells is None:
        raise ValueError("nothing to report: expected scores, stimuli or cells")
    found = [] if scores is None else score_tiles(scores.metrics())
    trust = [] if scores is None else score_checks(scores)
    if cells is not None:
        trust += cell_checks(cells.table)
    page = Page("A model and its cells", "", found, trust or None)
    if scores is not None:
        add_scores(page, scores.metrics(), scores.per_neuron)
    if stimuli is not None:
        labels = [f"neuron {neuron}" for neuron in stimuli.neurons]
        shown = pictures(stimuli.patterns, labels, "stimulus of")
        page.add("Preferred stimuli", _STIMULI, shown)
        page.figures["stimuli"] = gallery(stimuli.patterns, labels)
    if cells is not None:
        page.add("Cells", _CELLS, str(cells))
        add_control(page, cells.table)
    page.save(path, figures)

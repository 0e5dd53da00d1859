"""The page of a study: trials of many configurations."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from v1keras.report import elements
from v1keras.report.figures.style import COLORS, GREY, new_figure, styled
from v1keras.report.page import Page

_STUDY = (
    "What was searched. The score is the validation score of one network: no test image"
    " had a part in it."
)
_TRIALS = (
    "Each trial, best first, with the epoch of its score. Pruned: given up because it"
    " was worse than the median of the trials before it at the same epoch."
)
_SCORES = (
    "Validation score of each trial in the order of their start; the line is the best"
    " so far, crosses were pruned."
)
_CURVES = "Validation score over epochs, a line per trial; pruned ones are grey."
_KEYS = (
    "Validation score over each key that was searched; crosses were pruned. Trials are"
    " not drawn evenly: more of them lie where earlier ones were good."
)


@dataclasses.dataclass
class Trial:
    """One trial of a study.

    Attributes:
        number: Integer, from 0.
        state: String, "waiting", "running", "complete", "pruned" or "failed".
        values: Dict, key of the configuration -> value; empty while it waits.
        score: Float, validation score, or None.
        epoch: Integer, epoch of that score, or None.
        curve: List of the validation scores of the epochs.
        reason: String, why it failed.
    """

    number: int
    state: str
    values: dict[str, Any]
    score: float | None = None
    epoch: int | None = None
    curve: list[float] = dataclasses.field(default_factory=list)
    reason: str = ""


def write_study_page(
    path: str | os.PathLike[str], facts: Mapping[str, str], trials: Sequence[Trial]
) -> None:
    """Write the page of a study.

    Args:
        path: The .html file.
        facts: Dict of name -> text, the study in short.
        trials: Sequence of `Trial`s in the order of their numbers.

    Raises:
        OSError: The file can't be written.
    """
    page = Page("A study", "Configurations compared by validation scores alone.")
    page.add("Trials", _TRIALS, _table(trials))
    reasons = {f"trial {t.number}": t.reason for t in trials if t.reason}
    if reasons:
        page.add("Why trials failed", "", elements.facts(reasons))
    scored = [trial for trial in trials if trial.score is not None]
    if scored:
        page.add_plots("Scores", _SCORES, {"scores": _scores(scored)})
        page.add_plots("Learning curves", _CURVES, {"curves": _curves(scored)})
        drawn = {}
        for key in scored[0].values:
            drawn[key] = _scores_over(key, scored)
        page.add_plots("Keys", _KEYS, drawn)
    page.add("What was searched", _STUDY, elements.facts(facts))
    page.save(path)


def _table(trials):
    """Return the trials as a table, best first."""
    keys = list(dict.fromkeys(key for trial in trials for key in trial.values))
    headings = ["trial", "state", "score", "epoch", *keys]
    rows = []
    for trial in sorted(trials, key=_rank):
        score = "" if trial.score is None else f"{trial.score:.4f}"
        epoch = "" if trial.epoch is None else str(trial.epoch)
        values = [_shown(trial.values.get(key, "")) for key in keys]
        rows.append([str(trial.number), trial.state, score, epoch, *values])
    return elements.table(headings, rows)


def _rank(trial):
    return (trial.state != "complete", -(trial.score or 0), trial.number)


def _shown(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@styled
def _scores(trials):
    figure, ((axis,),) = new_figure()
    best = []
    for trial in trials:
        scores = [trial.score] if trial.state == "complete" else []
        best.append(max([*best[-1:], *scores], default=np.nan))
    _draw(axis, trials, [trial.number for trial in trials])
    axis.step([trial.number for trial in trials], best, where="post", color=GREY)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set(xlabel="trial", ylabel="validation score")
    return figure


@styled
def _curves(trials):
    figure, ((axis,),) = new_figure()
    for trial in trials:
        epochs = np.arange(1, len(trial.curve) + 1)
        color = GREY if trial.state == "pruned" else COLORS[0]
        axis.plot(epochs, trial.curve, "o-", color=color, lw=0.8, ms=2)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set(xlabel="epoch", ylabel="validation score")
    return figure


@styled
def _scores_over(key, trials):
    figure, ((axis,),) = new_figure()
    values = [trial.values[key] for trial in trials]
    if all(type(value) in (int, float) for value in values):
        if min(values) > 0 and max(values) > 20 * min(values):
            axis.set_xscale("log")
            axis.xaxis.set_major_formatter("{x:g}")
        _draw(axis, trials, values)
    else:
        names = sorted({str(value) for value in values})
        _draw(axis, trials, [names.index(str(value)) for value in values])
        axis.set_xticks(range(len(names)), names)
    axis.set(xlabel=key, ylabel="validation score")
    return figure


def _draw(axis, trials, places):
    for mark, is_pruned in (("o", False), ("x", True)):
        chosen = [(trial.state == "pruned") == is_pruned for trial in trials]
        scores = np.array([trial.score for trial in trials])[chosen]
        axis.plot(np.array(places)[chosen], scores, mark, color=COLORS[0])

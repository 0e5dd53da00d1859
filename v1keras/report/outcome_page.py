"""The page of an experiment's outcome."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from v1keras.report import figures
from v1keras.report.elements import Check, Html, Tile, as_html, facts, table
from v1keras.report.figures.experiments import (
    against_own,
    gains,
    responses_over_blocks,
    specificity_matrix,
)
from v1keras.report.page import Page

_LEAD = (
    "What was predicted before the experiment, against what the neurons did. Nothing"
    " was chosen or corrected by these responses."
)
_COUNTS = (
    "Neurons whose own stimulus drives them more or less than a control, p < 0.05 after"
    " correction for the number of neurons. Share: of neurons whose true response is"
    " higher, with the noise taken out; 95 % interval for other neurons. Index:"
    " difference over sum; 95 % interval for other neurons and presentations."
)
_CONTROLS = (
    "Response to the neuron's own stimulus over that to each control; bars are one"
    " standard error of the difference. Above the line the own stimulus drives it more."
)
_MATRIX = (
    "Row: a neuron; column: whose preferred stimulus was shown. Each row in its"
    " standard deviations. Specific stimuli make the diagonal bright."
)
_PREDICTED = (
    "Measured mean responses to all stimuli of the set against the predicted rates; the"
    " best, the median and the worst predicted neuron. On the grey line both are equal."
)
_DRIFT = (
    "Left: responses to the repeated images over those of the first day, with 95 %"
    " intervals over images. Right: the mean response of each block over that of all."
)
_ADVICE = "find out which before anything below is believed"


def write_outcome_page(
    path: str | os.PathLike[str],
    summary: Mapping[str, Any],
    columns: Mapping[str, np.ndarray],
    matrix: np.ndarray,
    responses: tuple[np.ndarray, np.ndarray],
) -> None:
    """Write the page of an experiment's outcome.

    Args:
        path: The .html file.
        summary: Dict, the content of `outcome.json`.
        columns: Dict of `(n,)` columns, those of `neurons.csv`.
        matrix: `(n, n)` z-scores of responses to preferred stimuli.
        responses: Tuple of predicted and measured `(stimuli, n)`.

    Raises:
        OSError: The file can't be written.
    """
    trust = []
    for fault in summary["faults"]:
        passed = {"fine": True, "wrong": False}.get(fault["verdict"])
        trust.append(Check(passed, fault["text"], "" if passed else _ADVICE))
    title = "The outcome of an experiment"
    page = Page(title, _LEAD, _tiles(summary), trust)
    page.add("Own stimulus and controls", _COUNTS, _table(summary["controls"]))
    drawn = {}
    for role in summary["controls"]:
        label, error = _words(role), columns[f"{role}_error"]
        drawn[role] = against_own(columns["own"], columns[role], label, error)
    page.add_plots("Single controls", _CONTROLS, drawn)
    drawn = {"specificity": specificity_matrix(columns["neuron"], matrix)}
    page.add_plots("Specificity", _MATRIX, drawn)
    predicted, measured = responses
    drawn = {}
    for heading, i in figures.example_neurons(columns).items():
        name = f"prediction-{heading.partition(':')[0]}"
        drawn[name] = figures.prediction(measured[:, i], predicted[:, i], heading)
    if drawn:
        page.add_plots("Single neurons", _PREDICTED, drawn)
    drift = summary["drift"]
    drawn = {"blocks": responses_over_blocks(np.array(drift["block_means"], float))}
    if np.isfinite(columns["gain"]).any():
        ends = columns["gain_low"], columns["gain_high"]
        drawn = {"gains": gains(columns["gain"], *ends)} | drawn
    page.add_plots("Drift", _DRIFT, drawn)
    page.add("What was compared", "", facts(_content(summary)))
    page.save(path)


def _tiles(summary):
    """Return what was found at a glance."""
    entries = []
    control = next(iter(summary["controls"]), None)
    if control is not None:
        group = summary["controls"][control]
        label = f"of neurons prefer their own stimulus to the {_words(control)}"
        note = f"95 % interval {_ends(group['share_interval'], _percent)}"
        entries.append(Tile(_percent(group["share_above"]), label, note))
    part, count = summary["specificity"], summary["neurons"]
    note = f"excess {_number(part['excess'])} SD, p = {part['p']:.2g}"
    label = "neurons: no other's stimulus drives them more"
    entries.append(Tile(f"{part['own_is_best']} of {count}", label, note))
    part = summary["prediction"]
    label = "correlation of predicted and measured responses"
    note = f"95 % interval {_ends(part['correlation_interval'])}"
    entries.append(Tile(_number(part["correlation"]), label, note))
    label = "gain of the second day over the first"
    part = summary["drift"]
    note = f"median; changed for {part['changed_gains']} of {count} neurons"
    entries.append(Tile(_number(part["median_gain"]), label, note))
    return entries


def _table(controls):
    headings = ["control", "more", "less", "can't tell", "share", "index"]
    headings.append("index predicted")
    rows = []
    for role, group in controls.items():
        counts = [str(group[key]) for key in ("more", "less", "cannot_tell")]
        share = _ends(group["share_interval"], _percent)
        index = _ends(group["index_interval"])
        rows.append(
            [
                _words(role),
                *counts,
                _with_small(_percent(group["share_above"]), share),
                _with_small(_number(group["index"]), index),
                _number(group["predicted_index"]),
            ]
        )
    return table(headings, rows)


def _content(summary):
    """Return what was compared, by name."""
    prediction, drift = summary["prediction"], summary["drift"]
    shift = "can't be told without images of the first day"
    if drift["shift_down_right"] is not None:
        down, right = drift["shift_down_right"]
        shift = (
            f"images seem {down:.1f} pixels lower and {right:.1f} to the right"
            f" (correlation {_number(drift['correlation_shifted'])} instead of"
            f" {_number(drift['correlation_as_shown'])})"
        )
    return {
        **{_words(name): text for name, text in summary["set"].items()},
        "neurons": str(summary["neurons"]),
        "stimuli": (
            f"{summary['stimuli']}, {summary['presentations']} presentations each"
        ),
        "CC_norm": (
            f"mean {_number(prediction['cc_norm'])}, median"
            f" {_number(prediction['median_cc_norm'])};"
            f" {prediction['no_ceiling']} neurons without a ceiling"
        ),
        "position": shift,
    }


def _words(name):
    return name.replace("_", " ")


def _with_small(text, small):
    return Html(f"{as_html(text)} <small>{as_html(small)}</small>")


def _ends(interval, show=None):
    low, high = map(show or _number, interval)
    return "unknown" if "unknown" in (low, high) else f"{low} to {high}"


def _percent(value):
    return "unknown" if _is_unknown(value) else f"{100 * value:.0f} %"


def _number(value):
    return "unknown" if _is_unknown(value) else f"{value:.2f}"


def _is_unknown(value):
    return value is None or not np.isfinite(value)

"""The page of an experiment's outcome."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from v1keras.report.elements import Check
from v1keras.report.figures.style import new_figure, styled
from v1keras.report.page import Page

_TABLE = (
    "What was predicted before the experiment, against what the neurons did. Nothing"
    " was chosen or corrected by these responses."
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
    "Predicted against measured mean responses to all stimuli of the set; the best, the"
    " median and the worst predicted neuron."
)
_DRIFT = (
    "Left: responses to the repeated images over those of the first day, with 95 %"
    " intervals over images. Right: the mean response of each block over that of all."
)


def write_outcome_page(
    path: str | os.PathLike[str],
    text: str,
    neurons: np.ndarray,
    controls: Mapping[str, Sequence[np.ndarray]],
    matrix: np.ndarray,
    responses: tuple[np.ndarray, np.ndarray],
    columns: Mapping[str, np.ndarray],
    blocks: np.ndarray,
    faults: Sequence[tuple[str, str]],
) -> None:
    """Write the page of an experiment's outcome.

    Args:
        path: The .html file.
        text: String, the outcome in short.
        neurons: `(n,)` indices.
        controls: Dict, control -> own response, control's response and standard error
            of their difference, each `(n,)`.
        matrix: `(n, n)` z-scores of responses to preferred stimuli.
        responses: Tuple of predicted and measured `(stimuli, n)`.
        columns: Dict of `(n,)` columns `correlation`, `cc_norm`, `gain`, `gain_low` and
            `gain_high`.
        blocks: `(presentations,)` mean response of each block over that of all.
        faults: Sequence of verdict ("fine", "wrong" or "can't tell") and a line on it.

    Raises:
        OSError: The file can't be written.
    """
    advice = "find out which before anything below is believed"
    trust = []
    for verdict, finding in faults:
        passed = {"fine": True, "wrong": False}.get(verdict)
        trust.append(Check(passed, finding, "" if passed else advice))
    page = Page("The outcome of an experiment", _TABLE, trust=trust)
    page.add("Outcome", "", text)
    drawn = {"controls": _control_figure(controls)}
    page.add_plots("Own stimulus and controls", _CONTROLS, drawn)
    drawn = {"specificity": _matrix_figure(neurons, matrix)}
    page.add_plots("Specificity", _MATRIX, drawn)
    drawn = {"predictions": _predictions(neurons, *responses, columns)}
    page.add_plots("Predictions", _PREDICTED, drawn)
    page.add_plots("Drift", _DRIFT, {"drift": _drift_figure(columns, blocks)})
    page.save(path)


@styled
def _control_figure(controls):
    count = len(controls)
    figure, axes = new_figure(1.9 * count, 2.4, 1, count)
    for axis, (name, (own, control, error)) in zip(
        axes.flat, controls.items(), strict=True
    ):
        top = max(np.nanmax(own), np.nanmax(control), 1e-9) * 1.05
        axis.plot([0, top], [0, top], color="0.6", lw=1)
        axis.errorbar(control, own, error, fmt=".", ms=4, elinewidth=0.5)
        axis.set_title(name.replace("_", " "), fontsize=7)
        axis.tick_params(labelsize=6)
    axes.flat[0].set_ylabel("own stimulus", fontsize=7)
    return figure


@styled
def _matrix_figure(neurons, matrix):
    figure, axes = new_figure(5, 4.5)
    axis = axes[0, 0]
    size = np.nanmax(np.abs(matrix)) or 1
    shown = axis.imshow(matrix, cmap="gray", vmin=-size, vmax=size)
    if len(neurons) <= 40:
        axis.set_xticks(np.arange(len(neurons)), neurons, fontsize=5, rotation=90)
        axis.set_yticks(np.arange(len(neurons)), neurons, fontsize=5)
    axis.set(xlabel="preferred stimulus of neuron", ylabel="response of neuron")
    figure.colorbar(shown, label="standard deviations")
    return figure


@styled
def _predictions(neurons, predicted, measured, columns):
    order = np.argsort(-np.nan_to_num(columns["correlation"], nan=-2), kind="stable")
    figure, grid = new_figure(8, 2.9, 1, 3)
    axes = grid[0]
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    for axis, (name, i) in zip(axes, chosen.items(), strict=True):
        both = np.concatenate([predicted[:, i], measured[:, i]])
        ends = [min(0.0, np.nanmin(both)), np.nanmax(both)]
        axis.plot(ends, ends, color="0.6", lw=1)
        axis.plot(predicted[:, i], measured[:, i], ".", ms=4)
        score = f"r {columns['correlation'][i]:.2f}"
        axis.set_title(f"{name}: neuron {neurons[i]}, {score}", fontsize=9)
        axis.set_xlabel("predicted rate")
    axes[0].set_ylabel("measured response")
    return figure


@styled
def _drift_figure(columns, blocks):
    figure, grid = new_figure(8, 2.8, 1, 2)
    left, right = grid[0]
    order = np.argsort(columns["gain"])
    gain = columns["gain"][order]
    ends = np.stack([columns["gain_low"][order], columns["gain_high"][order]])
    errors = np.maximum(np.abs(ends - gain), 0)
    left.axhline(1, color="0.6", lw=1)
    left.errorbar(np.arange(len(gain)), gain, errors, fmt=".", ms=4, elinewidth=0.5)
    left.set(xlabel="neurons, sorted", ylabel="gain, second day over first")
    right.axhline(1, color="0.6", lw=1)
    right.plot(np.arange(1, len(blocks) + 1), blocks, ".-")
    right.set(xlabel="block", ylabel="mean response")
    return figure

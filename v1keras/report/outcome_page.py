"""The page of an experiment's outcome."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot

from v1keras.report.page import write_page

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

    Raises:
        OSError: The file can't be written.
    """
    sections = [
        ("Outcome", _TABLE, text),
        ("Own stimulus and controls", _CONTROLS, _control_figure(controls)),
        ("Specificity", _MATRIX, _matrix_figure(neurons, matrix)),
        ("Predictions", _PREDICTED, _predictions(neurons, *responses, columns)),
        ("Drift", _DRIFT, _drift_figure(columns, blocks)),
    ]
    write_page(path, "v1keras: the outcome of an experiment", sections)


def _control_figure(controls):
    count = len(controls)
    figure, axes = pyplot.subplots(1, count, figsize=(1.9 * count, 2.4), squeeze=False)
    for axis, (name, (own, control, error)) in zip(
        axes.flat, controls.items(), strict=True
    ):
        top = max(np.nanmax(own), np.nanmax(control), 1e-9) * 1.05
        axis.plot([0, top], [0, top], color="0.6", lw=1)
        axis.errorbar(control, own, error, fmt=".", ms=4, elinewidth=0.5)
        axis.set_title(name.replace("_", " "), fontsize=7)
        axis.tick_params(labelsize=6)
    axes.flat[0].set_ylabel("own stimulus", fontsize=7)
    figure.tight_layout(pad=0.4)
    return figure


def _matrix_figure(neurons, matrix):
    figure, axis = pyplot.subplots(figsize=(5, 4.5))
    size = np.nanmax(np.abs(matrix)) or 1
    shown = axis.imshow(matrix, cmap="gray", vmin=-size, vmax=size)
    if len(neurons) <= 40:
        axis.set_xticks(np.arange(len(neurons)), neurons, fontsize=5, rotation=90)
        axis.set_yticks(np.arange(len(neurons)), neurons, fontsize=5)
    axis.set(xlabel="preferred stimulus of neuron", ylabel="response of neuron")
    figure.colorbar(shown, label="standard deviations")
    figure.tight_layout()
    return figure


def _predictions(neurons, predicted, measured, columns):
    order = np.argsort(-np.nan_to_num(columns["correlation"], nan=-2), kind="stable")
    figure, axes = pyplot.subplots(1, 3, figsize=(8, 2.9))
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
    figure.tight_layout()
    return figure


def _drift_figure(columns, blocks):
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 2.8))
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
    figure.tight_layout()
    return figure

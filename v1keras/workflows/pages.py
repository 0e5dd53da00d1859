"""The page that a training or an evaluation leaves, and that `python -m v1keras.report`
writes anew.
"""

import pathlib

import keras
import numpy as np

from v1keras import report
from v1keras.data import model_inputs
from v1keras.models import (
    Concatenated,
    Ensemble,
    FactorizedReadout,
    GaussianReadout,
    V1Model,
    at_mean_behavior,
)
from v1keras.report import figures, training
from v1keras.training import Checkpoints
from v1keras.training.prediction import Predictor
from v1keras.workflows import workdir

_SCORES = (
    "Correlation of predicted rates with measured responses; CC_norm divides it by the"
    " highest that the neuron's noise allows (1 is the limit); near the limit means 0.9"
    " or more. Means over neurons, in brackets their 95 % bootstrap interval."
)
_LIMIT = (
    "Left: each dot is a neuron, its correlation against the highest that its noise"
    " allows; on the line there is nothing left to predict. Right: the ratio of both."
)
_CURVES = (
    "Training follows the validation score, never the test images; the weights kept are"
    " those of its highest point. Loss: of one neuron."
)
_PREDICTED = (
    "Test images: what the model predicts against what was measured. On the grey line"
    " both are equal."
)
_FILTERS = (
    "Kernels of the first layer, each scaled to its own largest value; grey is zero."
    " Oriented ones resemble V1's receptive fields."
)
_PLACES = (
    "Where each neuron's readout looks in the image (-1 to 1, row downwards): neurons"
    " recorded together see nearly one place."
)


def write_model_page(
    path, model, recording, facts, history, metrics, columns, split="test"
):
    """Writes the page of a trained model.

    Args:
        path: the .html file.
        model: a `V1Model`, `Ensemble` or `Concatenated`; of several recordings that of
            the first.
        recording: the (first) `Recording` it was scored on, with its split.
        facts: the preset's metadata.
        history: list of the logs of each epoch; empty where they are not known.
        metrics: as `v1keras.evaluate.evaluate` gives them.
        columns: the same; those of the recording's neurons come first.
        split: which images were scored.

    Raises:
        OSError: the file can't be written.
    """
    sections = [
        (
            "What was run",
            "The model, its data and the command that makes it anew.",
            _about(model, facts),
        ),
        ("Scores", _SCORES, report.score_table(metrics)),
    ]
    if metrics["ceiling"] != "none":
        sections.append(
            ("Against the limit", _LIMIT, figures.score_distributions(columns))
        )
    if history:
        sections.append(("Learning curves", _CURVES, figures.learning_curves(history)))
    images, own = (
        recording.indices(split),
        {name: column[: recording.neuron_count] for name, column in columns.items()},
    )
    drawn = training.predictions(
        recording.responses[images],
        Predictor(model)(model_inputs(recording, images, model.columns)),
        own,
    )
    if drawn:
        sections.append(("Single neurons", _PREDICTED, drawn))
    network = _first_network(at_mean_behavior(model))
    kernels = None if network is None else _first_kernels(network)
    if kernels is not None:
        sections.append(("Filters", _FILTERS, training.filters(kernels)))
    places = None if network is None else _places(network)
    if places is not None:
        sections.append(("Readouts", _PLACES, training.positions(places)))
    report.write_page(path, "v1keras: a trained model", sections)


def history_of(folder):
    """The logs of each epoch of the training whose workdir this is, of its first
    network; [] where it is none, or none can be read.
    """
    try:
        _, progress = Checkpoints(
            pathlib.Path(folder) / workdir.CHECKPOINTS / "member_0"
        ).newest()
    except (
        ValueError
    ):  # the warnings have said which files are damaged; a page does without the curves
        return []
    return progress["history"] if progress else []


def _about(model, facts):
    recorded = facts["recording"]
    sessions = ", ".join(
        f"{name} ({count})" for name, count in facts["sessions"].items()
    )
    lines = {
        "command": facts["command"],
        "commit": facts["commit"] or "no checkout",
        "recording": recorded.get("name", "without a name"),
        "sessions (neurons)": sessions,
        "split": (
            f"protocol {facts['config']['data']['protocol']}, seed"
            f" {facts['config']['data']['split_seed']}"
        ),
        "parameters": f"{model.count_params():,}",
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items())


def _first_network(model):
    """The `V1Model` that is looked into; None where there is none, as beside a ridge
    alone.
    """
    if isinstance(model, (Ensemble, Concatenated)):
        return _first_network(model.members[0])
    return model if isinstance(model, V1Model) else None


def _first_kernels(network):
    for weight in (
        network.core.trainable_variables + network.core.non_trainable_variables
    ):
        if len(weight.shape) == 4 and weight.shape[2] == 1:
            return np.moveaxis(keras.ops.convert_to_numpy(weight)[:, :, 0], -1, 0)
    return None


def _places(network):
    """`(neurons, 2)`: a Gaussian readout's positions, a factorised one's centre of its
    mask; None of others.
    """
    readout = network.readout
    if isinstance(readout, GaussianReadout):
        return keras.ops.convert_to_numpy(readout.positions())
    if not isinstance(readout, FactorizedReadout):
        return None
    height, width = network.core.compute_output_shape((None, *network.image_size, 1))[
        1:3
    ]
    mask = np.abs(keras.ops.convert_to_numpy(readout.mask)).reshape(height, width, -1)
    mask = mask / np.maximum(mask.sum(axis=(0, 1)), 1e-12)
    rows, columns = (
        np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
        for size in (height, width)
    )
    return np.stack(
        [np.einsum("h,hwn->n", rows, mask), np.einsum("w,hwn->n", columns, mask)],
        axis=-1,
    )

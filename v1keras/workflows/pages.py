"""The page that a training or an evaluation leaves, and that `python -m v1keras.report`
writes anew.
"""

import pathlib

from v1keras import report
from v1keras.data import model_inputs
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


def write_model_page(path, model, recording, facts, history, scores):
    """Write the page of a trained model.

    Args:
        path: The .html file.
        model: Model of the recording; of several recordings, the session of the first.
        recording: The (first) `Recording` it was scored on, with its split.
        facts: Dict, the preset's metadata.
        history: List of the logs of each epoch; empty where they are not known.
        scores: `Scores`; those of the recording's neurons come first.

    Raises:
        OSError: The file can't be written.
    """
    sections = [
        (
            "What was run",
            "The model, its data and the command that makes it anew.",
            _about(model, facts),
        ),
        ("Scores", _SCORES, str(scores)),
    ]
    if scores.ceiling != "none":
        sections.append(
            (
                "Against the limit",
                _LIMIT,
                figures.score_distributions(scores.per_neuron),
            )
        )
    if history:
        sections.append(("Learning curves", _CURVES, figures.learning_curves(history)))
    images = recording.indices(scores.split)
    own = {
        name: column[: recording.neuron_count]
        for name, column in scores.per_neuron.items()
    }
    rates = Predictor(model)(model_inputs(recording, images, model.covariates))
    drawn = training.predictions(recording.responses[images], rates, own)
    if drawn:
        sections.append(("Single neurons", _PREDICTED, drawn))
    kernels = model.first_layer_filters()
    if kernels is not None:
        sections.append(("Filters", _FILTERS, training.filters(kernels)))
    centers = model.receptive_field_centers()
    if centers is not None:
        sections.append(("Readouts", _PLACES, training.positions(centers)))
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

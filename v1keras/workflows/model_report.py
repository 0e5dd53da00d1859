"""The page that a training or an evaluation writes."""

import json
import pathlib

from v1keras.report.model_page import write_model_page
from v1keras.training import Checkpoints
from v1keras.workflows import workdir
from v1keras.workflows.score import predicted_rates


def write_model_report(path, model, recording, metadata, history, scores):
    """Write the page of a trained model.

    Args:
        path: The .html file.
        model: Model of the recording; of several recordings, the session of the first.
        recording: The (first) `Recording` it was scored on, with its split.
        metadata: Dict, the preset's metadata.
        history: List of the logs of each epoch; empty if they are not known.
        scores: `Scores`; those of the recording's neurons come first.

    Raises:
        OSError: The file can't be written.
    """
    images = recording.indices(scores.split)
    write_model_page(
        path,
        _facts(model, metadata),
        str(scores),
        scores.per_neuron,
        recording.responses[images],
        predicted_rates(model, recording, images),
        ceiling_known=scores.ceiling != "none",
        history=history,
        kernels=model.first_layer_filters(),
        centers=model.receptive_field_centers(),
    )


def history_of(folder):
    """Return the logs of each epoch of a training's first network.

    The list is empty if the folder is not a workdir, or none can be read.

    Args:
        folder: Workdir of a training.
    """
    checkpoints = pathlib.Path(folder) / workdir.CHECKPOINTS / "member_0"
    try:
        _, progress = Checkpoints(checkpoints).newest()
    except ValueError:
        # Warnings have named the damaged files; a page does without the curves.
        return []
    return progress["history"] if progress else []


def validation_of(folder):
    """Return the validation scores of a training, as an entry of `metrics.json`.

    Writing that file again would lose them.

    Args:
        folder: Workdir of a training; of any other folder the dict is empty.
    """
    path = pathlib.Path(folder) / "metrics.json"
    try:
        metrics = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {"validation": metrics["validation"]} if "validation" in metrics else {}


def _facts(model, metadata):
    """Return the lines on a run, by name."""
    counts = metadata["sessions"].items()
    data = metadata["config"]["data"]
    return {
        "command": metadata["command"],
        "commit": metadata["commit"] or "no checkout",
        "recording": metadata["recording"].get("name", "without a name"),
        "sessions (neurons)": ", ".join(f"{name} ({count})" for name, count in counts),
        "split": f"protocol {data['protocol']}, seed {data['split_seed']}",
        "parameters": f"{model.count_params():,}",
    }

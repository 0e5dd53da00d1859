"""The page that a training or an evaluation writes."""

import json
import pathlib

from v1keras.report.elements import code
from v1keras.report.model_page import write_model_page
from v1keras.training import Checkpoints
from v1keras.workflows import workdir
from v1keras.workflows.score import predicted_rates, session_of


def write_model_report(
    path,
    model,
    recordings,
    metadata,
    history,
    scores,
    trust,
    differences=None,
    kind=None,
):
    """Write the page of a trained model.

    Args:
        path: The .html file.
        model: Model of the recordings.
        recordings: List of the `Recording`s it was scored on, with their split.
        metadata: Dict, the preset's metadata.
        history: List of the logs of each epoch; empty if they are not known.
        scores: `Scores`; those of the first recording's neurons come first.
        trust: List of `Check`s, as `model_checks` returns them.
        differences: Dict of heading -> dict of name -> figure of the differences to
            another model, or None.
        kind: String, format of the figures' own files, or None for none.

    Returns:
        List of strings, names of the files.

    Raises:
        OSError: A file can't be written.
    """
    first = recordings[0]
    model, images = session_of(model, first), first.indices(scores.split)
    return write_model_page(
        path,
        _facts(model, metadata),
        scores.metrics(),
        scores.per_neuron,
        first.responses[images],
        predicted_rates(model, first, images),
        trust,
        history=history,
        kernels=model.first_layer_filters(),
        centers=model.receptive_field_centers(),
        differences=differences,
        kind=kind,
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
        "recording": metadata["recording"].get("name", "without a name"),
        "sessions (neurons)": ", ".join(f"{name} ({count})" for name, count in counts),
        "split": f"protocol {data['protocol']}, seed {data['split_seed']}",
        "parameters": f"{model.count_params():,}",
        "command": code(metadata["command"]),
        "commit": code(metadata["commit"] or "no checkout"),
    }

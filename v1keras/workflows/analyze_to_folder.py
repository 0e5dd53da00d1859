"""The work of `v1keras experiment analyze`: a set and responses in, a verdict out."""

import json
import os
import pathlib

import numpy as np

from v1keras.experiment.resampling import block_means
from v1keras.experiment.stimulus_set import open_set
from v1keras.io.output import check_outputs, output_folder
from v1keras.io.tables import write_columns
from v1keras.report.outcome_page import write_outcome_page
from v1keras.workflows.analyze import analyze
from v1keras.workflows.measured import responses_in_order, responses_of_recording

FILES = ("neurons.csv", "outcome.json", "report.html")


def analyze_to_folder(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    recording: str | None = None,
    responses: str | None = None,
    seed: int = 0,
) -> str:
    """Analyze the second day of an experiment and write what it says to a folder.

    Args:
        folder: Folder of the set.
        out: Folder to write to.
        recording: HDF5 file of the second day; or
        responses: file of an array, a row per presentation in the set's order.
        seed: Integer, seed of permutations and bootstraps.

    Returns:
        String, what the command prints.

    Raises:
        ValueError, OSError: The set or the responses can't be read, or do not fit.
    """
    check_outputs(out, FILES)
    if (recording is None) == (responses is None):
        raise ValueError(
            "the second day: expected either --recording=FILE.h5 or --responses=FILE,"
            " an array with a row per presentation"
        )
    made = open_set(folder)
    if recording is not None:
        measured = responses_of_recording(recording, made)
    else:
        measured = responses_in_order(str(responses), made)
    outcome = analyze(made, measured, seed)
    with output_folder(out, FILES) as parts:
        write_columns(outcome.per_neuron, parts / "neurons.csv")
        text = json.dumps(_without_nan(outcome.summary), indent=1)
        (parts / "outcome.json").write_text(text + "\n")
        write_outcome_page(
            parts / "report.html",
            outcome.summary,
            outcome.per_neuron,
            outcome.specificity.matrix,
            (made.predictions.rates, block_means(measured)),
        )
    page = pathlib.Path(out) / "report.html"
    return f"{outcome}\nreport: {page}; written beside it: neurons.csv, outcome.json"


def _without_nan(value):
    """Return a value of JSON with null for NaN."""
    if isinstance(value, dict):
        return {name: _without_nan(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_without_nan(entry) for entry in value]
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value

"""An inversion by name: a trained model in, a folder of stimuli and cells out."""

import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras import report
from v1keras.characterization.characterize import Cells
from v1keras.characterization.columns import CURVE_LABELS, page_columns
from v1keras.data import Recording
from v1keras.evaluation.scores import Scores
from v1keras.inversion import GradientAscent, RestartedAscent
from v1keras.inversion.matched_contrast import matched_contrast
from v1keras.inversion.resume import holds_chunks, run_in_chunks
from v1keras.io.atomic import atomic_files, remove_folder
from v1keras.io.lock import locked_folder
from v1keras.io.output import check_outputs
from v1keras.io.tables import write_columns
from v1keras.workflows.cell_trust import cell_checks
from v1keras.workflows.check_words import cautions
from v1keras.workflows.invert import (
    PARAMETRIZATIONS,
    characterize,
    images_only,
    nothing_to_invert,
    split_constant,
)
from v1keras.workflows.matching import check_fit, in_order_of_other
from v1keras.workflows.reopen import open_model, open_models
from v1keras.workflows.score import score_by
from v1keras.workflows.trust import recording_checks

_FILES = ("stimuli.h5", "cells.csv", "report.html", "gallery.png", "tuning.png")


def choose_neurons(text: str, scores: Scores) -> np.ndarray:
    """Return the neurons that `--neurons` names.

    Args:
        text: String, "all", "near-limit" (see `Scores.near_limit`), or indices such as
            "0,3,7".
        scores: `Scores` of the model.

    Raises:
        ValueError: No such neuron, or none near the limit.
    """
    cc_norm = scores.per_neuron["cc_norm"]
    count = len(cc_norm)
    if text == "all":
        return np.arange(count)
    if text == "near-limit":
        if np.isnan(cc_norm).all():
            raise ValueError(
                "--neurons=near-limit: no noise ceiling is available for this recording"
                " (no repeats, no spike counts); name neurons, as in --neurons=0,3"
            )
        near = scores.near_limit()
        if not near.size:
            raise ValueError(
                "--neurons=near-limit: no neuron is likely to be near its limit; name"
                " neurons, as in --neurons=0,3,7"
            )
        return near
    try:
        neurons = np.array([int(part) for part in text.split(",")])
    except ValueError:
        raise ValueError(
            f"--neurons: found {text!r}, expected all, near-limit or indices such as"
            " 0,3,7"
        ) from None
    if len(np.unique(neurons)) < len(neurons):
        raise ValueError(f"--neurons: found {text!r}, which names a neuron twice")
    outside = neurons[(neurons < 0) | (neurons >= count)]
    if outside.size:
        raise ValueError(
            f"--neurons: there is no neuron {outside[0]}; the model has neurons 0 to"
            f" {count - 1}"
        )
    return neurons


def open_evaluator(
    name: str | os.PathLike[str], metadata: dict[str, Any], recording: Recording
) -> Any:
    """Open a model that another model's stimuli are presented to.

    Args:
        name: String, preset by name, its folder, or a workdir.
        metadata: Dict, metadata of the model that is inverted.
        recording: `Recording` of that model.

    Raises:
        ValueError: It takes other images, or predicts other neurons.
    """
    whole, own_metadata, _ = open_models(name)
    try:
        evaluator = images_only(whole, recording)
        check_fit(evaluator, recording)
    except ValueError as error:
        raise ValueError(f"--judges={name}: {error}") from None
    own, other = own_metadata["recording"], metadata["recording"]
    if own.get("name") != other.get("name"):
        raise ValueError(
            f"--judges={name} is of the recording {own.get('name')!r}, not of"
            f" {other.get('name')!r}: other neurons"
        )
    if whole.session(recording.name) is not whole:
        return evaluator
    try:
        return in_order_of_other(evaluator, own_metadata, metadata)
    except ValueError as error:
        raise ValueError(f"--judges={name} {error}") from None


def invert_to_folder(
    name: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    neurons: str = "near-limit",
    recording: str | None = None,
    judges: Sequence[str] = (),
    resume: bool = False,
    contrast_norm: float | None = None,
    figures: str | None = None,
    **options: Any,
) -> tuple[Cells, list[str], list[str]]:
    """Invert a trained model and write stimuli, cells and report to a folder.

    Args:
        name: String, preset by name, its folder, or a workdir.
        folder: Folder to write to.
        neurons: String, as for `choose_neurons`.
        recording: String, file or name of a public dataset; None for the model's own.
        judges: Sequence of names of other models of the same neurons, which the stimuli
            are presented to.
        resume: Boolean, whether to use the chunks that an interrupted run of the same
            options has finished.
        contrast_norm: Float, norm of the stimuli's contrast; None to derive it.
        figures: String, "pdf", "svg" or "png", to write each figure of the page to a
            file of its own, too; None for none.
        **options: `steps`, `seed`, `restarts`, `images`, `blur` and `jitter`, as for
            `preferred_stimuli`.

    Returns:
        Tuple `(cells, remarks, files)`: the `Cells`, lines on what is left out and on
        what can't be trusted, and the names of the page and its figures.

    Raises:
        ValueError, OSError: The model, the recording or an option does not fit.
    """
    folder = pathlib.Path(folder)
    check_outputs(folder, _FILES)
    whole, metadata, recording = open_model(name, recording)
    evaluators = [open_evaluator(other, metadata, recording) for other in judges]
    scores = score_by(metadata["config"]["evaluation"], whole, [recording])
    model = images_only(whole, recording)
    chosen = choose_neurons(neurons, scores)
    unpredicted = chosen[~scores.predicted()[chosen]]
    if neurons == "all":
        chosen = np.setdiff1d(chosen, unpredicted)
        if not chosen.size:
            raise ValueError(
                "--neurons=all: the model predicts no neuron better than chance, so"
                " there is nothing to learn from its stimuli; name neurons to invert"
                " them all the same, as in --neurons=0,3"
            )
    varying, constant = split_constant(model, recording, chosen)
    if not varying.size:
        raise ValueError(nothing_to_invert(constant))
    grey = metadata["pixels"].get("mean")
    contrast = matched_contrast(model, recording.images, contrast_norm, grey)
    ascent = GradientAscent(
        model,
        contrast,
        parametrization=PARAMETRIZATIONS[options["images"]](),
        blur=options["blur"],
        jitter=options["jitter"],
    )
    facts = options | {
        "model_sha256": metadata["sha256"]["model.weights.h5"],
        "recording": recording.attributes.get("name", ""),
    }
    chunks = folder / ".chunks"
    with locked_folder(folder):
        if holds_chunks(chunks) and not resume:
            remove_folder(chunks)
        stimuli = run_in_chunks(
            RestartedAscent(ascent, recording.images),
            varying,
            options["steps"],
            options["seed"],
            options["restarts"],
            chunks,
            facts | {"norm": contrast.norm, "neurons": varying.tolist()},
        )
        cells = characterize(model, recording, stimuli, evaluators, scores)
        trust = [
            *cell_checks(cells.table),
            *recording_checks(recording, quick=True),
            *_left_out(stimuli, constant),
            *_unpredicted(unpredicted, neurons == "all"),
        ]
        about = f"Of the model {name}, for the objective {ascent.objective}."
        remarks = cautions(trust)
        if whole.covariates:
            names = " and ".join(whole.covariates)
            held = f"the mean of the training images' {names}"
            about += f" At {held}."
            remarks.insert(0, f"of the model at {held}")
        with atomic_files(folder) as parts:
            stimuli.save(parts / "stimuli.h5", cells.gradient_fields, **facts)
            write_columns(cells.table, parts / "cells.csv")
            files = report.write_cells(
                parts,
                about,
                stimuli.patterns,
                cells.gradient_fields,
                {label: cells.curves[key] for key, label in CURVE_LABELS.items()},
                cells.table,
                page_columns(),
                trust,
                figures,
            )
        remove_folder(chunks)
    return cells, remarks, files


def _unpredicted(neurons, left_out):
    """Yield the check of neurons that are predicted no better than chance."""
    if neurons.size:
        what = "Not inverted" if left_out else "Of no class"
        names = ", ".join(map(str, neurons))
        yield report.Check(
            False,
            f"{what}, as the model predicts them no better than chance: neurons"
            f" {names}.",
            "See the model's report.",
        )


def _left_out(stimuli, constant):
    """Yield the checks of neurons without a gradient or with a constant rate."""
    flat = stimuli.neurons[stimuli.no_initial_gradient]
    if flat.size:
        names = ", ".join(map(str, flat))
        finding = f"Without a gradient where they start: neurons {names}."
        yield report.Check(False, finding, "Trust none of them; raise --restarts.")
    if constant.size:
        names = ", ".join(map(str, constant))
        yield report.Check(
            False,
            f"Not inverted, as their rate is the same for all images: neurons {names}.",
            "The model has learned nothing about them: see its report.",
        )

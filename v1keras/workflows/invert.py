"""Preferred stimuli of a model's neurons, and what kind of cell each is."""

import os
import pathlib
import shutil
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras import report
from v1keras.characterization.characterize import Cells, describe_cells
from v1keras.data import Recording
from v1keras.evaluation.scores import Scores
from v1keras.inversion import (
    ContrastConstraint,
    Fourier,
    GradientAscent,
    Pixels,
    PreferredStimuli,
)
from v1keras.inversion.controls import controls, filter_cosines
from v1keras.inversion.matched_contrast import matched_contrast
from v1keras.inversion.rates import compiled
from v1keras.inversion.resume import holds_chunks, run_in_chunks
from v1keras.io.tables import write_columns
from v1keras.training.prediction import Predictor
from v1keras.workflows.reopen import check_fit, open_model, open_models
from v1keras.workflows.score import score_by

# A rate that changes by less than this share over all images of the recording is
# constant: the readout has learned nothing of the neuron.
_CONSTANT = 0.01
PARAMETRIZATIONS = {"pixels": Pixels, "fourier": Fourier}


def preferred_stimuli(
    model: Any,
    recording: Recording,
    neurons: Sequence[int] | np.ndarray | None = None,
    contrast: ContrastConstraint | None = None,
    steps: int = 300,
    restarts: int = 1,
    seed: int = 0,
    parametrization: str = "pixels",
    blur: float = 1.0,
    jitter: int = 0,
) -> PreferredStimuli:
    """Synthesize the stimulus that drives each neuron most.

    Covariates of the model are fixed at their means over the training images.

    Args:
        model: Model of the recording's neurons.
        recording: `Recording`; stimuli have the contrast of its images.
        neurons: Sequence of indices; None for all. Neurons whose rate does not depend
            on the image are left out, with a warning if they are named here.
        contrast: `ContrastConstraint`; None for that of the recording's images.
        steps: Integer, largest number of steps.
        restarts: Integer, number of starts per neuron, of which the best is kept.
        seed: Integer, seed of the noise that stimuli start from.
        parametrization: "pixels" or "fourier".
        blur: Float, width in pixels of the gradient's smoothing at the first step.
        jitter: Integer, pixels by which a stimulus is shifted at random in each step.

    Raises:
        ValueError: No such neuron, or none whose rate depends on the image.
        FloatingPointError: A rate is not finite.
    """
    model = _images_alone(model, recording)
    chosen = np.arange(model.neuron_count) if neurons is None else np.array(neurons)
    varying, constant = split_constant(model, recording, chosen)
    if not varying.size:
        raise ValueError(
            f"the rate of neurons {', '.join(map(str, constant))} is the same for all"
            " images of the recording: nothing to invert"
        )
    if constant.size and neurons is not None:
        warnings.warn(
            "not inverted, for their rate is the same for all images: neurons"
            f" {', '.join(map(str, constant))}",
            stacklevel=2,
        )
    contrast = contrast or matched_contrast(model, recording.images)
    ascent = GradientAscent.for_model(
        model,
        contrast,
        images=PARAMETRIZATIONS[parametrization](),
        blur=blur,
        jitter=jitter,
    )
    return ascent.run(varying, steps, seed, restarts)


def characterize(
    model: Any,
    recording: Recording,
    stimuli: PreferredStimuli,
    evaluators: Sequence[Any] = (),
    scores: Scores | None = None,
) -> Cells:
    """Return class, controls, fits and tuning of each inverted cell.

    Args:
        model: Model that the stimuli were made with.
        recording: `Recording` of its neurons.
        stimuli: `PreferredStimuli`.
        evaluators: Sequence of other models of the same neurons, trained on other
            splits, that are shown the stimuli.
        scores: `Scores` of the model, whose columns precede the others.
    """
    model = _images_alone(model, recording)
    known = {"neuron": stimuli.neurons}
    if scores is not None:
        known = {
            name: column[stimuli.neurons] for name, column in scores.per_neuron.items()
        }
    known |= controls(model, recording.images, stimuli, evaluators)
    known["converged"] = stimuli.converged
    known["flat_start"] = stimuli.no_initial_gradient
    cosines = filter_cosines(recording, stimuli)
    if cosines is not None:
        known["filter_cosine"] = cosines
    cells = describe_cells(
        compiled(model),
        recording.images,
        stimuli,
        recording.attributes.get("pixels_per_degree"),
    )
    cells.table = known | cells.table
    return cells


def _images_alone(model, recording):
    return model.session(recording.name).without_covariates()


def choose_neurons(text: str, scores: Scores) -> np.ndarray:
    """Return the neurons that `--neurons` names.

    Args:
        text: "all", "near-limit" (CC_norm of 0.9 or more) or indices such as "0,3,7".
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
                "--neurons=near-limit: no neuron has a CC_norm of 0.9 or more; name"
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
        raise ValueError(f"--neurons: found {text!r}, in which a neuron stands twice")
    outside = neurons[(neurons < 0) | (neurons >= count)]
    if outside.size:
        raise ValueError(
            f"--neurons: there is no neuron {outside[0]}; the model has neurons 0 to"
            f" {count - 1}"
        )
    return neurons


def split_constant(
    model: Any, recording: Recording, neurons: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the neurons whose rate depends on the image, and the others.

    A rate is constant if it varies by no more than one part in a hundred over the
    images of the recording.

    Args:
        model: Callable, images -> rates.
        recording: `Recording`.
        neurons: `(n,)` indices.

    Raises:
        FloatingPointError: A rate is not finite.
    """
    rates = Predictor(model)(recording.images[..., None])[:, neurons]
    if not np.isfinite(rates).all():
        image, place = np.argwhere(~np.isfinite(rates))[0]
        raise FloatingPointError(
            f"the model's rate of neuron {neurons[place]} to image {image} of the"
            f" recording is {rates[image, place]}"
        )
    constant = np.ptp(rates, axis=0) <= _CONSTANT * rates.max(axis=0)
    return neurons[~constant], neurons[constant]


def open_evaluator(
    name: str | os.PathLike[str], metadata: dict[str, Any], recording: Recording
) -> Any:
    """Open a model that is shown another model's stimuli.

    Args:
        name: Preset by name, its folder, or a workdir.
        metadata: Dict, metadata of the model that is inverted.
        recording: `Recording` of that model.

    Raises:
        ValueError: It takes other images, or predicts other neurons.
    """
    evaluator, own_metadata, _ = open_models(name)
    try:
        evaluator = _images_alone(evaluator, recording)
        check_fit(evaluator, recording)
    except ValueError as error:
        raise ValueError(f"--judges={name}: {error}") from None
    own, other = own_metadata["recording"], metadata["recording"]
    if own.get("name") != other.get("name"):
        raise ValueError(
            f"--judges={name} is of the recording {own.get('name')!r}, not of"
            f" {other.get('name')!r}: other neurons"
        )
    return evaluator


def invert_to_folder(
    name: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    neurons: str = "near-limit",
    recording: str | None = None,
    judges: Sequence[str] = (),
    resume: bool = False,
    contrast_norm: float | None = None,
    **options: Any,
) -> tuple[Cells, list[str]]:
    """Invert a trained model and write stimuli, cells and report to a folder.

    Args:
        name: Preset by name, its folder, or a workdir.
        folder: Folder to write to.
        neurons: String, as for `choose_neurons`.
        recording: File or name of a public dataset; None for the model's own.
        judges: Other models of the same neurons that are shown the stimuli.
        resume: Boolean, whether to use the chunks that an interrupted run of the same
            options has finished.
        contrast_norm: Float, norm of the stimuli's contrast; None to derive it.
        **options: `steps`, `seed`, `restarts`, `images`, `blur` and `jitter`, as for
            `preferred_stimuli`.

    Returns:
        Tuple `(cells, remarks)`: the `Cells`, and lines on neurons left out.

    Raises:
        ValueError, OSError: The model, the recording or an option does not fit.
    """
    folder = pathlib.Path(folder)
    whole, metadata, recording = open_model(name, recording)
    evaluators = [open_evaluator(other, metadata, recording) for other in judges]
    scores = score_by(metadata["config"]["evaluation"], whole, [recording])
    model = _images_alone(whole, recording)
    varying, constant = split_constant(
        model, recording, choose_neurons(neurons, scores)
    )
    if not varying.size:
        raise ValueError(
            f"the rate of neurons {', '.join(map(str, constant))} is the same for all"
            " images of the recording: nothing to invert"
        )
    grey = metadata["pixels"].get("mean")
    contrast = matched_contrast(model, recording.images, contrast_norm, grey)
    ascent = GradientAscent.for_model(
        model,
        contrast,
        images=PARAMETRIZATIONS[options["images"]](),
        blur=options["blur"],
        jitter=options["jitter"],
    )
    facts = options | {
        "model_sha256": metadata["sha256"]["model.weights.h5"],
        "recording": recording.attributes.get("name", ""),
    }
    chunks = folder / ".chunks"
    if holds_chunks(chunks) and not resume:
        shutil.rmtree(chunks)
    stimuli = run_in_chunks(
        ascent,
        varying,
        options["steps"],
        options["seed"],
        options["restarts"],
        chunks,
        facts | {"norm": contrast.norm, "neurons": varying.tolist()},
    )
    cells = characterize(model, recording, stimuli, evaluators, scores)
    stimuli.save(folder / "stimuli.h5", cells.gradient_fields, **facts)
    write_columns(cells.table, folder / "cells.csv")
    remarks = _remarks(stimuli, constant, list(whole.covariates))
    report.write_cells(
        folder,
        f"Model {name}, objective: {ascent.objective}.",
        "\n".join([str(cells), *remarks]),
        stimuli.patterns,
        cells.gradient_fields,
        cells.curves,
        cells.table,
    )
    shutil.rmtree(chunks)
    return cells, remarks


def _remarks(stimuli, constant, covariates):
    """Return lines on neurons that are left out or not to be believed."""
    lines = []
    if stimuli.no_initial_gradient.any():
        flat = stimuli.neurons[stimuli.no_initial_gradient]
        lines.append(
            "without a gradient where they start, so not to be believed (more"
            f" --restarts may help): neurons {', '.join(map(str, flat))}"
        )
    if covariates:
        names = " and ".join(covariates)
        lines.append(f"of the model at the mean of the training images' {names}")
    if constant.size:
        lines.append(
            "not inverted, for their rate is the same for all images: neurons"
            f" {', '.join(map(str, constant))}"
        )
    return lines

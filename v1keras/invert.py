r"""Synthesizes the stimulus that each neuron of a trained model prefers.

    python -m v1keras.invert --model=kindel2019_factorized --neurons=near-limit \
        --out=stimuli

A model that takes the eye's position or behaviour is inverted at their means over the
training images.

Writes stimuli.h5 (stimuli in pixel units, the rates they reach, gradient fields),
cells.csv (class, fits, tuning and controls of each cell), report.html, gallery.png,
tuning.png, and the same pictures for TensorBoard.
"""

import dataclasses
import json
import pathlib
import shutil
import time
from typing import Any

import h5py
import numpy as np
from absl import flags

from v1keras import cells, cli, report
from v1keras.data import Recording
from v1keras.evaluate import (
    check_fit,
    evaluate,
    model_of,
    open_model,
    open_models,
    predict,
    write_columns,
)
from v1keras.inversion import Contrast, Fourier, Inversion, Pixels
from v1keras.io.atomic import check_room, written_whole
from v1keras.models import at_mean_behavior

# Enough to see how large receptive fields are.
_SAMPLED_NEURONS, _FIRST_STEPS = 64, 60
_CHUNK = 128
# A rate that changes by less than this share over all images of the recording is
# constant: the readout has learned nothing of the neuron.
_CONSTANT = 0.01
# A pixel mean nearer than this share to black or white is no grey.
_EDGE = 0.01


def choose_neurons(text: str, count: int, cc_norm: np.ndarray) -> np.ndarray:
    """Which neurons to invert.

    Args:
        text: "all", "near-limit" (CC_norm of 0.9 or more) or indices such as "0,3,7".
        count: neurons there are.
        cc_norm: `(count,)`, for "near-limit".

    Returns:
        Indices.

    Raises:
        ValueError: no such neuron, or none near the limit.

    Example:

    >>> choose_neurons("2,0", 3, np.ones(3)).tolist()
    [2, 0]
    """
    if text == "all":
        return np.arange(count)
    if text == "near-limit":
        if np.isnan(cc_norm).all():
            raise ValueError(
                "--neurons=near-limit: this recording tells no limit (no repeats, no"
                " spike counts); name some, as in --neurons=0,3"
            )
        found = np.flatnonzero(np.nan_to_num(cc_norm) >= 0.9)
        if not found.size:
            raise ValueError(
                "--neurons=near-limit: no neuron has a CC_norm of 0.9 or more; name"
                " some, as in --neurons=0,3,7"
            )
        return found
    try:
        found = np.array([int(part) for part in text.split(",")])
    except ValueError:
        raise ValueError(
            f"--neurons: found {text!r}, expected all, near-limit or indices such as"
            " 0,3,7"
        ) from None
    if len(np.unique(found)) < len(found):
        raise ValueError(f"--neurons: found {text!r}, in which a neuron stands twice")
    outside = found[(found < 0) | (found >= count)]
    if outside.size:
        raise ValueError(
            f"--neurons: there is no neuron {outside[0]}; the model has neurons 0 to"
            f" {count - 1}"
        )
    return found


def grey_of(model: Any, recording: Recording) -> float:
    """The pixel value of no contrast: the mean that the model subtracts; of a model
    that takes pixels as they are, the images' mean.

    Args:
        model: a `V1Model` or an `Ensemble`.
        recording: a `Recording`.
    """
    low, high = float(recording.images.min()), float(recording.images.max())
    if low + _EDGE * (high - low) < model.pixel_mean < high - _EDGE * (high - low):
        return model.pixel_mean
    return float(recording.images.mean(dtype="float64"))


def contrast_of(
    model: Any,
    recording: Recording,
    norm: float | None = None,
    grey: float | None = None,
) -> Contrast:
    """The constraint that keeps stimuli like the recording's images: their grey, their
    pixel range, and their contrast where there is any.

    A stimulus fills a receptive field, not the image. So its norm is the images'
    median, times the square root of the share of the image's area that it fills: its
    contrast there is what the images have where they have contrast. The area is found
    by a first, short inversion at a tenth of the norm.

    Args:
        model: a `V1Model` or an `Ensemble`.
        recording: a `Recording`.
        norm: of the contrast; None to have it found.
        grey: the pixel value of no contrast; None for what `grey_of` finds.

    Returns:
        A `Contrast`.
    """
    images = recording.images.astype("float32")
    low, high = float(images.min()), float(images.max())
    grey = grey_of(model, recording) if grey is None else grey
    if norm is None:
        patterns = images - grey
        median = float(
            np.median(np.linalg.norm(patterns.reshape(len(patterns), -1), axis=1))
        )
        some = np.unique(
            np.linspace(0, recording.neuron_count - 1, _SAMPLED_NEURONS).astype(int)
        )  # the same whichever are asked for
        first = cells.ascent_of(model, Contrast(grey, median / 10, low, high)).run(
            some, _FIRST_STEPS
        )
        filled = np.median(effective_area(first.stimuli - grey)) / np.median(
            effective_area(patterns)
        )
        norm = median * float(np.sqrt(min(filled, 1.0)))
    return Contrast(grey, norm, low, high)


def effective_area(patterns: np.ndarray) -> np.ndarray:
    """How many pixels a pattern's contrast is spread over: (sum x^2)^2 / sum x^4, the
    participation ratio.

    Args:
        patterns: `(n, height, width)`, zero where there is no contrast.

    Returns:
        `(n,)` pixels.

    Example:

    >>> effective_area(np.array([[[2.0, -2.0, 0.0, 2.0]]])).tolist()
    [3.0]
    """
    squared = np.square(patterns.reshape(len(patterns), -1), dtype="float64")
    return np.square(squared.sum(axis=1)) / np.maximum(
        np.square(squared).sum(axis=1), 1e-30
    )


def ascend(ascent, neurons, steps, seed, restarts, keep, facts):
    """Runs an ascent chunk by chunk and keeps each in a file, so that an interrupted
    run can go on.

    Args:
        ascent: an `Ascent`.
        neurons: indices.
        steps, seed, restarts: as `Ascent.run` takes them.
        keep: folder of the files. What is there is taken, if it is of the same `facts`.
        facts: dict that JSON knows: what the stimuli depend on.

    Returns:
        An `Inversion`.

    Raises:
        ValueError: the folder holds another inversion.
    """
    text = json.dumps(facts, sort_keys=True)
    if (keep / "facts.json").exists() and (keep / "facts.json").read_text() != text:
        raise ValueError(
            f"{keep} holds the chunks of an inversion of another model or other"
            " options; leave out --resume, or name another --out"
        )
    keep.mkdir(parents=True, exist_ok=True)
    with written_whole(keep / "facts.json") as beside:
        beside.write_text(text)
    parts, fields = [], [field.name for field in dataclasses.fields(Inversion)]
    for begin in range(0, len(neurons), _CHUNK):
        path = keep / f"{begin:06d}.npz"
        if not path.exists():
            found = ascent.run(neurons[begin : begin + _CHUNK], steps, seed, restarts)
            with written_whole(path) as beside, open(beside, "wb") as file:
                np.savez(file, **{name: getattr(found, name) for name in fields})
        with np.load(path) as file:
            parts.append({name: file[name] for name in fields})
    return Inversion(
        **{
            name: np.concatenate(
                [part[name] for part in parts], axis=1 if name == "trace" else 0
            )
            for name in fields
        }
    )


def judge_of(name, metadata, recording):
    """A model that judges another's stimuli.

    Args:
        name: of a preset, its folder, or a workdir.
        metadata: of the model that is inverted.
        recording: its `Recording`.

    Raises:
        ValueError: it takes other images, or predicts other neurons.
    """
    judge, known, _ = open_models(name)
    try:
        judge = at_mean_behavior(model_of(judge, recording))
        check_fit(judge, recording)
    except ValueError as error:
        raise ValueError(f"--judges={name}: {error}") from None
    if known["recording"].get("name") != metadata["recording"].get("name"):
        raise ValueError(
            f"--judges={name} is of the recording {known['recording'].get('name')!r},"
            f" not of {metadata['recording'].get('name')!r}: other neurons"
        )
    return judge


def alive(model, recording, neurons):
    """The neurons whose rate depends on the image, and those of which it is constant
    over the recording to one part in a hundred.

    Args:
        model: callable, images -> rates.
        recording: a `Recording`.
        neurons: indices.

    Returns:
        (indices, indices).

    Raises:
        FloatingPointError: a rate is not finite.
    """
    rates = predict(model, recording.images)[:, neurons]
    if not np.isfinite(rates).all():
        image, place = np.argwhere(~np.isfinite(rates))[0]
        raise FloatingPointError(
            f"the model's rate of neuron {neurons[place]} to image {image} of the"
            f" recording is {rates[image, place]}"
        )
    constant = np.ptp(rates, axis=0) <= _CONSTANT * rates.max(axis=0)
    return neurons[~constant], neurons[constant]


def write_stimuli(path, found, fields, contrast, facts):
    """Writes stimuli, traces and gradient fields to HDF5: a row a neuron, in pixel
    units and expected spikes per presentation.
    """
    columns = {
        "stimuli": found.stimuli,
        "neurons": found.neurons,
        "rates": found.rates,
        "trace": found.trace.T,
        "gradient_fields": fields,
    }
    columns |= {"restarts": found.restarts, "restart_rates": found.restart_values}
    with written_whole(path) as beside:
        check_room(beside.parent, columns.values())
        with h5py.File(beside, "w") as file:
            for name, column in columns.items():
                file.create_dataset(
                    name, data=column, compression="gzip", track_times=False
                )
            file.attrs.update(
                {
                    "grey": contrast.grey,
                    "norm": contrast.norm,
                    "low": contrast.low,
                    "high": contrast.high,
                    **facts,
                }
            )


def main(_):
    values = flags.FLAGS
    model, metadata, recording = open_model(values.model, values.recording)
    judges = [judge_of(name, metadata, recording) for name in values.judges]
    settings = metadata["config"]["evaluation"]
    scores = evaluate(model, recording, "test", settings["above_hz"], settings["fano"])[
        1
    ]
    behavior, model = list(model.columns), at_mean_behavior(model)
    neurons, dead = alive(
        model,
        recording,
        choose_neurons(values.neurons, recording.neuron_count, scores["cc_norm"]),
    )
    if not neurons.size:
        raise ValueError(
            f"the rate of neurons {', '.join(map(str, dead))} is the same for all"
            " images of the recording: nothing to invert"
        )
    contrast, folder = (
        contrast_of(
            model, recording, values.contrast_norm, metadata["pixels"].get("mean")
        ),
        pathlib.Path(values.out),
    )
    ascent = cells.ascent_of(
        model,
        contrast,
        images=Fourier() if values.images == "fourier" else Pixels(),
        blur=values.blur,
        jitter=values.jitter,
    )
    asked = {
        name: getattr(values, name)
        for name in ("steps", "blur", "seed", "restarts", "images", "jitter")
    }
    facts = asked | {
        "model_sha256": metadata["sha256"]["model.weights.h5"],
        "recording": recording.attributes.get("name", ""),
    }
    keep = folder / ".chunks"
    if (keep / "facts.json").exists() and not values.resume:
        shutil.rmtree(keep)
    began = time.monotonic()
    found = ascend(
        ascent,
        neurons,
        values.steps,
        values.seed,
        values.restarts,
        keep,
        facts | {"norm": contrast.norm, "neurons": neurons.tolist()},
    )
    took = time.monotonic() - began
    columns = {name: column[neurons] for name, column in scores.items()}
    columns |= cells.controls(model, recording, found, contrast, judges)
    columns |= {"converged": found.converged, "flat_start": found.dead}
    known = cells.filter_cosines(recording, found, contrast)
    columns |= {} if known is None else {"filter_cosine": known}
    described, curves, fields = cells.physiology(model, recording, found, contrast)
    columns |= described
    write_stimuli(folder / "stimuli.h5", found, fields, contrast, facts)
    write_columns(columns, folder / "cells.csv")
    lines = [
        report.cell_table(
            columns,
            took,
            contrast.norm,
            contrast.norm / np.sqrt(np.prod(model.image_size)),
        )
    ]
    if found.dead.any():
        flat = ", ".join(map(str, neurons[found.dead]))
        lines.append(
            "without a gradient where they start, so not to be believed (more"
            f" --restarts may help): neurons {flat}"
        )
    if behavior:
        lines.append(
            f"of the model at the mean of the training images' {' and '.join(behavior)}"
        )
    if dead.size:
        lines.append(
            "not inverted, for their rate is the same for all images: neurons"
            f" {', '.join(map(str, dead))}"
        )
    patterns = found.stimuli - contrast.grey
    report.write_cells(
        folder,
        f"Model {values.model}, objective: {ascent.objective}.",
        "\n".join(lines),
        patterns,
        fields,
        curves,
        columns,
    )
    shutil.rmtree(keep)
    print("\n".join(lines))
    print(
        f"report: {folder / 'report.html'}; written beside it: stimuli.h5, cells.csv,"
        " gallery.png, tuning.png, tensorboard/"
    )


def run():
    flags.DEFINE_string(
        "model",
        None,
        "Preset by name, its folder, or the workdir of a training.",
        required=True,
    )
    flags.DEFINE_string(
        "recording",
        None,
        "HDF5 file or public dataset; the model's own where left out.",
    )
    flags.DEFINE_string(
        "neurons",
        "near-limit",
        "all, near-limit (CC_norm of 0.9 or more), or indices such as 0,3,7.",
    )
    flags.DEFINE_string("out", None, "Folder to write to.", required=True)
    flags.DEFINE_integer("steps", 300, "Steps of the ascent, at most.", lower_bound=1)
    flags.DEFINE_integer(
        "restarts",
        1,
        "Starts from different noise, of which the best is kept.",
        lower_bound=1,
    )
    flags.DEFINE_enum(
        "images",
        "pixels",
        ("pixels", "fourier"),
        "What a step moves: pixels, or Fourier amplitudes over frequency.",
    )
    flags.DEFINE_float(
        "blur",
        1.0,
        "Width of the gradient's smoothing at the first step, pixels.",
        lower_bound=0,
    )
    flags.DEFINE_integer(
        "jitter",
        0,
        "Pixels by which the stimulus is shifted at random in each step.",
        lower_bound=0,
    )
    flags.DEFINE_float(
        "contrast_norm",
        None,
        "Norm of a stimulus around grey, pixel units; found where left out.",
    )
    flags.DEFINE_integer("seed", 0, "Of the noise to start from.")
    flags.DEFINE_list(
        "judges",
        [],
        "Other models of the same neurons that are shown the stimuli; halves of an"
        " ensemble judge each other.",
    )
    flags.DEFINE_bool(
        "resume",
        False,
        "Take the chunks that an interrupted run of the same options has finished.",
    )
    cli.run(main)


if __name__ == "__main__":
    run()

"""The work of `v1keras experiment design`: a model in, a set out."""

import os
import pathlib
from typing import Any

import numpy as np

from v1keras._version import __version__
from v1keras.data.sources.array_files import read_table
from v1keras.data.sources.layout import Layout
from v1keras.experiment.manifest import MANIFEST
from v1keras.experiment.presentations import draw_order
from v1keras.experiment.screen import Screen, gamma_luminances, table_luminances
from v1keras.experiment.stimulus_set import (
    FILES,
    IMAGES,
    ROLES,
    StimulusSet,
)
from v1keras.inversion.matched_contrast import matched_contrast
from v1keras.io.atomic import check_folder_target
from v1keras.io.output import check_outputs, output_folder
from v1keras.report import Tile
from v1keras.report.set_page import write_set_page
from v1keras.workflows.choose_neurons import choose
from v1keras.workflows.design import (
    check_norms,
    like_position,
    screen_contrast,
    sketch_set,
)
from v1keras.workflows.experiment_flags import pair
from v1keras.workflows.invert import images_only, preferred_stimuli
from v1keras.workflows.predict_set import predict_set
from v1keras.workflows.reopen import open_model
from v1keras.workflows.score import score_by

PAGE = "report.html"
_DURATION_S = 0.5  # of an image, where the recording does not say


def design_to_folder(values: Any, folder: str | os.PathLike[str]) -> str:
    """Design an experiment and write it to a folder, whole or not at all.

    Args:
        values: Object with the values of the flags as attributes.
        folder: Path of the folder.

    Returns:
        String, what the command prints.

    Raises:
        ValueError, OSError: The model, the screen or an option does not fit.
    """
    folder = pathlib.Path(folder)
    files = [*FILES, MANIFEST, PAGE]
    check_outputs(folder, files)
    check_folder_target(folder / IMAGES)
    if not values.model:
        raise ValueError("no --model=NAME: name the preset or workdir to design from")
    luminances = read_luminances(values)
    whole, metadata, recording = open_model(values.model, values.recording)
    screen = make_screen(values, recording, luminances)
    screen.patch(recording.images.shape[1:])
    scores = score_by(metadata["config"]["evaluation"], whole, [recording])
    neurons, lines = choose(
        values.neurons, scores, recording, values.least_cc_norm, values.one_per
    )
    model = images_only(whole, recording)
    grey = metadata["pixels"].get("mean")
    contrast, background = screen_contrast(
        matched_contrast(model, recording.images, values.contrast_norm, grey), screen
    )
    stimuli = preferred_stimuli(
        model, recording, neurons, contrast=contrast, seed=values.seed
    )
    sketch = sketch_set(
        model, recording, stimuli, values.inhibiting, values.diverse, values.seed
    )
    levels = screen.levels(np.stack(sketch.images))
    shown = screen.pixels(levels)
    check_norms(sketch, shown, contrast)
    first_day = np.full((len(shown), len(stimuli.neurons)), np.nan)
    for i, index in enumerate(sketch.recorded):
        if sketch.roles[i] in ("recorded", "image_as_shown"):
            first_day[i] = recording.responses[index, stimuli.neurons]
    predictions = predict_set(
        model, stimuli.neurons, shown, contrast.grey, screen, first_day
    )
    duration = values.duration or recording.attributes.get("window_s", _DURATION_S)
    made = StimulusSet(
        stimuli.neurons.astype(int),
        recording.neuron_count,
        like_position(stimuli.patterns),
        sketch.names,
        sketch.roles,
        np.array(sketch.owners),
        np.array(sketch.recorded),
        levels,
        background,
        screen,
        contrast.norm,
        draw_order(len(shown), values.repeats, values.seed),
        (float(duration), float(values.gap)),
        predictions,
        {
            "model": str(values.model),
            "model_sha256": metadata["sha256"]["model.weights.h5"],
            "recording": recording.name,
            "version": __version__,
        },
    )
    content = describe_set(made)
    with output_folder(folder, files) as parts:
        made.write(parts)
        chosen = {"neurons": "; ".join(lines) or "as named"} | content
        for role in dict.fromkeys(made.roles):
            chosen[role.replace("_", " ")] = ROLES[role]
        write_set_page(parts / PAGE, set_tiles(made), chosen, **page_values(made))
    lines += content.values()
    where = f"written to {folder}: {IMAGES}/, {', '.join(files)}"
    return "\n".join([*lines, where])


def describe_set(made: StimulusSet) -> dict[str, str]:
    """Return lines on a set, by name: what it shows, its contrast, its screen."""
    _, _, height, width = made.screen.patch(made.levels.shape[1:])
    low, high = made.screen.pixel_range
    return {
        "presentations": (
            f"{len(made.names)} stimuli for {len(made.neurons)} neurons,"
            f" {len(made.order)} presentations each: {_minutes(made):.0f} minutes"
        ),
        "contrast and screen": (
            f"contrast norm {made.norm:.4g} around grey level {made.background};"
            f" {made.screen.degrees:.3g} degrees are {width} x {height} of"
            f" {made.screen.size_px[0]} x {made.screen.size_px[1]} pixels; darkest and"
            f" brightest are the images' {low:g} and {high:g}"
        ),
    }


def set_tiles(made: StimulusSet) -> list[Tile]:
    """Return a set at a glance."""
    of_all = f"of {made.neuron_count} that were recorded"
    each = f"{len(made.order)} presentations of each"
    duration, gap = made.timing
    timing = f"{duration:g} s an image, {gap:g} s between two"
    return [
        Tile(str(len(made.neurons)), "neurons", of_all),
        Tile(str(len(made.names)), "stimuli", each),
        Tile(f"{_minutes(made):.0f} min", "to show them", timing),
    ]


def _minutes(made):
    return made.order.size * sum(made.timing) / 60


def page_values(made: StimulusSet) -> dict[str, Any]:
    """Return a set's pictures and predicted rates, a column per role."""
    pictures, rates = {}, {}
    own = np.arange(len(made.neurons))
    for role in dict.fromkeys(made.roles):
        places = made.places(role)
        if role in ("recorded", "blank") or (places < 0).any():
            continue
        pictures[role] = made.images[places]
        rates[role] = made.predictions.rates[places, own]
    return {"neurons": made.neurons, "pictures": pictures, "rates": rates}


def read_luminances(values: Any) -> np.ndarray:
    """Return the luminances of the screen's levels, from a gamma or a table.

    Raises:
        ValueError: Neither or both are given, or luminance does not rise.
    """
    if (values.gamma is None) == (values.luminances is None):
        raise ValueError(
            "the screen's luminance: expected either --gamma=2.2 (1 if the screen is"
            " made linear) or --luminances=FILE.csv, grey level and measured luminance"
        )
    if values.gamma is not None:
        return gamma_luminances(values.gamma)
    table = np.asarray(read_table(values.luminances, Layout()).values)
    if table.ndim != 2 or table.shape[1] != 2 or table.dtype.kind not in "iuf":
        raise ValueError(
            f"{values.luminances}: found {table.dtype} {table.shape}, expected two"
            " columns of numbers, grey level and luminance"
        )
    try:
        return table_luminances(*table.T)
    except ValueError as error:
        raise ValueError(f"{values.luminances}: {error}") from None


def make_screen(values: Any, recording: Any, luminances: np.ndarray) -> Screen:
    """Return the screen that the flags describe.

    Raises:
        ValueError: A size is missing or is no number.
    """
    screen, position = pair("screen", values.screen), pair("position", values.position)
    pixel_range = values.pixel_range and pair("pixel_range", values.pixel_range)
    per_degree = recording.attributes.get("pixels_per_degree")
    degrees = values.degrees
    if degrees is None and per_degree:
        degrees = recording.images.shape[2] / per_degree
    for name, value in (
        ("width_cm", values.width_cm),
        ("distance_cm", values.distance_cm),
        ("degrees", degrees),
    ):
        if value is None:
            raise ValueError(f"no --{name}=NUMBER: the size on the screen needs it")
    images = recording.images
    if pixel_range is None:
        whole = (0.0, 255.0)
        own = (float(images.min()), float(images.max()))
        pixel_range = whole if images.dtype == np.uint8 else own
    width, height = screen
    return Screen(
        (int(width), int(height)),
        values.width_cm,
        values.distance_cm,
        degrees,
        position,
        pixel_range,
        luminances,
    )

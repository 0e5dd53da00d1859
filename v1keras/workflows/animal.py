"""A simulated animal: its first day, and what it answers to a set on the second."""

import os
import re
from typing import Any

import numpy as np
from scipy.ndimage import shift as shifted

from v1keras.data import Recording, open_recording
from v1keras.data.simulated_cells import (
    FAMILIES,
    SimulatedCell,
    rates_of,
    simulate_families,
)
from v1keras.data.simulated_cells.population import PIXEL_MEAN, PIXEL_SCALE
from v1keras.data.validation import TEST
from v1keras.experiment.stimulus_set import StimulusSet, open_set
from v1keras.io.atomic import check_file_target
from v1keras.workflows.experiment_flags import pair

# That no rule and no configuration was chosen on.
_FAMILIES = [name for name, family in FAMILIES.items() if family.judging]
_SUBJECT = "simulated animal"
_PIXELS_PER_DEGREE = 8.0
_WRONG_POWER = 1.8  # of the relative luminance of a wrong screen


def simulate_animal(values: Any, out: str | os.PathLike[str]) -> str:
    """Record the first day of a simulated animal.

    Its cells are of the families that no rule and no configuration was chosen on.

    Args:
        values: Object with the values of the flags as attributes; `seed` is the animal.
        out: Path of the HDF5 file.

    Returns:
        String, what the command prints.
    """
    check_file_target(out)
    recording, cells, _ = simulate_families(
        _FAMILIES,
        values.cells_per_family,
        values.train_images,
        values.test_images,
        values.image_size,
        seed=values.seed,
    )
    recording.attributes |= {
        "name": f"simulated_animal_{values.seed}",
        "subject": f"{_SUBJECT} {values.seed}",
        "pixels_per_degree": _PIXELS_PER_DEGREE,
    }
    recording.save(out)
    return f"{out}: {len(recording.images)} images, {len(cells)} neurons"


def show_set(
    values: Any, folder: str | os.PathLike[str], out: str | os.PathLike[str]
) -> str:
    """Show a set's image files to a simulated animal, and record its responses.

    Args:
        values: Object with the values of the flags as attributes; `recording` is the
            animal's first day.
        folder: Folder of the set.
        out: Path of the HDF5 file.

    Returns:
        String, what the command prints.

    Raises:
        ValueError, OSError: The set or the recording can't be read, or do not fit.
    """
    check_file_target(out)
    if not values.recording:
        raise ValueError("no --recording=FILE: name the animal's first day")
    made, first_day = open_set(folder), open_recording(values.recording)
    cells, scales = animal_of(first_day)
    if made.neuron_count != len(cells):
        raise ValueError(
            f"{folder} is for a recording of {made.neuron_count} neurons; this animal"
            f" has {len(cells)}"
        )
    down, right = pair("shift", values.shift)
    rng = np.random.default_rng((values.seed, 2))
    images = made.images
    if values.fault == "gamma":
        images = made.screen.distorted(images, _WRONG_POWER)
    grey = images[made.roles.index("blank")][0, 0]
    seen = shifted(images, (0, down, right), order=1, cval=grey, mode="constant")
    rates = true_rates(cells, scales, seen)
    trials = present(rates, len(made.order), values.gain_drift, rng)
    if values.fault == "images":
        trials = trials[rng.permutation(len(trials))]
    if values.fault == "neurons":
        trials = trials[:, :, rng.permutation(len(cells))]
    recording = as_recording(made, trials, first_day)
    recording.save(out)
    return (
        f"{out}: {trials.shape[0]} stimuli, {trials.shape[1]} presentations each,"
        f" {trials.shape[2]} neurons; fault: {values.fault}"
    )


def animal_of(recording: Recording) -> tuple[list[SimulatedCell], np.ndarray]:
    """Return the cells and scales of a simulated animal's first day.

    Raises:
        ValueError: The recording is of no simulated animal, or of another version's.
    """
    subject = recording.attributes.get("subject", "")
    match = re.fullmatch(rf"{_SUBJECT} ([0-9]{{1,9}})", subject)
    kinds = recording.neurons.get("kind")
    if match is None or kinds is None or "true_rate" not in recording.neurons:
        raise ValueError(
            f"recording {recording.name!r} is of no simulated animal: make one by"
            " `v1keras experiment simulate`"
        )
    tests = int(np.sum(recording.split == TEST))
    made, cells, scales = simulate_families(
        _FAMILIES,
        max(len(kinds) // len(_FAMILIES), 1),
        len(recording.images) - tests,
        tests,
        recording.images.shape[1],
        seed=int(match[1]),
    )
    rates = made.neurons["true_rate"]
    stored = recording.neurons["true_rate"]
    if rates.shape != stored.shape or not np.allclose(rates, stored, rtol=1e-3):
        raise ValueError(
            f"recording {recording.name!r} has other true rates than {subject}: it was"
            " changed, or simulated by another version; simulate it again"
        )
    return cells, scales


def true_rates(
    cells: list[SimulatedCell], scales: np.ndarray, images: np.ndarray
) -> np.ndarray:
    """Return the `(images, cells)` true rates to images in pixel units."""
    contrast = (np.asarray(images, float) - PIXEL_MEAN) / PIXEL_SCALE
    rates = [rates_of(cell, contrast) for cell in cells]
    return np.stack(rates, axis=1) * scales


def present(
    rates: np.ndarray, repeats: int, gain_drift: float, rng: np.random.Generator
) -> np.ndarray:
    """Return spikes of presentations in blocks, of cells whose gain drifts.

    Half of the drift has happened before the first block.

    Args:
        rates: `(stimuli, cells)` rates of the first day.
        repeats: Integer, number of blocks.
        gain_drift: Float, standard deviation of the logarithm of the gain at the end.
        rng: `numpy.random.Generator`.

    Returns:
        `(stimuli, repeats, cells)` float32.
    """
    drift = rng.normal(0, gain_drift, rates.shape[1])
    gain = np.exp(np.outer(np.linspace(0.5, 1, repeats), drift))
    return rng.poisson(rates[:, None] * gain).astype("float32")


def as_recording(
    made: StimulusSet, trials: np.ndarray, first_day: Recording
) -> Recording:
    """Return responses to a set as a recording, whose images a laboratory knows."""
    return Recording(
        made.images,
        trials.mean(axis=1),
        repeats=trials,
        repeat_images=np.arange(len(trials)),
        covariates={"stimulus": np.array(made.names)},
        attributes={
            "name": f"{first_day.name}_second_day",
            "units": first_day.attributes["units"],
            "window_s": first_day.attributes["window_s"],
            "subject": first_day.attributes["subject"],
        },
    )

"""The responses of the second day, matched with the stimuli of a set."""

import os
import pathlib

import numpy as np

from v1keras.data import open_recording
from v1keras.data.same_images import digest
from v1keras.data.sources.array_files import read_array
from v1keras.data.sources.trials import stack_repeats
from v1keras.experiment.stimulus_set import StimulusSet

# Covariates of a recording that may name the stimuli: their names, or their files.
_NAMES = ("stimulus", "picture", "image_file")


def responses_in_order(path: str | os.PathLike[str], made: StimulusSet) -> np.ndarray:
    """Read responses whose rows are the presentations, in the order of the set's table.

    Args:
        path: File of an array `(presentations, neurons)`, as `data convert arrays`
            reads them: `file.npy`, `file.mat:variable`, a table.
        made: `StimulusSet`.

    Returns:
        `(stimuli, presentations, neurons)` float, NaN = missing; the neurons are those
        of the set.

    Raises:
        ValueError: It has another number of rows or of neurons.
        OSError: There is no such file.
    """
    array = np.asarray(read_array(str(path), "--responses"))
    expected = f"({made.order.size}, neurons): a row per presentation of the set"
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise ValueError(
            f"{path}: found {array.dtype} {array.shape}, expected numbers {expected}"
        )
    if len(array) != made.order.size:
        raise ValueError(
            f"{path}: found {len(array)} rows, expected {expected}; rows that were not"
            " recorded are NaN"
        )
    columns = _columns_of(made, array.shape[1], None, str(path))
    array = array[:, columns].astype(float)
    _refuse_infinite(array, path)
    blocks, stimuli = made.order.shape
    measured = np.full((stimuli, blocks, len(columns)), np.nan)
    for block, order in enumerate(made.order):
        measured[order, block] = array[block * stimuli : (block + 1) * stimuli]
    return measured


def responses_of_recording(
    name: str | os.PathLike[str], made: StimulusSet
) -> np.ndarray:
    """Return the responses of a recording to the stimuli of a set.

    Rows are matched by a covariate `stimulus`, `picture` or `image_file`, which names
    the stimulus or its file; without one, by their pixels, which are the model's pixels
    or the whole screen. A row is the mean over its repeats, or one presentation.

    Args:
        name: HDF5 file, or name of a public dataset.
        made: `StimulusSet`.

    Returns:
        As `responses_in_order`.

    Raises:
        ValueError: Stimuli of the set are missing, rows show other images than their
            names say, or there are other neurons.
        OSError: There is no such file.
    """
    recording = open_recording(name)
    rows = _rows_of(recording, made)
    missing = [made.names[i] for i, own in enumerate(rows) if not own.size]
    if missing:
        raise ValueError(
            f"recording {recording.name!r} lacks {len(missing)} of the"
            f" {len(made.names)} stimuli of the set, the first {missing[0]}"
        )
    neurons = recording.neurons.get("neuron")
    columns = _columns_of(made, recording.neuron_count, neurons, recording.name)
    trials, presentations = [], []
    start = 0
    for own in rows:
        part = np.concatenate([_presentations(recording, row) for row in own])
        trials.append(part[:, columns])
        presentations.append(np.arange(start, start + len(part)))
        start += len(part)
    return stack_repeats(np.concatenate(trials), presentations).astype(float)


def _presentations(recording, row):
    """Return `(presentations, neurons)` of one row."""
    if recording.repeats is not None:
        place = np.flatnonzero(recording.repeat_images == row)
        if place.size:
            trials = recording.repeats[place[0]]
            return trials[np.isfinite(trials).any(axis=1)]
    return recording.responses[row : row + 1]


def _rows_of(recording, made):
    """Return the rows of a recording that show each stimulus."""
    for column in _NAMES:
        names = recording.covariates.get(column)
        if names is not None and np.asarray(names).dtype.kind in "UO":
            stems = [pathlib.PurePath(str(name)).stem for name in names]
            rows = [np.flatnonzero(np.array(stems) == name) for name in made.names]
            _check_pixels(recording, made, rows)
            return rows
    shown = _keys(recording.images, made)
    if shown is None:
        raise ValueError(
            f"recording {recording.name!r} has images of"
            f" {' x '.join(map(str, recording.images.shape[1:]))} pixels and no column"
            f" of images named {' or '.join(_NAMES)}: expected the images of the set,"
            " whole screens, or such a column"
        )
    return [np.flatnonzero([key == own for key in shown]) for own in _keys_of_set(made)]


def _keys_of_set(made):
    return [digest(levels) for levels in made.levels]


def _keys(images, made):
    """Return a digest of the levels that each image shows, or None for other sizes."""
    height, width = made.levels.shape[1:]
    keys = []
    for image in images:
        if image.shape == (height, width):
            low, high = made.screen.pixel_range
            levels = made.screen.levels(np.clip(image, low, high))
        elif image.shape == made.screen.size_px[::-1]:
            try:
                picture = np.asarray(image).astype(np.uint8)
                levels = made.screen.cut_out(picture, (height, width), made.background)
            except ValueError:
                levels = np.zeros((0, 0))
        else:
            return None
        keys.append(digest(levels))
    return keys


def _check_pixels(recording, made, rows):
    """Refuse rows that show another image than they are named after."""
    shown = _keys(recording.images, made)
    if shown is None:
        return  # pictures of another size, such as thumbnails, tell nothing
    for name, own, key in zip(made.names, rows, _keys_of_set(made), strict=True):
        other = [row for row in own if shown[row] != key]
        if other:
            raise ValueError(
                f"recording {recording.name!r}: row {other[0]} is named {name}, but"
                " shows another image"
            )


def _columns_of(made, count, neurons, name):
    """Return the columns of the set's neurons among those that were recorded."""
    if neurons is not None:
        places = {int(neuron): place for place, neuron in enumerate(neurons)}
        missing = [neuron for neuron in made.neurons if int(neuron) not in places]
        if missing:
            raise ValueError(
                f"{name}: its neurons lack {len(missing)} of the {len(made.neurons)} of"
                f" the set, the first {missing[0]}"
            )
        return np.array([places[int(neuron)] for neuron in made.neurons])
    if count == made.neuron_count:
        return made.neurons
    if count == len(made.neurons):
        return np.arange(count)
    raise ValueError(
        f"{name}: found {count} neurons, expected the {made.neuron_count} of the first"
        f" day or the {len(made.neurons)} of the set, in their order"
    )


def _refuse_infinite(array, path):
    if np.isinf(array).any():
        raise ValueError(f"{path}: found infinity, expected numbers, or NaN = missing")

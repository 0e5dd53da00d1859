"""The responses of the second day, matched with the stimuli of a set."""

import os
import pathlib
import re

import numpy as np

from v1keras.data import open_recording
from v1keras.data.same_images import digest
from v1keras.data.sources.array_files import is_table, read_array, read_table
from v1keras.data.sources.layout import Layout
from v1keras.data.sources.text_table import Table
from v1keras.data.sources.trials import stack_repeats
from v1keras.experiment.screen import LEVELS
from v1keras.experiment.stimulus_set import StimulusSet

# Covariates of a recording that may name the stimuli: their names, or their files.
_NAMES = ("stimulus", "picture", "image_file")


def responses_in_order(path: str | os.PathLike[str], made: StimulusSet) -> np.ndarray:
    """Read responses whose rows are the presentations, in the order of the set's table.

    A table may say otherwise: words in its first column are the stimuli, or their
    files, and headings such as `neuron_7` the neurons.

    Args:
        path: File of an array `(presentations, neurons)`, as `data convert arrays`
            reads them: `file.npy`, `file.mat:variable`, a table.
        made: `StimulusSet`.

    Returns:
        `(stimuli, presentations, neurons)` float, NaN = missing; the neurons are those
        of the set.

    Raises:
        ValueError: It has another number of rows or of neurons, or names what the set
            has not.
        OSError: There is no such file.
    """
    if is_table(path):
        table = read_table(path, Layout())
    else:
        table = Table(np.asarray(read_array(str(path), "--responses")))
    array = table.values
    expected = f"({made.order.size}, neurons): a row per presentation of the set"
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise ValueError(
            f"{path}: found {array.dtype} {array.shape}, expected numbers {expected}"
        )
    shown = _named_rows(path, table.labels, made)
    if shown is None and len(array) != made.order.size:
        turned = array.shape[1] == made.order.size
        raise ValueError(
            f"{path}: found {len(array)} rows, expected {expected}"
            + ("; transpose it" if turned else "; rows that were not recorded are NaN")
        )
    if shown is None:
        shown = made.order.ravel()
    neurons = _named_neurons(table.names)
    columns = _columns_of(made, array.shape[1], neurons, str(path))
    array = array[:, columns].astype(float)
    if np.isinf(array).any():
        raise ValueError(f"{path}: found infinity, expected numbers, or NaN = missing")
    rows = [np.flatnonzero(shown == place) for place in range(len(made.names))]
    _refuse_missing(str(path), made, rows)
    return stack_repeats(array, rows).astype(float)


def _named_rows(path, labels, made):
    """Return the place of the stimulus that each label names; None if none is one."""
    places = {name: place for place, name in enumerate(made.names)}
    shown = [places.get(name, -1) for name in _stems(labels or [])]
    if max(shown, default=-1) < 0:
        return None
    if min(shown) < 0:
        unknown = labels[shown.index(-1)]
        raise ValueError(f"{path}: the set has no stimulus {unknown!r}")
    return np.array(shown)


def _named_neurons(names):
    """Return the neurons that headings name as the set's tables do, or None."""
    matches = [re.fullmatch(r"neuron_(\d{1,9})", name) for name in names or [""]]
    return [int(match[1]) for match in matches] if all(matches) else None


def _stems(names):
    """Return names of stimuli from names of them or of their files."""
    # It takes both kinds of slashes.
    paths = [pathlib.PureWindowsPath(str(name).strip()) for name in names]
    return [path.stem.lower() for path in paths]


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
    label = f"recording {recording.name!r}"
    rows = _rows_of(recording, made)
    _refuse_missing(label, made, rows)
    neurons = recording.neurons.get("neuron")
    columns = _columns_of(made, recording.neuron_count, neurons, label)
    trials, presentations = [], []
    start = 0
    for own in rows:
        part = np.concatenate([_presentations(recording, row) for row in own])
        trials.append(part[:, columns])
        presentations.append(np.arange(start, start + len(part)))
        start += len(part)
    return stack_repeats(np.concatenate(trials), presentations).astype(float)


def _refuse_missing(label, made, rows):
    missing = [name for name, own in zip(made.names, rows, strict=True) if not len(own)]
    if missing:
        raise ValueError(
            f"{label} lacks {len(missing)} of the {len(made.names)} stimuli of the set,"
            f" the first {missing[0]}"
        )


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
        if names is None or np.asarray(names).dtype.kind not in "UO":
            continue
        stems = np.array(_stems(names))
        rows = [np.flatnonzero(stems == name) for name in made.names]
        if any(own.size for own in rows):
            _check_pixels(recording, made, rows)
            return rows
    shown = _keys(recording.images, made)
    if shown is None:
        raise ValueError(
            f"recording {recording.name!r} has images of"
            f" {' x '.join(map(str, recording.images.shape[1:]))} pixels and no column"
            f" of images named {' or '.join(_NAMES)} that names stimuli of the set:"
            " expected the images of the set, whole screens, or such a column"
        )
    return [np.flatnonzero([key == own for key in shown]) for own in _keys_of_set(made)]


def _keys_of_set(made):
    return [digest(levels) for levels in made.levels]


def _keys(images, made):
    """Return a digest of the levels that each image shows, or None for other sizes.

    Images are the model's pixels, shares of their range, or grey levels, whichever has
    most stimuli of the set.
    """
    low, high = made.screen.pixel_range

    def of_pixels(image):
        return made.screen.levels(np.clip(image, low, high))

    def of_shares(image):
        return made.screen.levels(low + (high - low) * np.clip(image, 0, 1))

    def of_screen(image):
        try:
            return made.screen.cut_out(
                _grey_levels(image), made.levels.shape[1:], made.background
            )
        except ValueError:
            return np.zeros((0, 0))

    if images.shape[1:] == made.levels.shape[1:]:
        readings = [of_pixels, of_shares, _grey_levels]
    elif images.shape[1:] == made.screen.size_px[::-1]:
        readings = [of_screen]
    else:
        return None
    wanted, best = set(_keys_of_set(made)), []
    for read in readings:
        keys = [digest(read(image)) for image in images]
        if not best or len(wanted & set(keys)) > len(wanted & set(best)):
            best = keys
        if wanted <= set(best):
            break
    return best


def _grey_levels(image):
    """Return grey levels, which may be written as shares of the highest."""
    scale = LEVELS - 1 if image.max() <= 1 else 1
    return np.clip(np.round(scale * np.asarray(image, float)), 0, 255).astype(np.uint8)


def _check_pixels(recording, made, rows):
    """Refuse rows that show another image than they are named after."""
    shown = _keys(recording.images, made)
    if shown is None:
        return  # pictures of another size, such as thumbnails, tell nothing
    low, high = made.screen.pixel_range
    for name, own, key in zip(made.names, rows, _keys_of_set(made), strict=True):
        other = [row for row in own if shown[row] != key]
        if other:
            raise ValueError(
                f"recording {recording.name!r}: row {other[0]} is named {name}, but"
                f" shows another image; expected the set's, pixels from {low:g} to"
                f" {high:g} or grey levels"
            )


def _columns_of(made, count, neurons, label):
    """Return the columns of the set's neurons among those that were recorded."""
    if neurons is not None:
        return _columns_by_index(made, np.asarray(neurons), label)
    if count == made.neuron_count:
        return made.neurons
    if count == len(made.neurons):
        return np.arange(count)
    raise ValueError(
        f"{label}: found {count} neurons, expected the {made.neuron_count} of the first"
        f" day or the {len(made.neurons)} of the set, in their order"
    )


def _columns_by_index(made, neurons, label):
    """Return the columns of the set's neurons where each column has an index."""
    is_index = neurons.ndim == 1 and neurons.dtype.kind in "iuf"
    is_index = is_index and bool(np.isin(neurons, np.arange(made.neuron_count)).all())
    if not is_index or len(np.unique(neurons)) < len(neurons):
        shown = ", ".join(map(str, neurons.ravel()[:4]))
        raise ValueError(
            f"{label}: found the neurons {shown}, ...; expected different indices of"
            f" the first day's, 0 to {made.neuron_count - 1}"
        )
    missing = np.setdiff1d(made.neurons, neurons)
    if missing.size:
        raise ValueError(
            f"{label}: its neurons lack {missing.size} of the {len(made.neurons)} of"
            f" the set, the first {missing[0]}"
        )
    order = np.argsort(neurons)
    return order[np.searchsorted(neurons[order], made.neurons)]

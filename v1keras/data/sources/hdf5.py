"""Publishers' HDF5 files (MATLAB 7.3, NWB), read as plain data."""

import numpy as np

from v1keras.io.archives import LARGEST_FILE
from v1keras.io.hdf5_file import Dataset

_MOST_CELLS = 100_000
_DEEPEST = 16  # cells in cells


def numbers(file, name, ndim=1, largest=LARGEST_FILE):
    """Return a dataset of numbers.

    Args:
        file: `hdf5_file.File`.
        name: String, name of the dataset.
        ndim: Integer, its number of axes.
        largest: Integer, most bytes that it may declare; None for a dataset of any
            size, which is returned unread.

    Raises:
        ValueError: There is no such dataset, or it has other axes or no numbers.
    """
    dataset = file.get(name)
    if not isinstance(dataset, Dataset):
        raise ValueError(
            f"no dataset {name}; expected a session with natural scenes, in NWB 2"
        )
    if dataset.ndim != ndim or not dataset.size or dataset.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} is {dataset.shape} {dataset.dtype}, expected {ndim} axes of"
            " numbers"
        )
    if largest is None:
        return dataset
    if dataset.nbytes > largest:
        raise ValueError(
            f"{name} declares the shape {dataset.shape}, which is too large"
        )
    return dataset[...]


def cells(dataset):
    """Return a variable of MATLAB 7.3; a cell array as an array of objects.

    Args:
        dataset: `hdf5_file.Dataset` of the variable.

    Raises:
        ValueError: It is a struct, contains itself, or is too large with all that is in
            it.
    """
    return _cells(dataset, {"bytes": LARGEST_FILE, "cells": _MOST_CELLS}, 0)


def _cells(dataset, room, depth):
    """Return a variable, and take what it needs from the room that there is."""
    if not isinstance(dataset, Dataset):
        raise ValueError(f"{dataset.name} is a struct, expected an array")
    room["bytes"] -= dataset.nbytes
    if dataset.kind != "references":
        _check_room(dataset, room)
        return dataset[...].T
    room["cells"] -= dataset.size
    _check_room(dataset, room)
    if depth > _DEEPEST:
        raise ValueError(f"{dataset.name} holds cells more than {_DEEPEST} deep")
    array = np.empty(dataset.shape[::-1], object)
    for index, target in np.ndenumerate(dataset[...]):
        array[index[::-1]] = _cells(target, room, depth + 1)
    return array


def _check_room(dataset, room):
    if min(room.values()) < 0:
        raise ValueError(
            f"{dataset.name} declares the shape {dataset.shape}, which is too large, or"
            " more cells than can be"
        )

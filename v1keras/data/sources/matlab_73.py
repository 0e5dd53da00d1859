"""MATLAB's .mat files of version 7.3, which are HDF5, read as plain data."""

import numpy as np

from v1keras.io.archives import LARGEST_FILE
from v1keras.io.hdf5_file import Dataset, Group

_MOST_CELLS = 100_000
_DEEPEST = 16  # cells and structs within each other


def variables(file, names):
    """Return variables, shaped as MATLAB shows them.

    Args:
        file: `hdf5_file.File`.
        names: Sequence of names; None for all that hold plain data.

    Returns:
        Dict from name to value, as `matlab.read` returns it.

    Raises:
        ValueError: A variable is missing, contains itself, holds no plain data, or is
            too large with all that is in it.
    """
    # Those with a # are MATLAB's own.
    present = [name for name in file if not name.startswith("#")]
    if not set(names or ()) <= set(present):
        raise ValueError(
            f"holds {', '.join(present) or 'nothing'}, expected {' and '.join(names)}"
        )
    values = {}
    for name in present if names is None else names:
        room = {"bytes": LARGEST_FILE, "cells": _MOST_CELLS}
        try:
            values[name] = _value(file[name], room, 0)
        except ValueError:
            if names is not None:
                raise
    return values


def _value(item, room, depth):
    """Return a value, and take what it needs from the room that there is."""
    if depth > _DEEPEST:
        raise ValueError(f"{item.name} holds cells more than {_DEEPEST} deep")
    if isinstance(item, Group):
        if "MATLAB_sparse" in item.attrs:
            return _sparse(item, room)
        return _struct(item, room, depth)
    if item.kind == "references":
        return _cells(item, room, depth)
    _take(item, room, item.nbytes)
    values = item[...].T
    if item.attrs.get("MATLAB_empty"):  # whose values are its shape
        if 0 not in values.ravel():
            raise ValueError(f"{item.name} is empty, and is not")
        values = np.zeros(values.ravel().astype(int).tolist())
    if item.attrs.get("MATLAB_class") == "char":
        rows = np.atleast_2d(values)
        return np.array(["".join(map(chr, row)) for row in rows.astype(int)], str)
    return values


def _cells(dataset, room, depth):
    """Return a cell array as an array of objects."""
    room["cells"] -= dataset.size
    _take(dataset, room, dataset.nbytes)
    array = np.empty(dataset.shape[::-1], object)
    targets = dataset[...]
    sizes = [item.nbytes for item in targets.flat if isinstance(item, Dataset)]
    _take(dataset, dict(room), sum(sizes))  # before any of them is read
    for index, target in np.ndenumerate(targets):
        array[index[::-1]] = _value(target, room, depth + 1)
    return array


def _struct(group, room, depth):
    """Return a struct as a dict, several as an array of dicts."""
    room["cells"] -= len(group)
    _take(group, room, 0)
    fields = {name: group[name] for name in group}
    values = {name: _value(item, room, depth + 1) for name, item in fields.items()}
    # Of several structs, a field is an array of references without a class.
    if not values or not all(map(_is_list, fields.values())):
        return values
    shapes = {array.shape for array in values.values()}
    if len(shapes) != 1:
        raise ValueError(f"{group.name} has fields of the shapes {sorted(shapes)}")
    structs = np.empty(shapes.pop(), object)
    for index in np.ndindex(structs.shape):
        structs[index] = {name: array[index] for name, array in values.items()}
    return structs


def _is_list(item):
    """Return True for references that are no cell array."""
    is_references = isinstance(item, Dataset) and item.kind == "references"
    return is_references and "MATLAB_class" not in item.attrs


def _sparse(group, room):
    """Return a sparse matrix as an array."""
    ends = _part(group, "jc", room)
    columns, rows = len(ends) - 1, int(group.attrs["MATLAB_sparse"])
    _take(group, room, 8 * rows * columns)
    matrix = np.zeros((rows, columns))
    if "data" in group:
        counts = np.diff(ends.astype(np.int64))
        indices = np.repeat(np.arange(columns), counts)
        matrix[_part(group, "ir", room).astype(np.int64), indices] = _part(
            group, "data", room
        )
    return matrix


def _part(group, name, room):
    """Return one of the vectors that a sparse matrix consists of."""
    part = group.get(name)
    if not isinstance(part, Dataset) or part.ndim != 1 or part.kind != "numbers":
        raise ValueError(f"{group.name} is no sparse matrix: {name} is not a vector")
    _take(part, room, part.nbytes)
    return part[...]


def _take(item, room, size):
    """Take bytes from the room that there is, or raise where it is too small."""
    room["bytes"] -= size
    if min(room.values()) < 0:
        raise ValueError(f"{item.name} is too large, or has more cells than can be")

"""Responses and repeats in MATLAB's cell arrays, or in a field of several structs."""

import numpy as np

from v1keras.data.sources.contents import describe


def responses_of(values):
    """Return the vectors in a cell array as the rows of an array; others as they are.

    Args:
        values: Array of numbers, or of cells.

    Raises:
        ValueError: A cell is no vector of numbers, or of another length than the first.

    Example:

    >>> cells = np.empty(2, object)
    >>> cells[:] = [np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]
    >>> responses_of(cells).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    if values.dtype != object:
        return values
    cells = _numbers("responses", values)
    for i, cell in enumerate(cells):
        if cell.size != max(cell.shape, default=1):
            raise ValueError(
                f"responses: found in cell {i + 1} {describe(cell)}, expected a vector:"
                " name single presentations by --repeats"
            )
        _check_length("responses", i, cell.size, cells[0].size)
    return np.stack([cell.ravel() for cell in cells])


def repeats_of(values):
    """Return the cells of images, with one axis each for trials and neurons, as one.

    Where images have unequal numbers of trials, NaN stands for those that they lack.

    Args:
        values: Array of numbers, which is returned as it is, or of cells.

    Raises:
        ValueError: A cell is no matrix of numbers, or more than one axis differs.
    """
    if values.dtype != object:
        return values
    cells = _numbers("repeats", values)
    for i, cell in enumerate(cells):
        if cell.ndim != 2:
            raise ValueError(
                f"repeats: found in cell {i + 1} {describe(cell)}, expected the trials"
                " x neurons of an image"
            )
    lengths = [{cell.shape[axis] for cell in cells} for axis in (0, 1)]
    if len(lengths[1]) > 1:  # neurons x trials
        cells, lengths = [cell.T for cell in cells], lengths[::-1]
    for i, cell in enumerate(cells):
        _check_length("repeats", i, cell.shape[1], cells[0].shape[1])
    repeats = np.full((len(cells), max(lengths[0]), cells[0].shape[1]), np.nan)
    for i, cell in enumerate(cells):
        repeats[i, : len(cell)] = cell
    return repeats


def _numbers(name, values):
    """Return the cells as a list of arrays of numbers."""
    cells = [np.asarray(cell) for cell in values.ravel(order="F")]
    for i, cell in enumerate(cells):
        if cell.dtype.kind not in "biuf":
            raise ValueError(
                f"{name}: found in cell {i + 1} {describe(cell)}, expected numbers"
            )
    return cells


def _check_length(name, cell, length, first):
    """Refuse a cell with another number of neurons than the first."""
    if length != first:
        raise ValueError(
            f"{name}: found {length} numbers of neurons in cell {cell + 1}, expected"
            f" {first} as in the first"
        )

"""MATLAB files in HDF5 whose cells are made to take memory or time."""

import time

import h5py
import numpy as np
import pytest

from v1keras.data.sources import matlab


def written(path, write):
    with h5py.File(path, "w", userblock_size=512) as file:
        write(file)
    return path


def itself(file):
    cell = file.create_dataset("x", (100,), h5py.ref_dtype)
    cell[:] = cell.ref


def in_a_circle(file):
    cells = [file.create_dataset(name, (2,), h5py.ref_dtype) for name in "xab"]
    for cell, other in zip(cells, [*cells[1:], cells[0]], strict=True):
        cell[:] = other.ref


def the_same_again_and_again(file):
    zeros = np.zeros((1 << 12, 1 << 10), np.uint8)
    large = file.create_dataset("#refs#/a", data=zeros, compression="gzip")
    file["x"] = np.full(2000, large.ref, h5py.ref_dtype)


def more_cells_than_can_be(file):
    small = file.create_dataset("#refs#/a", data=[1])
    file["x"] = np.full(200_000, small.ref, h5py.ref_dtype)


def nothing(file):
    """Leave all references empty, as MATLAB never does."""
    file.create_dataset("x", (3,), h5py.ref_dtype)[:] = None


@pytest.mark.parametrize(
    "write, message",
    [
        (itself, "cells more than 16 deep|more cells than can be"),
        (in_a_circle, "cells more than 16 deep|more cells than can be"),
        (the_same_again_and_again, "too large"),
        (more_cells_than_can_be, "more cells than can be"),
        (nothing, "is not in the file"),
    ],
)
def test_cells_that_have_no_end_are_refused(write, message, tmp_path):
    path = written(tmp_path / "a.mat", write)
    start = time.perf_counter()
    with pytest.raises(ValueError, match=message) as refusal:
        matlab.read(path, ["x"])
    assert time.perf_counter() - start < 10
    assert str(refusal.value).startswith(str(path)) and "\n" not in str(refusal.value)

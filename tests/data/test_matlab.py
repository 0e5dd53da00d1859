"""MATLAB's files before 7.3, read in a process of its own."""

import io
import pathlib
import subprocess
import sys

import matlab_bombs
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from v1keras.data.sources import matlab

CELLS = np.empty((2, 3), object)
for _index in np.ndindex(2, 3):
    CELLS[_index] = np.arange(sum(_index) + 1.0)
VARIABLES = {
    "numbers": np.random.default_rng(0).random((3, 4, 5)),
    "bytes": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "complex": np.array([[1 + 2j, 3]]),
    "words": np.array(["Mäuse", "x"]),
    "truth": np.array([[True, False]]),
    "none": np.zeros((0, 3)),
}


@pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"format": "4"}])
def test_values_are_those_that_scipy_reads(tmp_path, options):
    variables = dict(VARIABLES)
    if "format" in options:  # which has matrices alone
        variables = {name: VARIABLES[name] for name in ("bytes", "complex", "none")}
    scipy.io.savemat(tmp_path / "a.mat", variables, **options)
    expected = scipy.io.loadmat(tmp_path / "a.mat")
    found = matlab.read(tmp_path / "a.mat", list(variables))
    for name in variables:
        assert found[name].dtype == expected[name].dtype
        np.testing.assert_array_equal(found[name], expected[name])


def test_cells_and_structs_are_taken_apart():
    struct = {"images": np.ones((2, 3)), "more": {"name": "V1"}}
    several = np.array([(1.0, 2.0), (3.0, 4.0)], [("a", "f8"), ("b", "f8")])
    file = io.BytesIO()
    content = {"cells": CELLS, "struct": struct, "several": several}
    scipy.io.savemat(file, content)
    found = matlab.read(file, list(content), "a.mat")
    assert found["cells"].shape == (2, 3)
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(found["cells"][index][0], CELLS[index])
    np.testing.assert_array_equal(found["struct"]["images"], np.ones((2, 3)))
    assert found["struct"]["more"]["name"].tolist() == ["V1"]
    assert [value["b"].item() for value in found["several"].ravel()] == [2, 4]


def test_what_is_no_array_is_refused(tmp_path):
    content = {"sparse": scipy.sparse.coo_matrix((1 << 15, 1 << 15)), "x": 1}
    scipy.io.savemat(tmp_path / "a.mat", content)
    for name, message in {
        "sparse": r"a.mat: sparse is \(32768, 32768\) when full, which is too large",
        "y": "a.mat: holds sparse, x, expected y",
    }.items():
        with pytest.raises(ValueError, match=message):
            matlab.read(tmp_path / "a.mat", [name])


BOMBS = """
import io, resource
import matlab_bombs
from v1keras.data.sources import matlab
for name, content in matlab_bombs.FILES.items():
    try:
        matlab.read(io.BytesIO(content), ["x"], "bomb.mat")
    except ValueError as error:
        print(f"{name}: {error}")
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_bombs_end_the_process_that_reads_alone():
    result = subprocess.run(
        [sys.executable, "-c", BOMBS],
        capture_output=True,
        text=True,
        cwd=pathlib.Path(__file__).parent,
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 2 * len(matlab_bombs.FILES)
    for name, line, peak in zip(
        matlab_bombs.FILES, lines[::2], lines[1::2], strict=True
    ):
        assert line.startswith(f"{name}: bomb.mat")
        assert int(peak) < 1 << 20  # KiB


def test_a_crash_leaves_the_other_files_readable():
    good = io.BytesIO()
    scipy.io.savemat(good, {"x": 3.0})
    bad = io.BytesIO(matlab_bombs.FILES["deep cells"])
    with pytest.raises(ValueError, match=r"bad.mat: .* crashed .*SIGSEGV"):
        matlab.read(bad, ["x"], "bad.mat")
    assert matlab.read(good, ["x"], "good.mat")["x"].item() == 3

"""Arrays in a laboratory's own files, named by file and by their place in it."""

import contextlib
import pathlib
import re
import zipfile

import numpy as np

from v1keras.data.sources import matlab, text_table
from v1keras.data.sources.contents import at, listing
from v1keras.data.sources.layout import Layout
from v1keras.io import hdf5_file
from v1keras.io.archives import Folder
from v1keras.io.foreign import errors_naming
from v1keras.io.large_arrays import read_by_rows

_TABLES = (".csv", ".tsv", ".txt")
_HDF5 = (".h5", ".hdf5")
_KEYED = (".npz", ".mat", *_HDF5)  # files that hold several arrays
_FORMS = (
    ".npy, .npz:KEY, .mat:VARIABLE, .mat:STRUCT(1).FIELD, .h5:/GROUP/DATASET, .csv,"
    " .tsv, .txt, or for images a folder of pictures"
)


def read_array(path, flag="--images", layout=Layout()):
    """Read one array from a file.

    Args:
        path: `file.npy`, `file.npz:key`, `file.mat:variable`,
            `file.mat:struct(2).field`, `file.h5:/group/dataset`, or a table.
        flag: String, the flag that names it, for errors.
        layout: `Layout`, for tables.

    Returns:
        Array of numbers or of strings, or of objects for a cell array; a large one of a
        .npy or HDF5 file isn't wholly in memory.

    Raises:
        OSError: The file is not there.
        ValueError: It is of another kind, malformed, or has no such array; lists what
            it has.
    """
    file, key = split_name(path)
    suffix = file.suffix.lower()
    if not file.is_file():
        of_other_kind = str(file).rpartition(":")[0]
        if pathlib.Path(of_other_kind).is_file():
            raise ValueError(f"{path}: expected {_FORMS}")
        raise FileNotFoundError(f"no file {file}")
    if suffix not in (".npy", *_KEYED, *_TABLES):
        raise ValueError(f"{path}: expected {_FORMS}")
    with errors_naming(file):
        if suffix == ".npy":
            return np.load(file, mmap_mode="r", allow_pickle=False)
        if suffix in _TABLES:
            table = text_table.parse(file.read_bytes(), layout)
            if table.labels is not None:
                raise ValueError(
                    f"its first column holds words ({table.labels[0]!r}, ...): leave"
                    " them out"
                )
            return table.values
        if suffix == ".npz":
            return _from_npz(file, key, flag)
        if suffix == ".mat":
            return _from_matlab(file, key, flag)
        return _from_hdf5(file, key, flag)


def is_table(path):
    """Return True for the name of a text file with a table."""
    return pathlib.Path(path).suffix.lower() in _TABLES


def read_table(path, layout):
    """Read a table with its heading and labels."""
    file = pathlib.Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"no file {file}")
    with errors_naming(file):
        return text_table.parse(file.read_bytes(), layout)


def split_name(path):
    """Return the path of a file, and the place in it that follows a colon, or "".

    Example:

    >>> split_name("a.mat:data.sessions(2).spikes")[1]
    'data.sessions(2).spikes'
    """
    text = str(path)
    for place, letter in enumerate(text):
        if letter == ":" and text[:place].lower().endswith(_KEYED):
            return pathlib.Path(text[:place]), text[place + 1 :]
    return pathlib.Path(text), ""


def _from_npz(file, key, flag):
    """Return an array of a .npz archive."""
    if not zipfile.is_zipfile(file):
        raise ValueError("is not a whole .npz archive")
    with Folder(file) as members:
        if f"{key}.npy" in members:
            return members.npy(f"{key}.npy")
        content = {}
        for name in members.names:
            content[name.removesuffix(".npy")] = members.npy(name)
    raise ValueError(listing(file, key, content, flag))


def _from_matlab(file, key, flag):
    """Return an array of a .mat file."""
    variable = re.match(r"\w*", key)[0]
    content = {}
    if variable:
        with contextlib.suppress(ValueError):
            content = matlab.read(file, [variable])
    value = at(content, key) if key else None
    if value is None:
        raise ValueError(listing(file, key, matlab.read(file, None), flag))
    return _as_array(value)


def _from_hdf5(file, key, flag):
    """Return a dataset of an HDF5 file."""
    with hdf5_file.opened(file, str(file)) as content:
        dataset = content.get(key.strip("/")) if key.strip("/") else None
        is_dataset = isinstance(dataset, hdf5_file.Dataset)
        if not is_dataset or dataset.kind == "references":
            raise ValueError(listing(file, key, content, flag))
        if dataset.kind == "texts":
            return dataset[...].astype(str)
        return read_by_rows(dataset)


def _as_array(value):
    """Return a MATLAB value as an array; a cell array of text as words."""
    if value.dtype == object:
        cells = [np.asarray(cell) for cell in value.ravel(order="F")]
        if cells and all(cell.dtype.kind == "U" and cell.size < 2 for cell in cells):
            return np.array([str(cell.item()) if cell.size else "" for cell in cells])
    return value

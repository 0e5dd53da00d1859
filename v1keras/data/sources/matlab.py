"""MATLAB's .mat files, read as plain data."""

import pathlib

import numpy as np
import scipy.io

from v1keras.data.sources import hdf5
from v1keras.io.archives import LARGEST_FILE
from v1keras.io.foreign import errors_naming


def read(file, names, shown_as=None):
    """Read variables of a .mat file, version 5 or 7.3, shaped as MATLAB shows them.

    MATLAB keeps the first index fastest; version 7.3 is HDF5, which keeps the last one
    so, and its arrays come with their axes reversed: they are turned back here. A cell
    array comes as an array of objects, one array each.

    Args:
        file: Path of the file, or its content as a binary stream.
        names: Sequence of names of variables.
        shown_as: Name of the file for errors; defaults to the path.

    Returns:
        Dict from name to array.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a .mat file, a variable is missing, or one is too large.

    Example:

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.mat"
    >>> scipy.io.savemat(path, {"x": np.ones((2, 3))})
    >>> read(path, ["x"])["x"].shape
    (2, 3)
    """
    if shown_as is None:
        if not pathlib.Path(file).is_file():
            raise FileNotFoundError(f"no file {file}")
        with open(file, "rb") as stream:
            return read(stream, names, file)
    with errors_naming(shown_as):
        if hdf5.is_hdf5(file):
            with hdf5.opened(file) as content:
                # Those with a # are MATLAB's own.
                present = [name for name in content if not name.startswith("#")]
                _expect(names, present)
                return {name: hdf5.cells(content, content[name]) for name in names}
        return _version_5(file, names)


def _version_5(file, names):
    """Read variables of a file that is not HDF5."""
    shapes = {name: shape for name, shape, _ in scipy.io.whosmat(file)}
    _expect(names, shapes)
    for name in names:
        if np.prod(shapes[name], dtype=float) > LARGEST_FILE:
            raise ValueError(
                f"{name} declares the shape {shapes[name]}, which is too large"
            )
    file.seek(0)
    content = scipy.io.loadmat(file, variable_names=list(names))
    return {name: content[name] for name in names}


def _expect(names, present):
    """Raise a `ValueError` unless all variables are present."""
    if not set(names) <= set(present):
        raise ValueError(
            f"holds {', '.join(present) or 'nothing'}, expected {' and '.join(names)}"
        )

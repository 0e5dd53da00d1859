"""Publishers' HDF5 files (MATLAB 7.3, NWB), read as plain data."""

import h5py
import numpy as np

from v1keras.io.archives import LARGEST_FILE

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_hdf5(file):
    """Return True if a binary stream is HDF5, at once or behind MATLAB's header."""
    start = file.read(520)
    file.seek(0)
    return _SIGNATURE in (start[:8], start[512:])


def opened(file):
    """Open a file for reading, as a context manager.

    Args:
        file: Path of the file, or its content as a binary stream.
    """
    return h5py.File(file, "r")


def numbers(file, name, ndim=1, largest=LARGEST_FILE):
    """Return a dataset of numbers.

    Args:
        file: `h5py.File`.
        name: String, name of the dataset.
        ndim: Integer, its number of axes.
        largest: Integer, most bytes that it may declare; None for a dataset of any
            size, which is returned unread.

    Raises:
        ValueError: There is no such dataset, or it has other axes or no numbers.
    """
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset):
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
    _check_size(dataset, name, largest)
    return dataset[...]


def cells(file, dataset):
    """Return a variable of MATLAB 7.3; a cell array as an array of objects.

    Args:
        file: `h5py.File`.
        dataset: `h5py.Dataset` of the variable.

    Raises:
        ValueError: It is a struct, or too large.
    """
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{dataset.name} is a struct, expected an array")
    _check_size(dataset, dataset.name, LARGEST_FILE)
    if not h5py.check_ref_dtype(dataset.dtype):
        return dataset[...].T
    array = np.empty(dataset.shape[::-1], object)
    for index, reference in np.ndenumerate(dataset[...]):
        array[index[::-1]] = cells(file, file[reference])
    return array


def _check_size(dataset, name, largest):
    """Raise a `ValueError` where a dataset declares more bytes than may be read."""
    if dataset.size * dataset.dtype.itemsize > largest:
        raise ValueError(
            f"{name} declares the shape {dataset.shape}, which is too large"
        )

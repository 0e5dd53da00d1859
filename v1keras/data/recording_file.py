"""The HDF5 file of a recording: its datasets, its groups of columns, its attributes."""

import contextlib
import pathlib

import h5py

from v1keras.io import hdf5_file
from v1keras.io.atomic import atomic_write, check_disk_space
from v1keras.io.foreign import errors_naming
from v1keras.io.large_arrays import read_by_rows, write_by_rows

FORMAT_VERSION = 2
DATASETS = (
    "images",
    "responses",
    "split",
    "repeats",
    "repeat_images",
    "image_group",
    "neuron_session",
)
# Groups of further columns, one entry per neuron, per image or per repeated image.
GROUPS = ("neurons", "covariates", "repeat_covariates")
# Format 1 differs in the name of one group.
FORMAT_1_NAMES = {"covariates": "stimuli"}
_MAKE_ONE = (
    "`python -m v1keras.data convert arrays --images=... --responses=... --out=FILE`"
    " makes one from .mat, .npy, .npz and .csv files"
)


def write(path, arrays, attributes):
    """Write a file, whole or not at all.

    Args:
        path: Path of the file.
        arrays: Dict from the name of a dataset, or GROUP/NAME of a column, to its
            array.
        attributes: Dict of the file's attributes.

    Raises:
        OSError: The folder can't be written to, or the disk is full.
    """
    with atomic_write(path) as part:
        check_disk_space(part.parent, arrays.values())
        with h5py.File(part, "w") as file:
            file.attrs["format_version"] = FORMAT_VERSION
            file.attrs.update(attributes)
            for name, array in arrays.items():
                if array.dtype.kind == "U":
                    array = array.astype(h5py.string_dtype())
                write_by_rows(file, name, array)


@contextlib.contextmanager
def opened(path):
    """Open a file for reading, and begin every error within the block with its path.

    Args:
        path: Path of the file.

    Yields:
        `hdf5_file.File`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not an HDF5 file, or the block raised an exception.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no recording at {path}")
    if not hdf5_file.is_hdf5(path):
        raise ValueError(
            f"{path} is not an HDF5 file; expected a recording; {_MAKE_ONE}"
        )
    with errors_naming(path), hdf5_file.opened(path) as file:
        yield file


def read(file, arrays):
    """Read everything from an open file.

    Args:
        file: `hdf5_file.File`.
        arrays: Dict from the name of a dataset to its array, of datasets that are
            stored elsewhere and are not read.

    Returns:
        Tuple `(arrays, attributes)`: a dict of all datasets, and of a dict of columns
        under each group's name; a dict of all attributes.

    Raises:
        ValueError: Images or responses are missing, the file is of another version, or
            a group stands in place of a dataset or a dataset in place of a group.
    """
    for name in sorted({"images", "responses"} - arrays.keys()):
        if not isinstance(file.get(name), hdf5_file.Dataset):
            raise ValueError(
                f"no dataset {name!r}; found {', '.join(file) or 'nothing'}; expected"
                f" images and responses; {_MAKE_ONE}"
            )
    former_names = FORMAT_1_NAMES if _version(file) == 1 else {}
    contents = dict(arrays)
    for name in DATASETS:
        if name in file and name not in arrays:
            contents[name] = _array(file[name])
    for name in GROUPS:
        contents[name] = _columns(file, former_names.get(name, name))
    return contents, {name: _entry(value) for name, value in file.attrs.items()}


def _version(file):
    """Return the version of a file's format; a file without one tells by its groups."""
    former = any(name in file for name in FORMAT_1_NAMES.values())
    version = file.attrs.get("format_version", 1 if former else FORMAT_VERSION)
    if version not in (1, FORMAT_VERSION):
        raise ValueError(
            f"format_version {version}; this version of v1keras reads 1 and"
            f" {FORMAT_VERSION}"
        )
    return version


def _columns(file, group):
    """Return a group as a dict of arrays, empty where there is no such group."""
    if group not in file:
        return {}
    if not isinstance(file[group], hdf5_file.Group):
        raise ValueError(f"{group}: found a dataset, expected a group of columns")
    return {name: _array(dataset) for name, dataset in file[group].items()}


def _array(dataset):
    """Return the content of a dataset, strings as Python's strings."""
    if not isinstance(dataset, hdf5_file.Dataset):
        raise ValueError(f"{dataset.name}: found a group, expected a dataset")
    if dataset.kind == "references":
        raise ValueError(f"{dataset.name}: found references, expected numbers or texts")
    return dataset[...] if dataset.kind == "texts" else read_by_rows(dataset)


def _entry(value):
    """Return an attribute, of an array of one entry that entry."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value

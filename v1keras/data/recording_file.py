"""The file of a recording: which arrays are where in it."""

import contextlib
import pathlib

import h5py

from v1keras.io.atomic import atomic_write, check_disk_space
from v1keras.io.large_arrays import read_by_rows, write_by_rows

FORMAT_VERSION = 1
DATASETS = (
    "images",
    "responses",
    "split",
    "repeats",
    "repeat_images",
    "image_group",
    "neuron_session",
)
# Groups of further columns, one entry a neuron or an image.
GROUPS = ("neurons", "stimuli")
_MAKE_ONE = (
    "`python -m v1keras.data convert arrays --images=... --responses=... --out=FILE`"
    " makes one from .mat, .npy, .npz and .csv files"
)


def write(path, arrays, attributes):
    """Writes a file, whole or not at all.

    Args:
        path: of the file.
        arrays: dict, name -> array; of a column GROUP/NAME.
        attributes: dict of the file's attributes.

    Raises:
        OSError: the folder can't be written to, or the disk is full.
    """
    with atomic_write(path) as beside:
        check_disk_space(beside.parent, arrays.values())
        with h5py.File(beside, "w") as file:
            file.attrs["format_version"] = FORMAT_VERSION
            file.attrs.update(attributes)
            for name, array in arrays.items():
                if array.dtype.kind == "U":
                    array = array.astype(h5py.string_dtype())
                write_by_rows(file, name, array)


@contextlib.contextmanager
def reading(path):
    """The open file; whatever is found wrong with it is told with its path.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no HDF5 file, or what was done with it raised one.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no recording at {path}")
    if not h5py.is_hdf5(path):
        raise ValueError(f"{path} is no HDF5 file; expected a recording; {_MAKE_ONE}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None


def read(file, kept):
    """What an open file holds.

    Args:
        file: an `h5py.File`.
        kept: dict of arrays that are kept elsewhere, by name.

    Returns:
        (arrays, attributes): dict of the datasets, and under each group's name of the
        dict of its columns; dict of all attributes.

    Raises:
        ValueError: images or responses are missing, it is of another version, or a
            group stands for a dataset or a dataset for a group.
    """
    for name in sorted({"images", "responses"} - kept.keys()):
        if not isinstance(file.get(name), h5py.Dataset):
            raise ValueError(
                f"no dataset {name!r}; found {', '.join(file) or 'nothing'}; expected"
                f" images and responses; {_MAKE_ONE}"
            )
    version = file.attrs.get("format_version", FORMAT_VERSION)
    if version != FORMAT_VERSION:
        raise ValueError(
            f"format_version {version}; this version of v1keras reads {FORMAT_VERSION}"
        )
    for name in GROUPS:
        if name in file and not isinstance(file[name], h5py.Group):
            raise ValueError(f"{name}: found a dataset, expected a group of columns")
    arrays = {name: _array(file[name]) for name in DATASETS if name in file} | kept
    columns = {
        group: {name: _array(dataset) for name, dataset in file.get(group, {}).items()}
        for group in GROUPS
    }
    return arrays | columns, dict(file.attrs)


def _array(dataset):
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{dataset.name}: found a group, expected a dataset")
    return (
        dataset.asstr()[...]
        if h5py.check_string_dtype(dataset.dtype)
        else read_by_rows(dataset)
    )

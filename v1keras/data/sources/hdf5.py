"""Publishers' HDF5 files (MATLAB 7.3, NWB), read as plain data."""

from v1keras.io.archives import LARGEST_FILE
from v1keras.io.hdf5_file import Dataset


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

"""Arrays larger than the memory, which are read and written by blocks of rows."""

import mmap
import os
import tempfile
from collections.abc import Sequence

import numpy as np

_IN_MEMORY = 1 << 28  # bytes: a smaller array stays in memory
_BLOCK = 1 << 25  # bytes of a block of rows


def zeros_or_memmap(shape, dtype):
    """Return an array of zeros, to be filled by rows.

    It is in memory, or, where it is large, in a temporary file without a name, of which
    nothing is left when the process ends, however it ends. `TMPDIR` says on which disk
    that file is.

    Args:
        shape: Tuple of integers, shape of the array.
        dtype: NumPy dtype of the array.

    Raises:
        OSError: That disk has no room.

    Example:

    >>> zeros_or_memmap((2, 3), "uint8").tolist()
    [[0, 0, 0], [0, 0, 0]]
    """
    size = int(np.prod(shape, dtype=float)) * np.dtype(dtype).itemsize
    if size < _IN_MEMORY:
        return np.zeros(shape, dtype)
    file = tempfile.TemporaryFile()
    if hasattr(os, "posix_fallocate"):
        # A full disk is an error here, not a signal at a later write.
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            place = f"{tempfile.gettempdir()} (TMPDIR names another)"
            raise OSError(error.errno, os.strerror(error.errno), place) from None
    return np.memmap(file, dtype, "w+", shape=tuple(shape))


def check_memory(work, size):
    """Refuse work that needs more memory than the machine has.

    Args:
        work: String, what needs it.
        size: Integer, bytes that it needs at least.

    Raises:
        ValueError: The machine has less.

    Example:

    >>> check_memory("a small one", 1000)
    >>> check_memory("a large one", 10**18)
    Traceback (most recent call last):
    ...
    ValueError: a large one needs 1,000,000,000.0 GB of memory, this machine has ...
    """
    if not hasattr(os, "sysconf"):  # on Windows
        return
    present = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if size > present:
        raise ValueError(
            f"{work} needs {size / 1e9:,.1f} GB of memory, this machine has"
            f" {present / 1e9:.1f}"
        )


def row_blocks(array, rows=None):
    """Go through an array by blocks of rows.

    A block of an array on the disk is read once, and its memory is freed after it.

    Args:
        array: Array `(n, ...)`.
        rows: Integer, rows of a block. Defaults to about 32 MB.

    Yields:
        Tuple `(slice, block)`.

    Example:

    >>> for block, rows in row_blocks(np.arange(5), rows=2):
    ...     print(block.start, rows)
    0 [0 1]
    2 [2 3]
    4 [4]
    """
    rows = rows or max(1, _BLOCK // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        yield slice(start, start + rows), array[start : start + rows]
        release_pages(array)


def write_by_rows(file, name, array):
    """Write an HDF5 dataset by whole rows of its chunks.

    An array larger than the memory never has to be in it.

    Args:
        file: Open `h5py.File`.
        name: String, name of the dataset.
        array: Array `(n, ...)`.
    """
    dataset = file.create_dataset(
        name, array.shape, array.dtype, compression="gzip", track_times=False
    )
    chunk = dataset.chunks[0]
    rows = chunk * max(1, _BLOCK // max(1, chunk * array[:1].nbytes))
    for block, content in row_blocks(array, rows):
        dataset[block] = content


def read_by_rows(dataset):
    """Read an HDF5 dataset of numbers into an array as of `zeros_or_memmap`.

    Args:
        dataset: `v1keras.io.hdf5_file.Dataset`.

    Raises:
        OSError: It can't be read, or the disk of the temporary file has no room.
    """
    if not dataset.ndim or not dataset.size:
        return dataset[...]
    array = zeros_or_memmap(dataset.shape, dataset.dtype)
    rows = dataset.chunks[0] if dataset.chunks else 1
    rows *= max(1, _BLOCK // max(1, rows * array[:1].nbytes))
    for start in range(0, len(array), rows):
        array[start : start + rows] = dataset[start : start + rows]
        release_pages(array)
    return array


def release_pages(array):
    """Free the memory that a file-backed array takes; its content stays in the file.

    Args:
        array: Array; nothing happens to one that is in memory.
    """
    while isinstance(array, np.ndarray):
        # Changes to a copy-on-write array are in memory alone.
        if isinstance(array, np.memmap) and array.mode == "c":
            return
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(array, "madvise"):
        array.madvise(mmap.MADV_DONTNEED)


class LazyRows:
    """Rows of an array, read when they are asked for.

    Args:
        array: Array `(n, ...)`, in memory or on the disk (`numpy.memmap`).
        indices: Integer array `(m,)`, the rows in their order.

    Example:

    >>> rows = LazyRows(np.arange(6).reshape(3, 2), [2, 0])
    >>> rows[:1].tolist(), len(rows), rows.shape
    ([[4, 5]], 2, (2, 2))
    """

    def __init__(self, array: np.ndarray, indices: Sequence[int] | np.ndarray) -> None:
        self.array = array
        self.indices = np.asarray(indices)
        self.dtype = array.dtype
        self.shape = (len(self.indices), *array.shape[1:])
        self.size = int(np.prod(self.shape, dtype=float))
        self.nbytes = self.size * self.dtype.itemsize

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, chosen):
        return self.array[self.indices[chosen]]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array[self.indices], dtype)


def finite_sums(rows):
    """Return `(columns,)` sums of the values that are not NaN, and their counts.

    Args:
        rows: Array or `LazyRows` `(n, columns)`.

    Example:

    >>> [sums.tolist() for sums in finite_sums(np.array([[1.0, np.nan], [2.0, 3.0]]))]
    [[3.0, 3.0], [2, 1]]
    """
    totals = np.zeros(rows.shape[1])
    counts = np.zeros(rows.shape[1], int)
    for _, block in row_blocks(rows):
        totals += np.nansum(block, axis=0, dtype="float64")
        counts += np.isfinite(block).sum(axis=0)
    return totals, counts


def finite_range(rows):
    """Return `(columns,)` least and largest values, NaN where all are NaN.

    Args:
        rows: Array or `LazyRows` `(n, columns)`.

    Example:

    >>> [ends.tolist() for ends in finite_range(np.array([[1.0, np.nan], [2.0, 3.0]]))]
    [[1.0, 3.0], [2.0, 3.0]]
    """
    least = np.full(rows.shape[1], np.nan)
    most = np.full(rows.shape[1], np.nan)
    for _, block in row_blocks(rows):
        least = np.fmin(least, np.fmin.reduce(block))
        most = np.fmax(most, np.fmax.reduce(block))
    return least, most

"""Arrays larger than the memory: read, written and held by blocks of rows."""

import mmap
import os
import tempfile
from collections.abc import Sequence

import numpy as np

_IN_MEMORY = 1 << 28  # bytes: an array below this is no reason to go to the disk


def zeros_or_memmap(shape, dtype):
    """An array of zeros to be filled by rows: in memory, or, where it is large, in a
    temporary file without a name.

    Nothing of that file is left when the process ends, however it ends. `TMPDIR` says
    on which disk it is.

    Args:
        shape: of the array.
        dtype: of the array.

    Raises:
        OSError: that disk has no room.

    Example:

    >>> zeros_or_memmap((2, 3), "uint8").tolist()
    [[0, 0, 0], [0, 0, 0]]
    """
    size = int(np.prod(shape, dtype=float)) * np.dtype(dtype).itemsize
    if size < _IN_MEMORY:
        return np.zeros(shape, dtype)
    file = tempfile.TemporaryFile()
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(
            file.fileno(), 0, size
        )  # a full disk is told here, not by a signal at some write
    return np.memmap(file, dtype, "w+", shape=tuple(shape))


def row_blocks(array, rows=None):
    """Goes through an array by blocks of rows, each read from the disk once and let go
    where the array is on the disk.

    Args:
        array: `(n, ...)`.
        rows: of a block; where left out, about 32 MB.

    Yields:
        (slice, the block).

    Example:

    >>> [
    ...     (block.start, rows.tolist())
    ...     for block, rows in row_blocks(np.arange(5), rows=2)
    ... ]
    [(0, [0, 1]), (2, [2, 3]), (4, [4])]
    """
    rows = rows or max(1, (1 << 25) // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        yield slice(start, start + rows), array[start : start + rows]
        release_pages(array)


def write_by_rows(file, name, array):
    """Writes an HDF5 dataset by whole rows of its chunks, so that an array larger than
    the memory never has to be in it.

    Args:
        file: an open `h5py.File`.
        name: of the dataset.
        array: `(n, ...)`.
    """
    dataset = file.create_dataset(
        name, array.shape, array.dtype, compression="gzip", track_times=False
    )
    chunk = dataset.chunks[0]
    for block, content in row_blocks(
        array, chunk * max(1, (1 << 25) // max(1, chunk * array[:1].nbytes))
    ):
        dataset[block] = content


def read_by_rows(dataset):
    """The content of an HDF5 dataset of numbers: in memory, or, where it is large, in a
    temporary file, as `zeros_or_memmap` has it.

    Args:
        dataset: an `h5py.Dataset`.

    Raises:
        OSError: it can't be read, or the disk of the temporary file has no room.
    """
    if not dataset.ndim or not dataset.size:
        return dataset[...]
    array = zeros_or_memmap(dataset.shape, dataset.dtype)
    rows = dataset.chunks[0] if dataset.chunks else 1
    rows *= max(1, (1 << 25) // max(1, rows * array[:1].nbytes))
    for start in range(0, len(array), rows):
        array[start : start + rows] = dataset[start : start + rows]
        release_pages(array)
    return array


def release_pages(array):
    """Frees the memory that a file-backed array takes; its content stays in the file.
    Does nothing with any other.
    """
    while isinstance(array, np.ndarray):
        if (
            isinstance(array, np.memmap) and array.mode == "c"
        ):  # changes to it are in memory alone
            return
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(array, "madvise"):
        array.madvise(mmap.MADV_DONTNEED)


class LazyRows:
    """Rows of an array, read when they are asked for.

    Args:
        array: `(n, ...)`, in memory or on the disk (`numpy.memmap`).
        indices: `(m,)` which rows, in which order.

    Example:

    >>> rows = LazyRows(np.arange(6).reshape(3, 2), [2, 0])
    >>> rows[:1].tolist(), len(rows), rows.shape
    ([[4, 5]], 2, (2, 2))
    """

    def __init__(self, array: np.ndarray, indices: Sequence[int] | np.ndarray) -> None:
        self.array, self.indices = array, np.asarray(indices)
        self.dtype, self.shape = array.dtype, (len(self.indices), *array.shape[1:])
        self.size = int(np.prod(self.shape, dtype=float))
        self.nbytes = self.size * self.dtype.itemsize

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, chosen):
        return self.array[self.indices[chosen]]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array[self.indices], dtype)


def finite_sums(rows):
    """`(columns,)` sums of what is no NaN, and of how many values.

    Args:
        rows: `(n, columns)`, an array or `LazyRows`.

    Example:

    >>> [sums.tolist() for sums in finite_sums(np.array([[1.0, np.nan], [2.0, 3.0]]))]
    [[3.0, 3.0], [2, 1]]
    """
    totals, counts = np.zeros(rows.shape[1]), np.zeros(rows.shape[1], int)
    for _, block in row_blocks(rows):
        totals += np.nansum(block, axis=0, dtype="float64")
        counts += np.isfinite(block).sum(axis=0)
    return totals, counts

"""Files that are there whole or not at all."""

import contextlib
import errno
import hashlib
import mmap
import os
import pathlib
import shutil
import tempfile

import numpy as np

_IN_MEMORY = 1 << 28  # bytes: an array below this is no reason to go to the disk


@contextlib.contextmanager
def written_whole(path):
    """Yields a path to write to, which replaces `path` if the block ends well.

    The file and its name are on the disk before the block is left: a power cut leaves
    the old file or the new one, neither an empty one nor none.

    Args:
        path: file to write. Its folder is made where it is missing.

    Raises:
        OSError: the folder can't be made or written to, or the disk is full.

    Example:

    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with written_whole(target) as beside:
    ...     _ = beside.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = pathlib.Path(path)
    _make_folder(path.parent)
    handle, beside = tempfile.mkstemp(
        prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    try:
        yield pathlib.Path(beside)
        os.chmod(beside, 0o666 & ~_umask())
        move_whole(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(beside)


@contextlib.contextmanager
def folder_written_whole(path):
    """Yields an empty folder, which replaces `path` if the block ends well.

    Every file and folder in it is on the disk before, as with `written_whole`.

    Args:
        path: folder to write. One that is there is replaced.

    Raises:
        OSError: as `written_whole`.
    """
    path = pathlib.Path(path)
    _make_folder(path.parent)
    beside = pathlib.Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield beside
        os.chmod(beside, 0o777 & ~_umask())
        _sync(beside)
        replaced = beside.with_name(beside.name + "-replaced")
        if path.exists():
            os.replace(path, replaced)
        os.replace(beside, path)
        _flush(path.parent)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def move_whole(beside, path):
    """Renames a file to `path`, all of its content on the disk before.

    Args:
        beside: file on the same disk.
        path: its place. A file that is there is replaced.

    Raises:
        OSError: the disk can't take the content, or the place can't be written to.

    Example:

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.part").write_text("whole")
    >>> move_whole(folder / "a.part", folder / "a.txt")
    >>> [path.name for path in folder.iterdir()]
    ['a.txt']
    """
    _sync(beside)
    os.replace(beside, path)
    _flush(pathlib.Path(path).parent)


def check_room(folder, arrays):
    """Makes sure that HDF5 finds room for its file: where the disk fills up under it, HDF5 takes the whole process down.

    Args:
        folder: where the file will be; there already.
        arrays: NumPy arrays that will be written.

    Raises:
        OSError: the disk is full, or a file may not grow so large.
    """
    size = sum(
        array.nbytes + 4096 for array in arrays
    )  # at most so much around each array
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, size)


def room_for(shape, dtype):
    """An array of zeros to be filled by rows: in memory, or, where it is large, in a temporary file without a name.

    Nothing of that file is left when the process ends, however it ends. `TMPDIR` says on which disk it is.

    Args:
        shape: of the array.
        dtype: of the array.

    Raises:
        OSError: that disk has no room.

    Example:

    >>> room_for((2, 3), "uint8").tolist()
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
    """Goes through an array by blocks of rows, each read from the disk once and let go where the array is on the disk.

    Args:
        array: `(n, ...)`.
        rows: of a block; where left out, about 32 MB.

    Yields:
        (slice, the block).

    Example:

    >>> [(block.start, rows.tolist()) for block, rows in row_blocks(np.arange(5), rows=2)]
    [(0, [0, 1]), (2, [2, 3]), (4, [4])]
    """
    rows = rows or max(1, (1 << 25) // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        yield slice(start, start + rows), array[start : start + rows]
        let_go(array)


def write_by_rows(file, name, array):
    """Writes an HDF5 dataset by whole rows of its chunks, so that an array larger than the memory never has to be in it.

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
    """The content of an HDF5 dataset of numbers: in memory, or, where it is large, in a temporary file, as `room_for` has it.

    Args:
        dataset: an `h5py.Dataset`.

    Raises:
        OSError: it can't be read, or the disk of the temporary file has no room.
    """
    if not dataset.ndim or not dataset.size:
        return dataset[...]
    array = room_for(dataset.shape, dataset.dtype)
    rows = dataset.chunks[0] if dataset.chunks else 1
    rows *= max(1, (1 << 25) // max(1, rows * array[:1].nbytes))
    for start in range(0, len(array), rows):
        array[start : start + rows] = dataset[start : start + rows]
        let_go(array)
    return array


def let_go(array):
    """Frees the memory that a file-backed array takes; its content stays in the file. Does nothing with any other."""
    while isinstance(array, np.ndarray):
        if (
            isinstance(array, np.memmap) and array.mode == "c"
        ):  # changes to it are in memory alone
            return
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(array, "madvise"):
        array.madvise(mmap.MADV_DONTNEED)


def sha256(path):
    """The sha256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _make_folder(path):
    """Makes a folder and those above it; all of their names are on the disk then."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        _flush(folder.parent)


def _sync(path):
    """Waits until the disk has a file, or a folder with everything below it."""
    if os.path.isdir(path):
        for entry in os.scandir(path):
            _sync(entry.path)
    _flush(path)


def _flush(path):
    """Waits until the disk has the content of a file, or the names in a folder."""
    windows, folder = os.name == "nt", os.path.isdir(path)
    if windows and folder:  # can't be opened there
        return
    handle = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not folder or error.errno != errno.EINVAL:  # a network disk that can't
            raise
    finally:
        os.close(handle)


def _umask():
    umask = os.umask(0)
    os.umask(umask)
    return umask

"""Files that are there whole or not at all."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import tempfile


@contextlib.contextmanager
def atomic_write(path):
    """Yields a path beside `path` to write to; renames it to `path` when the block ends
    well, else removes it.

    Args:
        path: file to write. Its folder is made where it is missing.

    Raises:
        OSError: the folder can't be made or written to, or the disk is full.

    Example:

    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_write(target) as beside:
    ...     _ = beside.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(
        prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    try:
        yield pathlib.Path(beside)
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(beside)


@contextlib.contextmanager
def atomic_folder(path):
    """As `atomic_write`, for a folder: yields an empty one beside `path`, which takes
    its place when the block ends well.

    Args:
        path: folder to write. One that is there is replaced.

    Raises:
        OSError: as `atomic_write`.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = pathlib.Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield beside
        os.chmod(beside, 0o777 & ~_umask())
        if path.exists():
            replaced = beside.with_name(beside.name + "-replaced")
            os.replace(path, replaced)
            os.replace(beside, path)
            shutil.rmtree(replaced)
        else:
            os.replace(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_disk_space(folder, arrays):
    """Makes sure that HDF5 finds room for its file: where the disk fills up under it,
    HDF5 takes the whole process down.

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


def sha256(path):
    """The sha256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _umask():
    umask = os.umask(0)
    os.umask(umask)
    return umask

"""Files that are there whole or not at all."""

import contextlib
import errno
import hashlib
import os
import pathlib
import shutil
import tempfile


@contextlib.contextmanager
def atomic_write(path):
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
    >>> with atomic_write(target) as beside:
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
        move_into_place(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(beside)


@contextlib.contextmanager
def atomic_folder(path):
    """Yields an empty folder, which replaces `path` if the block ends well.

    Every file and folder in it is on the disk before, as with `atomic_write`.

    Args:
        path: folder to write. One that is there is replaced.

    Raises:
        OSError: as `atomic_write`.
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


def move_into_place(beside, path):
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
    >>> move_into_place(folder / "a.part", folder / "a.txt")
    >>> [path.name for path in folder.iterdir()]
    ['a.txt']
    """
    _sync(beside)
    os.replace(beside, path)
    _flush(pathlib.Path(path).parent)


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

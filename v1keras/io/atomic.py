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
    """Write a file under another name, which replaces `path` if the block ends well.

    The file and its name are on the disk before the block is left: a power cut leaves
    the old file or the new one, neither an empty one nor none.

    Args:
        path: Path of the file to write. Its folder is made where it is missing.

    Yields:
        `pathlib.Path` to write to.

    Raises:
        OSError: The folder can't be made or written to, or the disk is full.

    Example:

    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_write(target) as part:
    ...     _ = part.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = pathlib.Path(path)
    _make_folder(path.parent)
    handle, part = tempfile.mkstemp(
        prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    try:
        yield pathlib.Path(part)
        os.chmod(part, 0o666 & ~_umask())
        move_into_place(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)


@contextlib.contextmanager
def atomic_folder(path):
    """Fill a folder under another name, which replaces `path` if the block ends well.

    Every file and folder in it is on the disk before, as with `atomic_write`.

    Args:
        path: Path of the folder to write. An existing one is replaced.

    Yields:
        `pathlib.Path` of an empty folder.

    Raises:
        OSError: As `atomic_write`.
    """
    path = pathlib.Path(path)
    _make_folder(path.parent)
    part = pathlib.Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield part
        os.chmod(part, 0o777 & ~_umask())
        _sync(part)
        replaced = part.with_name(part.name + "-replaced")
        if path.exists():
            os.replace(path, replaced)
        os.replace(part, path)
        _flush(path.parent)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def move_into_place(part, path):
    """Rename a file to `path`, once all of its content is on the disk.

    Args:
        part: Path of a file on the same disk.
        path: Path that it gets. An existing file is replaced.

    Raises:
        OSError: The disk can't take the content, or `path` can't be written to.

    Example:

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.part").write_text("whole")
    >>> move_into_place(folder / "a.part", folder / "a.txt")
    >>> [path.name for path in folder.iterdir()]
    ['a.txt']
    """
    _sync(part)
    os.replace(part, path)
    _flush(pathlib.Path(path).parent)


def check_disk_space(folder, arrays):
    """Check that HDF5 finds room for its file.

    Where the disk fills up under it, HDF5 takes the whole process down.

    Args:
        folder: Path of the existing folder that the file will be in.
        arrays: NumPy arrays that will be written.

    Raises:
        OSError: The disk is full, or a file may not grow so large.
    """
    overhead = 4096  # bytes at most around each array
    size = sum(array.nbytes + overhead for array in arrays)
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, size)


def sha256(path):
    """Return the sha256 of a file's content, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _make_folder(path):
    """Make a folder and those above it, and wait until the disk has their names."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        _flush(folder.parent)


def _sync(path):
    """Wait until the disk has a file, or a folder with everything below it."""
    if os.path.isdir(path):
        for entry in os.scandir(path):
            _sync(entry.path)
    _flush(path)


def _flush(path):
    """Wait until the disk has the content of a file, or the names in a folder."""
    windows = os.name == "nt"
    folder = os.path.isdir(path)
    if windows and folder:  # which can't be opened there
        return
    handle = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network disks can't flush a folder.
        if not folder or error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


def _umask():
    """Return the permissions that new files don't get."""
    umask = os.umask(0)
    os.umask(umask)
    return umask

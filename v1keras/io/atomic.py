"""Files that are there whole or not at all."""

import contextlib
import errno
import hashlib
import os
import pathlib
import stat
import tempfile
from collections.abc import Iterator

from v1keras.io.replace import (
    complete_move,
    flush,
    flush_all,
    put_in_place,
    record_move,
)
from v1keras.io.scratch import PREFIX, scratch_folder

_KINDS = {
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFREG: "a file",
    stat.S_IFSOCK: "a socket",
}


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Write a file under another name, which replaces `path` if the block ends well.

    The file and its name are on the disk before the block is left: a power cut leaves
    the old file or the new one, neither an empty one nor none.

    Args:
        path: Path of the file to write. Its folder is made where it is missing.

    Yields:
        `pathlib.Path` to write to, of the same name in another folder.

    Raises:
        ValueError: The path is that of a folder, a link, a pipe or a device.
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
    check_file_target(path)
    _make_folder(path.parent)
    with _errors_naming(path), scratch_folder(path.parent) as scratch:
        yield scratch / path.name
        move_into_place(scratch / path.name, path)


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Fill a folder under another name, which replaces `path` if the block ends well.

    Every file and folder in it is on the disk before, as with `atomic_write`. A reader
    takes `v1keras.io.replace.whole_folder`.

    Args:
        path: Path of the folder to write. An existing one is replaced.

    Yields:
        `pathlib.Path` of an empty folder.

    Raises:
        ValueError, OSError: As `atomic_write`.
    """
    path = pathlib.Path(path)
    check_folder_target(path)
    if path.is_symlink():
        path = path.resolve()
    _make_folder(path.parent)
    with _errors_naming(path), scratch_folder(path.parent) as scratch:
        part = scratch / path.name
        part.mkdir()
        yield part
        flush_all(part)
        put_in_place(part, path)


@contextlib.contextmanager
def atomic_files(folder: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Write a set of files and folders, which replace others if the block ends well.

    What else the folder holds stays. If the process is killed while they are moved into
    it, the next one that writes there moves the rest.

    Args:
        folder: Path of the folder, made where it is missing.

    Yields:
        `pathlib.Path` of an empty folder to write them to.

    Raises:
        ValueError, OSError: As `atomic_write`.

    Example:

    >>> import tempfile
    >>> target = pathlib.Path(tempfile.mkdtemp())
    >>> with atomic_files(target) as parts:
    ...     _ = (parts / "a.txt").write_text("one")
    ...     _ = (parts / "b.txt").write_text("two")
    >>> sorted(path.name for path in target.iterdir())
    ['a.txt', 'b.txt']
    """
    folder = pathlib.Path(folder)
    check_folder_target(folder)
    _make_folder(folder)
    with _errors_naming(folder), scratch_folder(folder) as scratch:
        yield scratch
        for entry in scratch.iterdir():
            check = check_folder_target if entry.is_dir() else check_file_target
            check(folder / entry.name)
        flush_all(scratch)
        record_move(scratch)
        complete_move(scratch, folder)


def move_files(parts: pathlib.Path, folder: pathlib.Path) -> None:
    """Move all entries of a folder into another, as `atomic_files` moves its own.

    Args:
        parts: Path of a folder on the same disk, which is removed.
        folder: Path of the existing folder that gets the entries.
    """
    flush_all(parts)
    record_move(parts)
    with _errors_naming(folder), scratch_folder(folder) as scratch:
        os.replace(parts, scratch)
        complete_move(scratch, folder)


def remove_folder(path: pathlib.Path) -> None:
    """Remove a folder; if the process is killed, no part of it stays under its name."""
    if path.is_dir():
        with scratch_folder(path.parent) as scratch:
            os.replace(path, scratch / path.name)


def move_into_place(part: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Rename a file to `path`, once all of its content is on the disk.

    Args:
        part: Path of a file on the same disk.
        path: Path that it gets. An existing file is replaced.

    Raises:
        OSError: The disk can't take the content, or `path` can't be written to.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.part").write_text("whole")
    >>> move_into_place(folder / "a.part", folder / "a.txt")
    >>> [path.name for path in folder.iterdir()]
    ['a.txt']
    """
    flush(part)
    put_in_place(pathlib.Path(part), pathlib.Path(path))


def check_file_target(path: str | os.PathLike[str]) -> None:
    """Refuse to write a file where something else is, or where nothing can be written.

    Raises:
        ValueError: The path is that of a folder, a link, a pipe, a socket or a device.
        OSError: Its folder can't be written to.
    """
    _check_kind(pathlib.Path(path), "a file", follow_links=False)
    _check_permission(pathlib.Path(path).parent)


def check_folder_target(path: str | os.PathLike[str]) -> None:
    """Refuse to write a folder where something else is; a link to one is taken.

    Raises:
        ValueError: The path is that of a file, a link to no folder, a pipe or a device.
        OSError: It, or the folder to make it in, can't be written to.
    """
    _check_kind(pathlib.Path(path), "a folder", follow_links=True)
    _check_permission(pathlib.Path(path))


def _check_kind(path, expected, follow_links):
    try:
        mode = os.lstat(path).st_mode
        if follow_links and stat.S_ISLNK(mode) and path.exists():
            mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    if kind != expected:
        raise ValueError(
            f"{path} is {kind}; expected {expected} that may be replaced, or a new name"
        )


def _check_permission(folder):
    """Refuse a folder that can't be written to, or can't be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


@contextlib.contextmanager
def _errors_naming(path):
    """Raise errors of the system with the path that was to be written."""
    try:
        yield
    except OSError as error:
        # HDF5 and others leave the file out; a scratch folder says nothing to a user.
        scratch = PREFIX in str(error.filename or PREFIX)
        if error.errno is None or not scratch:
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


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
        flush(folder.parent)

"""Files and folders that take the place of others, which are there until then."""

import ctypes
import errno
import functools
import json
import os
import pathlib
import shutil
import sys

COMPLETE = ".v1keras-complete"
MARK = "being-replaced.txt"
_MARK_TEXT = (
    "A command is replacing files in this folder. If it was killed, they are of two"
    " results until the next command of v1keras that reads or writes here moves the"
    " rest into place; then this file is removed.\n"
)
_REPLACED = ".v1keras-replaced-"
_AT_FDCWD = -100  # linux/fcntl.h
_RENAME_EXCHANGE = 2  # linux/fs.h
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


def put_in_place(part: pathlib.Path, path: pathlib.Path) -> None:
    """Rename a file or folder to `path`; what was there is replaced.

    At every moment `path` is the old one or the new one. Where the system can't
    exchange two folders in one step, the old one has another name for a moment, under
    which `whole_folder` finds it.

    Args:
        part: Path of a file or folder on the same disk, flushed to it. An exchange
            leaves there the folder that was replaced.
        path: Path that it gets.
    """
    folder = part.is_dir()
    replaced = path.with_name(_REPLACED + path.name)
    if not folder or not path.is_dir():
        os.replace(part, path)
    elif not _exchange(part, path):
        shutil.rmtree(replaced, ignore_errors=True)
        os.replace(path, replaced)
        os.replace(part, path)
    flush(path.parent)
    if folder:
        shutil.rmtree(replaced, ignore_errors=True)


def whole_folder(path: pathlib.Path) -> pathlib.Path:
    """Return where the content of a folder is.

    Returns:
        `path`; or, if a process was killed between the two renames of a replacement,
        the folder that was to be replaced.
    """
    replaced = path.with_name(_REPLACED + path.name)
    return replaced if replaced.is_dir() and not path.exists() else path


def record_move(parts: pathlib.Path) -> None:
    """Note in a folder that all its entries are to be moved, by `complete_move`.

    Args:
        parts: Path of the folder, its content flushed to the disk.
    """
    identities = {}
    for entry in sorted(parts.iterdir()):
        if not entry.name.startswith(".v1keras-"):
            identities[entry.name] = _identity(entry)
    record = parts / (COMPLETE + ".part")
    record.write_text(json.dumps(identities))
    flush(record)
    os.replace(record, parts / COMPLETE)
    flush(parts)


def complete_move(parts: pathlib.Path, folder: pathlib.Path) -> bool:
    """Move the entries of a folder into another, where they replace others.

    A process that is killed meanwhile leaves the rest to the next call, and the file
    `MARK` beside the entries until then.

    Args:
        parts: Path of the folder, with the record that `record_move` makes.
        folder: Path of the folder on the same disk that gets the entries.

    Returns:
        Boolean, whether there is such a record.
    """
    try:
        identities = dict(json.loads((parts / COMPLETE).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return False
    mark = folder / MARK
    mark.write_text(_MARK_TEXT)
    flush(mark)
    for entry in sorted(parts.iterdir()):
        # An exchange leaves the old entry under the name of the new one.
        if identities.get(entry.name) == _identity(entry):
            put_in_place(entry, folder / entry.name)
    mark.unlink(missing_ok=True)
    (parts / COMPLETE).unlink()
    return True


def flush(path: str | os.PathLike[str]) -> None:
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


def flush_all(path: str | os.PathLike[str]) -> None:
    """Wait until the disk has a file, or a folder with everything below it."""
    if os.path.isdir(path):
        for entry in os.scandir(path):
            flush_all(entry.path)
    flush(path)


def _identity(path):
    state = os.lstat(path)
    return [state.st_dev, state.st_ino]


def _exchange(one, other):
    """Exchange two folders in one step; return whether the system and disk can."""
    function = _renameat2()
    if function is None:
        return False
    paths = os.fsencode(one), os.fsencode(other)
    if not function(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE):
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(other))


@functools.cache
def _renameat2():
    """Return the function of the C library, or None where there is none."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)

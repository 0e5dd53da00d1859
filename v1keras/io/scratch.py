"""Scratch folders beside what is written, and what dead processes left of them.

Whoever works in a scratch folder holds the lock of a file in it. A process that is
killed leaves the folder with a lock that nobody holds, and the next one that writes
beside it removes it.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator

from v1keras.io.lock import lock, open_locked
from v1keras.io.replace import COMPLETE, complete_move

PREFIX = ".v1keras-part-"
_LOCK, _CONTENT = "lock", "content"
_OLD = 3600  # seconds after which a folder without a lock is nobody's
_MOVE = 10.0  # seconds within which files have been moved
_PAUSE = 0.02


@contextlib.contextmanager
def scratch_folder(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Make a folder within another, which is removed after the block.

    Args:
        folder: Path of the existing folder. What killed processes left in it is
            removed.

    Yields:
        `pathlib.Path` of the empty folder.
    """
    sweep(folder)
    outer, held = _make(folder)
    try:
        with held:
            yield outer / _CONTENT
    finally:
        _remove(outer)


def sweep(folder: pathlib.Path) -> None:
    """Remove the scratch folders within a folder whose processes have ended.

    Complete sets of files, whose move into the folder has begun, are moved first.
    """
    for outer in folder.glob(PREFIX + "*"):
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile
            _remove_abandoned(outer)


def settle(folder: pathlib.Path) -> None:
    """Complete a move of files into a folder before they are read.

    A process that was killed amidst it left some that are old and some that are new.

    Args:
        folder: Path of a folder; nothing is done where it is none.

    Raises:
        OSError: They can't be moved by this user, or another process is moving them.
    """
    deadline = time.monotonic() + _MOVE
    for outer in folder.glob(PREFIX + "*"):
        while (outer / _CONTENT / COMPLETE).exists():
            try:
                _remove_abandoned(outer)
            except FileNotFoundError:
                break
            except OSError as error:
                raise OSError(
                    f"{folder} holds files of two results: a command was killed while"
                    f" it replaced them, and the rest can't be moved there ({error})"
                ) from error
            if time.monotonic() > deadline:
                raise OSError(
                    f"{folder}: a command is replacing its files; wait until that ends"
                )
            time.sleep(_PAUSE)


def _make(folder):
    """Return a new scratch folder and the open file whose lock is held."""
    while True:
        outer = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
        try:
            held = open_locked(outer / _LOCK)
            if held is not None:
                (outer / _CONTENT).mkdir()
                return outer, held
        except FileNotFoundError:
            pass  # swept before it was locked


def _remove_abandoned(outer):
    try:
        file = open(outer / _LOCK, "r+b")
    except FileNotFoundError:
        old = time.time() - os.stat(outer).st_mtime > _OLD
        # One that another process is about to lock is empty, and it makes another.
        shutil.rmtree(outer) if old else outer.rmdir()
        return
    with file:
        if lock(file, otherwise=False):
            complete_move(outer / _CONTENT, outer.parent)
            _remove(outer)


def _remove(outer):
    """Remove a scratch folder, its lock last."""
    shutil.rmtree(outer / _CONTENT, ignore_errors=True)
    shutil.rmtree(outer, ignore_errors=True)

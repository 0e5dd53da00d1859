"""Locks that the system opens again when their process ends, however it ends."""

import contextlib
import datetime
import errno
import os
import pathlib
import socket
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # Windows has none: nothing is locked there
    fcntl = None  # type: ignore[assignment]

LOCK = ".v1keras-lock"
# A link in its place would lead to another's file.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_LONGEST = 300  # characters of a lock's text that are shown
_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@contextlib.contextmanager
def locked_folder(folder: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Keep other commands from writing into a folder as long as the block runs.

    Readers are not kept out. Disks that know no locks are written to without.

    Args:
        folder: Path of the folder. It is made where it is missing, and removed if
            nothing was written to it.

    Yields:
        `pathlib.Path` of the folder.

    Raises:
        OSError: Another command is writing into it, which is named; or the folder can't
            be made or written to.

    Example:

    >>> import tempfile
    >>> with locked_folder(tempfile.mkdtemp()) as folder:
    ...     [path.name for path in folder.iterdir()]
    ['.v1keras-lock']
    >>> list(folder.iterdir())
    []
    """
    folder = pathlib.Path(folder)
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _hold(folder / LOCK):
            yield folder
    finally:
        with contextlib.suppress(OSError):  # not empty: something was written
            for path in missing:
                path.rmdir()


@contextlib.contextmanager
def _hold(path):
    """Hold the lock of a file that is made for it, and removed after the block."""
    file = open_locked(path)
    if file is None:
        raise OSError(
            f"{path.parent} is being written to by {_holder(path)}; wait until that"
            " ends, or name another folder"
        )
    with file:
        with contextlib.suppress(OSError):  # a full disk; the lock is held all the same
            os.truncate(file.fileno(), 0)
            os.write(file.fileno(), _description().encode())
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def open_locked(path: pathlib.Path) -> BinaryIO | None:
    """Make a file and lock it; the lock is held until the file is closed.

    Returns:
        The open file, or None if another process holds its lock.
    """
    while True:
        file = os.fdopen(os.open(path, _FLAGS, 0o666), "r+b")
        try:
            if not lock(file):
                file.close()
                return None
            # Its former holder may have removed the file that was opened here.
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        except FileNotFoundError:
            pass
        file.close()


def lock(file: Any, otherwise: bool = True) -> bool:
    """Lock an open file; return whether this process now holds its lock.

    Args:
        file: The file.
        otherwise: Boolean, what to return where there are no locks.
    """
    if fcntl is None:
        return otherwise
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return otherwise
    return True


def _description():
    """Return the line on this process that others read."""
    words = ["python", *sys.orig_argv[1:]]
    now = datetime.datetime.now().isoformat(" ", "seconds")
    return (
        f"process {os.getpid()} on {socket.gethostname()} ({' '.join(words)[:200]},"
        f" since {now})"
    )


def _holder(path):
    """Return the line of the process that holds a lock."""
    try:
        text = path.read_text(errors="replace")[:_LONGEST]
    except OSError:
        text = ""
    return "".join(filter(str.isprintable, text)) or "another process"

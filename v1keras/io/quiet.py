"""TensorFlow without its notices."""

import contextlib
import gc
import logging
import os
import sys
from collections.abc import Iterator

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Keep TensorFlow's start-up notices out of what a command prints.

    Some of them are written before TensorFlow knows its log level, so nothing that is
    written to stderr within the block is seen. `TF_CPP_MIN_LOG_LEVEL=0` shows all.
    """
    with _uncollected(), _unheard():
        yield


@contextlib.contextmanager
def _uncollected():
    """Import TensorFlow without a search for garbage among its modules.

    Python would search them while they are imported, at times while they are used, and
    once more when it ends: a third of the time that a short command takes.
    """
    if "tensorflow" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


@contextlib.contextmanager
def _unheard():
    asked = os.environ.get(_LEVEL)
    if _wanted():
        yield
        return
    os.environ[_LEVEL] = "3"
    stderr = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        # A process of ours that starts another is not the user who asked.
        if asked is None:
            del os.environ[_LEVEL]
        else:
            os.environ[_LEVEL] = asked


def quiet_run() -> None:
    """Keep what TensorFlow reports while it runs out of what a command prints.

    Its Python code tells of functions that are traced again, as those of each member of
    an ensemble are, and of source code that AutoGraph doesn't find. Errors are
    exceptions, which a command reports. `TF_CPP_MIN_LOG_LEVEL=0` shows all.
    """
    if not _wanted():
        logging.getLogger("tensorflow").setLevel(logging.ERROR)


def _wanted():
    return os.environ.get(_LEVEL) == "0"

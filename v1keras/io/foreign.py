"""Errors of the libraries that read foreign files, as one line that names the file."""

import contextlib
import os
from collections.abc import Iterator

_OF_THE_SYSTEM = (FileNotFoundError, PermissionError, IsADirectoryError)
_LONGEST = 800  # characters of an error


@contextlib.contextmanager
def errors_naming(
    file: str | os.PathLike[str],
    passing: tuple[type[OSError], ...] = _OF_THE_SYSTEM,
) -> Iterator[None]:
    """Turn whatever is raised within the block into one `ValueError` naming the file.

    On a damaged file, libraries raise what no list of exceptions foresees, RuntimeError
    and AttributeError among it.

    Args:
        file: Path of the file, or text that begins with it and a colon.
        passing: Tuple of exceptions that are not changed. Defaults to what the system
            says of the file itself: there is none, it is forbidden, it is a folder.

    Raises:
        ValueError: The block raised an exception, which is the cause of this one.

    Example:

    >>> with errors_naming("a.mat"):
    ...     {}["x"]
    Traceback (most recent call last):
      ...
    ValueError: a.mat can't be read (KeyError: 'x')
    """
    try:
        yield
    except passing:
        raise
    except ValueError as error:
        text, path = short(error), str(file).split(": ")[0]
        raise ValueError(
            text if text.startswith(path) else f"{file}: {text}"
        ) from error
    except MemoryError as error:
        raise ValueError(
            f"{file} can't be read: it asks for more memory than there is"
        ) from error
    except Exception as error:
        raise ValueError(
            f"{file} can't be read ({type(error).__name__}: {short(error)})"
        ) from error


def short(error: BaseException) -> str:
    """Return the text of an error as one line, cut off where it is very long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."

"""The folder that a command writes its results to."""

import contextlib
import os
import pathlib
from collections.abc import Iterator, Sequence

from v1keras.io.atomic import atomic_files, check_file_target, check_folder_target
from v1keras.io.lock import locked_folder


@contextlib.contextmanager
def output_folder(
    folder: str | os.PathLike[str], files: Sequence[str]
) -> Iterator[pathlib.Path]:
    """Lock a folder, and write files that replace its own together at the end.

    Args:
        folder: Path of the folder, made where it is missing.
        files: Sequence of strings, names of files that will be written.

    Yields:
        `pathlib.Path` of an empty folder to write to.

    Raises:
        ValueError: Something else than a folder, or than a file, is in the place.
        OSError: Another command is writing there, or the folder can't be written to.
    """
    check_outputs(folder, files)
    with locked_folder(folder), atomic_files(folder) as parts:
        yield parts


def check_outputs(folder: str | os.PathLike[str], files: Sequence[str]) -> None:
    """Refuse a folder, or files in it, that can't be written; as `output_folder`."""
    check_folder_target(folder)
    for file in files:
        check_file_target(pathlib.Path(folder) / file)

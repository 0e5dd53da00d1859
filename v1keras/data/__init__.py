"""Stage 1: file on disk -> recording -> batch."""

import os
import pathlib

from v1keras.data import shards, sources
from v1keras.data.covariates import behavior_of, model_inputs
from v1keras.data.recording import Recording
from v1keras.data.simulation import simulate_recording
from v1keras.data.splits import apply_protocol, draw_split, redraw_validation
from v1keras.io.rows import Rows

__all__ = [
    "Recording",
    "Rows",
    "simulate_recording",
    "apply_protocol",
    "behavior_of",
    "draw_split",
    "model_inputs",
    "open_recording",
    "recording_names",
    "redraw_validation",
    "sources",
]


def open_recording(name_or_path: str | os.PathLike[str]) -> Recording:
    """A recording from its file, or a public dataset by its name.

    Args:
        name_or_path: an HDF5 file, a folder that `python -m v1keras.data shard` wrote,
            or a name in `v1keras.data.sources.SOURCES`.

    Raises:
        ValueError, OSError: as `Recording.load`, `shards.read` and `sources.read` do.
    """
    if name_or_path in sources.SOURCES:
        return sources.read(name_or_path)
    if pathlib.Path(name_or_path).is_dir():
        return shards.read(name_or_path)
    if not pathlib.Path(name_or_path).exists():
        known = ", ".join(sources.SOURCES)
        raise FileNotFoundError(
            f"no recording {str(name_or_path)!r}: neither a file here nor a public"
            f" dataset ({known})"
        )
    return Recording.load(name_or_path)


def recording_names(text: str) -> list[str]:
    """The recordings that a configuration names: one, or several, comma separated.

    Args:
        text: as `open_recording` takes it, or some of these with commas between; a file
            whose own name has commas is one.

    Example:

    >>> recording_names("monday.h5, tuesday.h5")
    ['monday.h5', 'tuesday.h5']
    """
    return (
        [text]
        if pathlib.Path(text).exists()
        else [part.strip() for part in text.split(",")]
    )

"""Stage 1: file on disk -> recording -> batch."""

import os
import pathlib
from collections.abc import Sequence

from v1keras.data import shards, sources
from v1keras.data.covariates import covariate, model_inputs
from v1keras.data.recording import Recording
from v1keras.data.simulation import simulate_recording
from v1keras.data.splits import draw_split, redraw_validation, split_by_protocol
from v1keras.io.large_arrays import LazyRows

__all__ = [
    "Recording",
    "LazyRows",
    "simulate_recording",
    "split_by_protocol",
    "covariate",
    "load_recording",
    "draw_split",
    "model_inputs",
    "open_recording",
    "recording_names",
    "redraw_validation",
    "sources",
]


def open_recording(name_or_path: str | os.PathLike[str]) -> Recording:
    """Open a recording by its file, or a public dataset by its name.

    Args:
        name_or_path: Path of an HDF5 file or of a folder that `python -m v1keras.data
            shard` wrote, or a name in `v1keras.data.sources.SOURCES`.

    Raises:
        ValueError, OSError: As `Recording.load`, `shards.read` and `sources.read`.
    """
    if name_or_path in sources.SOURCES:
        return sources.read(name_or_path)
    if pathlib.Path(name_or_path).is_dir():
        return shards.read(name_or_path)
    if not pathlib.Path(name_or_path).exists():
        datasets = ", ".join(sources.SOURCES)
        raise FileNotFoundError(
            f"no recording {str(name_or_path)!r}: neither a file here nor a public"
            f" dataset ({datasets})"
        )
    return Recording.load(name_or_path)


def load_recording(
    name_or_path: str | os.PathLike[str],
    protocol: str = "file",
    seed: int = 0,
    parts: Sequence[float] = (180, 52, 38),
) -> Recording:
    """Load a recording, and divide its images.

    Args:
        name_or_path: As for `open_recording`.
        protocol: "file" keeps the split in the file; "paper" draws images at random;
            "grouped" draws groups of images, so that no photograph is on two sides;
            "kfold" deals them into ten folds, of which one tests.
        seed: Integer, seed of the draw; of "kfold", the fold that tests, 0 to 9.
        parts: Proportions of (train, test, validation) images.

    Raises:
        ValueError, OSError: As `open_recording` and `split_by_protocol`.
    """
    return split_by_protocol(open_recording(name_or_path), protocol, seed, parts)


def recording_names(text: str) -> list[str]:
    """Return the recordings that a configuration names: one, or several.

    Args:
        text: String, one recording as `open_recording` takes it, or several with
            commas between; a file whose own name has commas is one recording.

    Example:

    >>> recording_names("monday.h5, tuesday.h5")
    ['monday.h5', 'tuesday.h5']
    """
    if pathlib.Path(text).exists():
        return [text]
    return [part.strip() for part in text.split(",")]

"""An inversion in chunks that are kept on disk, so that it can be resumed."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.restarts import RestartedAscent
from v1keras.inversion.result import PreferredStimuli, join_chunks
from v1keras.io.atomic import atomic_write

_CHUNK = 128
_SETTINGS = "facts.json"


def holds_chunks(folder: pathlib.Path) -> bool:
    """Return true if a folder holds the chunks of an inversion."""
    return (folder / _SETTINGS).exists()


def run_in_chunks(
    ascent: GradientAscent | RestartedAscent,
    neurons: np.ndarray,
    steps: int,
    seed: int,
    restarts: int,
    folder: pathlib.Path,
    settings: Mapping[str, Any],
) -> PreferredStimuli:
    """Run an ascent chunk by chunk and store each chunk in a file.

    Args:
        ascent: `GradientAscent` or `RestartedAscent`.
        neurons: `(n,)` indices.
        steps: Integer, as for `GradientAscent.run`.
        seed: Integer, as for `GradientAscent.run`.
        restarts: Integer, as for `GradientAscent.run`.
        folder: Folder of the files. Chunks found there are read, not computed again.
        settings: Dict of JSON values that the stimuli depend on.

    Raises:
        ValueError: The folder holds the chunks of another inversion.
    """
    text = json.dumps(settings, sort_keys=True)
    if holds_chunks(folder) and (folder / _SETTINGS).read_text() != text:
        raise ValueError(
            f"{folder} holds the chunks of an inversion of another model or other"
            " options; leave out --resume, or name another --out"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / _SETTINGS) as temporary:
        temporary.write_text(text)
    chunks = []
    for begin in range(0, len(neurons), _CHUNK):
        path = folder / f"{begin:06d}.npz"
        if not path.exists():
            part = neurons[begin : begin + _CHUNK]
            stimuli = ascent.run(part, steps, seed, restarts)
            with atomic_write(path) as temporary, open(temporary, "wb") as file:
                np.savez(file, allow_pickle=False, **stimuli.arrays())
        with np.load(path) as file:
            chunks.append(dict(file))
    return PreferredStimuli(**join_chunks(chunks), contrast=ascent.contrast)

"""Which presets there are, where they lie, and what is known of them."""

import hashlib
import importlib.resources
import json
import os
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.io.atomic import sha256

FORMAT_VERSION = 2
CONFIG, WEIGHTS, METADATA, CARD = (
    "config.json",
    "model.weights.h5",
    "metadata.json",
    "README.md",
)
REMOTE = "remote.json"


def names() -> list[str]:
    """Names of the presets that come with the package.

    Example:

    >>> "simulated_factorized" in names()
    True
    """
    return sorted(
        folder.name
        for folder in zoo_folder().iterdir()
        if (folder / METADATA).is_file()
    )


def remote():
    """The presets too large for the package: dict of name -> {"url": of an archive,
    "sha256": of it}.
    """
    return json.loads((zoo_folder() / REMOTE).read_text())


def find(name: str | os.PathLike[str]) -> pathlib.Path:
    """The folder of a preset.

    Args:
        name: one of `names()` or of `remote()`, a preset's folder, the workdir of a
            training, or an address `https://...#sha256=...` (or `file://`) of a zip
            archive of a preset's files. What is remote is downloaded once.

    Raises:
        FileNotFoundError: there is no such preset.
        ValueError: what an address gave is not what its sha256 says.
        OSError: it can't be downloaded.
    """
    name = str(name)
    inside = zoo_folder() / name
    for folder in (inside, pathlib.Path(name), pathlib.Path(name) / "preset"):
        if (folder / METADATA).is_file():
            return folder
    if name in remote() or "://" in name:
        from v1keras.zoo.archive import fetch  # needs Keras

        entry = remote().get(name)
        return fetch(f"{entry['url']}#sha256={entry['sha256']}" if entry else name)
    known = ", ".join([*names(), *remote()]) or "none"
    raise FileNotFoundError(
        f"no model {name!r}: neither a preset ({known}) nor the folder of one, nor a"
        " workdir"
    )


def info(name: str | os.PathLike[str]) -> dict[str, Any]:
    """What is known of a preset: its `metadata.json`.

    Args:
        name: as for `find`.

    Raises:
        ValueError: the file was changed, or is of another version.
        FileNotFoundError: there is no such preset.

    Example:

    >>> info("simulated_factorized")["recording"]["name"]
    'simulated'
    """
    path = find(name) / METADATA
    try:
        text = path.read_text()
        metadata = json.loads(text)
        version, digest = metadata["format_version"], metadata["sha256"][METADATA]
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path} is not the metadata of a preset: it is cut off or was changed"
        ) from None
    if version != FORMAT_VERSION:
        raise ValueError(
            f"{path} has format_version {version}; this version of v1keras reads"
            f" {FORMAT_VERSION}"
        )
    if digest != digest_of(metadata) or text != render(metadata):
        raise ValueError(
            f"{path} was changed after it was written: its sha256 is not the one it"
            " states"
        )
    return metadata


def check_files(
    name: str | os.PathLike[str], files: Sequence[str] = (CONFIG, WEIGHTS, CARD)
) -> None:
    """Compares the sha256 of a preset's files with those that its metadata states.

    Args:
        name: as for `find`.
        files: which of them.

    Raises:
        ValueError: a file has another.
        FileNotFoundError: there is no such preset, or it lacks a file.

    Example:

    >>> check_files("simulated_factorized")
    """
    folder, metadata = find(name), info(name)
    for file in files:
        found, stated = sha256(folder / file), metadata["sha256"][file]
        if found != stated:
            raise ValueError(
                f"{folder / file} is not the file of this preset: its sha256 is"
                f" {found}, stated is {stated}"
            )


def neurons_of(name: str | os.PathLike[str], session: str) -> np.ndarray:
    """Which outputs of a preset are the neurons of a recording session.

    Args:
        name: as for `find`.
        session: one of the keys of `info(name)["sessions"]`.

    Returns:
        Indices `(n,)`.

    Raises:
        ValueError: the preset has no such session.

    Example:

    >>> neurons_of("kindel2019_factorized", "02")[:3].tolist()
    [26, 27, 28]
    """
    metadata = info(name)
    labels = np.concatenate(
        [np.repeat(label, count) for label, count in metadata["neuron_sessions"]]
    )
    found = np.flatnonzero(labels == session)
    if not found.size:
        raise ValueError(
            f"session: found {session!r}, expected one of"
            f" {', '.join(metadata['sessions'])}"
        )
    return found


def zoo_folder():
    """Where the presets lie that come with the package."""
    return pathlib.Path(str(importlib.resources.files("v1keras.presets")))


def digest_of(metadata):
    """sha256 of the metadata without the entry that holds it."""
    rest = metadata | {
        "sha256": {k: v for k, v in metadata["sha256"].items() if k != METADATA}
    }
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def render(metadata):
    """The text of `metadata.json`: one entry a line, a list of plain values on one
    line.
    """
    # No line break can stand within a string of JSON: what is joined here is layout.
    return (
        re.sub(
            r"\[\n\s+([^\[\]{}]*?)\n\s*\]",
            lambda m: "[" + re.sub(r"\n\s+", " ", m[1]) + "]",
            json.dumps(metadata, indent=1),
        )
        + "\n"
    )

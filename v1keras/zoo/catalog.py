"""Where presets are, and their metadata."""

import importlib.resources
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.io.atomic import sha256
from v1keras.io.replace import whole_folder
from v1keras.io.scratch import settle
from v1keras.zoo.archive import fetch
from v1keras.zoo.layout import CARD, CONFIG, METADATA, REMOTE, WEIGHTS
from v1keras.zoo.metadata import read_metadata


def names() -> list[str]:
    """Return the names of the presets that come with the package.

    Example:

    >>> "simulated_factorized" in names()
    True
    """
    folders = zoo_folder().iterdir()
    return sorted(path.name for path in folders if (path / METADATA).is_file())


def remote() -> dict[str, dict[str, str]]:
    """Return the presets that are too large for the package.

    Returns:
        Dict, name -> {"url": address of an archive, "sha256": its hash}.
    """
    return json.loads((zoo_folder() / REMOTE).read_text())


def find(name: str | os.PathLike[str]) -> pathlib.Path:
    """Return the folder of a preset.

    Args:
        name: String, one of `names()` or of `remote()`, a preset's folder, the workdir
            of a training, an address `https://...#sha256=...` (or `file://`) of a zip
            archive of a preset's files, or `hf://OWNER/NAME@REVISION#sha256=...` of
            one on the Hugging Face hub. Remote presets are downloaded once.

    Raises:
        FileNotFoundError: There is no such preset.
        ValueError: The archive at an address has another sha256.
        OSError: The archive can't be downloaded, or a command was killed while it
            replaced the results in the workdir, and they can't be completed.
    """
    name = str(name)
    inside = zoo_folder() / name
    settle(pathlib.Path(name))
    for folder in (inside, pathlib.Path(name), pathlib.Path(name) / "preset"):
        whole = whole_folder(folder)
        if (whole / METADATA).is_file():
            return whole
    entry = remote().get(name)
    if entry:
        return fetch(f"{entry['url']}#sha256={entry['sha256']}")
    if name.startswith("hf://"):
        from v1keras.zoo.hub import fetch_from_hub

        return fetch_from_hub(name)
    if "://" in name:
        return fetch(name)
    presets = ", ".join([*names(), *remote()]) or "none"
    raise FileNotFoundError(
        f"no model {name!r}: neither a preset ({presets}) nor the folder of one, nor a"
        " workdir"
    )


def info(name: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the metadata of a preset: its checked `metadata.json`.

    Args:
        name: String, as for `find`.

    Raises:
        ValueError: The file was changed, is of another version, or an entry of it is
            missing or of another type.
        FileNotFoundError: There is no such preset.

    Example:

    >>> info("simulated_factorized")["recording"]["name"]
    'simulated'
    """
    return read_metadata(find(name) / METADATA)


def check_files(
    name: str | os.PathLike[str], files: Sequence[str] = (CONFIG, WEIGHTS, CARD)
) -> None:
    """Compare the sha256 of a preset's files with those that its metadata states.

    Args:
        name: String, as for `find`.
        files: Sequence of strings, names of the files to check.

    Raises:
        ValueError: A file has another sha256.
        FileNotFoundError: There is no such preset, or it lacks a file.

    Example:

    >>> check_files("simulated_factorized")
    """
    folder = find(name)
    compare_hashes(folder, info(folder), files)


def compare_hashes(
    folder: pathlib.Path, metadata: dict[str, Any], files: Sequence[str]
) -> None:
    """Compare the sha256 of files in a preset's folder with those in its metadata.

    Raises:
        ValueError: A file has another sha256.
    """
    for file in files:
        digest, stated = sha256(folder / file), metadata["sha256"][file]
        if digest != stated:
            raise ValueError(
                f"{folder / file} is not the file of this preset: its sha256 is"
                f" {digest}, stated is {stated}"
            )


def neurons_of(name: str | os.PathLike[str], session: str) -> np.ndarray:
    """Return the outputs of a preset that are the neurons of a recording session.

    Args:
        name: String, as for `find`.
        session: String, one of the keys of `info(name)["sessions"]`.

    Returns:
        Integer indices `(n,)`.

    Raises:
        ValueError: The preset has no such session.

    Example:

    >>> neurons_of("kindel2019_factorized", "02")[:3].tolist()
    [26, 27, 28]
    """
    metadata = info(name)
    labels = [np.repeat(label, count) for label, count in metadata["neuron_sessions"]]
    neurons = np.flatnonzero(np.concatenate(labels) == session)
    if not neurons.size:
        raise ValueError(
            f"session: found {session!r}, expected one of"
            f" {', '.join(metadata['sessions'])}"
        )
    return neurons


def zoo_folder() -> pathlib.Path:
    """Return the folder of the presets that come with the package."""
    return pathlib.Path(str(importlib.resources.files("v1keras.presets")))

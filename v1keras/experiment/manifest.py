"""The manifest of a stimulus set: what every file is, with its hash."""

import pathlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.experiment.screen import LEVELS, Screen
from v1keras.io.foreign import errors_naming
from v1keras.io.json_checks import (
    fail,
    integer,
    mapping,
    number,
    one_of,
    positive,
    read_json,
    record,
    sequence,
    text,
)

MANIFEST = "manifest.json"
_MOST = 10**6  # stimuli, neurons or presentations of each
_pair = sequence(number(), 2, 2)


def screen_entry(screen: Screen) -> dict[str, Any]:
    """Return a screen as an entry of the manifest."""
    return {
        "size_px": list(screen.size_px),
        "width_cm": float(screen.width_cm),
        "distance_cm": float(screen.distance_cm),
        "degrees": float(screen.degrees),
        "position": [float(value) for value in screen.position],
        "pixel_range": [float(value) for value in screen.pixel_range],
        "luminances": [float(value) for value in screen.luminances],
    }


def read_manifest(
    path: pathlib.Path, roles: Sequence[str], files: Sequence[str]
) -> dict[str, Any]:
    """Read a manifest; only what the format names is taken.

    Args:
        path: Path of the file.
        roles: Sequence of strings, the roles that stimuli may have.
        files: Sequence of strings, the files that have a hash.

    Returns:
        Dict of the manifest's entries; `screen` is a `Screen`.

    Raises:
        ValueError: It is not such a manifest, or contradicts itself.
    """
    neuron = integer(-1, _MOST)
    stimulus = record(
        {
            "name": _name,
            "role": one_of(*roles),
            "neuron": neuron,
            "recorded_image": integer(-1, 10**9),
            "sha256": _hash,
        }
    )
    checks = {
        "format": integer(1, 1),
        "about": mapping(text),
        "screen": record(
            {
                "size_px": sequence(integer(1, 1 << 14), 2, 2),
                "width_cm": positive,
                "distance_cm": positive,
                "degrees": positive,
                "position": _pair,
                "pixel_range": _pair,
                "luminances": sequence(number(), LEVELS, LEVELS),
            }
        ),
        "image_size": sequence(integer(1, 1 << 14), 2, 2),
        "background": integer(0, LEVELS - 1),
        "norm": positive,
        "neurons": sequence(integer(0, _MOST), 1, _MOST),
        "neuron_count": integer(1, _MOST),
        "like_position": sequence(sequence(integer(0, _MOST), 0, _MOST), 1, _MOST),
        "timing": sequence(number(0), 2, 2),
        "order": sequence(sequence(integer(0, _MOST), 1, _MOST), 1, _MOST),
        "stimuli": sequence(stimulus, 1, _MOST),
        "files": record({name: _hash for name in files}),
    }
    with errors_naming(path):
        manifest = record(checks)(read_json(path), "")
        _check_agreement(manifest)
        entry = manifest["screen"]
        pairs = {
            name: tuple(entry[name]) for name in ("size_px", "position", "pixel_range")
        }
        entry = entry | pairs | {"luminances": np.array(entry["luminances"])}
        manifest["screen"] = Screen(**entry)
        manifest["screen"].patch(manifest["image_size"])
    return manifest


def _check_agreement(manifest):
    """Refuse a manifest whose entries are not of the same stimuli and neurons."""
    neurons, stimuli = len(manifest["neurons"]), manifest["stimuli"]
    names = [stimulus["name"] for stimulus in stimuli]
    if len(set(names)) < len(names):
        raise ValueError("stimuli: two have one name")
    for stimulus in stimuli:
        if stimulus["neuron"] >= neurons:
            fail(
                f"stimulus {stimulus['name']}: neuron", stimulus["neuron"], "its place"
            )
    owners = [own["neuron"] for own in stimuli if own["role"] == "preferred"]
    if sorted(owners) != list(range(neurons)):
        raise ValueError("stimuli: expected one preferred stimulus per neuron")
    if all(stimulus["role"] != "blank" for stimulus in stimuli):
        raise ValueError("stimuli: expected a blank")
    if len(set(manifest["neurons"])) < neurons:
        raise ValueError("neurons: one of them is there twice")
    if max(manifest["neurons"]) >= manifest["neuron_count"]:
        fail("neurons", max(manifest["neurons"]), "neurons of the recording")
    places = [place for places in manifest["like_position"] for place in places]
    if len(manifest["like_position"]) != neurons or max(places, default=0) >= neurons:
        fail("like_position", manifest["like_position"], "a list per neuron")
    for block in manifest["order"]:
        if sorted(block) != list(range(len(stimuli))):
            raise ValueError("order: a block does not show each stimulus once")


def _name(value, place):
    if type(value) is not str or not re.fullmatch("[a-z0-9_]{1,100}", value):
        fail(place, value, "a name of small letters, digits and _")
    return value


def _hash(value, place):
    if type(value) is not str or not re.fullmatch("[0-9a-f]{64}", value):
        fail(place, value, "64 hexadecimal digits")
    return value

"""The form of a preset's metadata.json, and the hash that it states of itself."""

import hashlib
import json
import pathlib
import re
from typing import Any

from v1keras.io.foreign import errors_naming
from v1keras.io.json_checks import (
    brief,
    fail,
    integer,
    label,
    mapping,
    number,
    one_of,
    optional,
    read_json,
    record,
    sequence,
    text,
)
from v1keras.zoo.layout import CARD, CONFIG, FORMAT_VERSION, METADATA, WEIGHTS

_MOST_NEURONS = 10**6
_count = integer(0, 10**12)
_neurons = integer(1, _MOST_NEURONS)
_score = optional(number())
_seed = integer()


def _scalar(value, place):
    """Check an attribute of a recording or a value of a configuration."""
    if type(value) is str:
        return text(value, place)
    if value is not None and type(value) not in (bool, int, float):
        fail(place, value, "text, a number, true, false or null")
    return value


def _tree(value, place):
    """Check scalars in lists and dicts."""
    if type(value) is dict:
        return mapping(_tree)(value, place)
    if type(value) is list:
        return sequence(_tree, 0, _MOST_NEURONS)(value, place)
    return _scalar(value, place)


def _hash(value, place):
    if type(value) is not str or not re.fullmatch("[0-9a-f]{64}", value):
        fail(place, value, "64 hexadecimal digits")
    return value


def _pixels(value, place):
    pixels = record(
        {"minimum": number(), "maximum": number(), "mean": number()}, ["mean"]
    )(value, place)
    if pixels["minimum"] > pixels["maximum"]:
        fail(place, value, "a minimum below the maximum")
    return pixels


def _neuron_sessions(value, place):
    runs = sequence(sequence(_tree, 2, 2), 1, _MOST_NEURONS)(value, place)
    for i, (name, count) in enumerate(runs):
        text(name, f"{place}[{i}][0]")
        _neurons(count, f"{place}[{i}][1]")
    if sum(count for _, count in runs) > _MOST_NEURONS:
        fail(place, value, f"at most {_MOST_NEURONS:,} neurons")
    return runs


_SCORES = {
    "protocol": text,
    "seeds": sequence(_seed, 1, 10_000),
    "neurons": text,
    "count": _count,
    "correlation": _score,
    "cc_norm": _score,
    "fraction_near_limit": _score,
}
_DATA = {"protocol": text, "split_seed": _seed}
_COVARIATE = record(
    {"mean": sequence(number(), 1, 1000), "std": sequence(number(), 1, 1000)}
)
_RATES = sequence(sequence(number(), 1, _MOST_NEURONS), 1, 100)
_TIMES = record({"median": number(0), "percentile_95": number(0)})
_LATENCY = {
    "machine": text,
    "load": number(0),
    "calls": _count,
    "ms": mapping(_TIMES, 1, 100),
}
# What `save` is given.
_GIVEN = {
    "recording": mapping(_tree),
    "pixels": _pixels,
    "sessions": mapping(_neurons, 1, _MOST_NEURONS),
    "neuron_sessions": _neuron_sessions,
    "command": text,
    "commit": optional(text),
    "measured_by": text,
    "ceiling": one_of("repeats", "means", "several", "none"),
    "config": record({"data": record(_DATA, more=True)}, more=True),
    "scores": sequence(record(_SCORES, more=True), 1, 10_000),
    "own_scores": sequence(record({"split": text} | _SCORES, more=True), 1, 10_000),
    "latency": record(_LATENCY, ["load"], more=True),
    "noise": _tree,
}
# What `save` adds.
_ADDED = {
    "format_version": integer(FORMAT_VERSION, FORMAT_VERSION),
    "name": label,
    "written": text,
    "versions": mapping(text),
    "image_size": sequence(integer(1, 4096), 2, 2),
    "parameters": _count,
    "behavior": mapping(_COVARIATE, 1, 1000),
    "golden": mapping(_RATES, 1, 1000),
}
_MAY_LACK = ("own_scores", "latency", "noise", "behavior")
_check_given = record(_GIVEN, _MAY_LACK, more=True)
_check_all = record(
    _GIVEN
    | _ADDED
    | {"sha256": record(dict.fromkeys((CONFIG, WEIGHTS, METADATA, CARD), _hash))},
    _MAY_LACK,
    more=True,
)


def check_given(metadata: dict[str, Any]) -> None:
    """Check what is to become the metadata of a preset.

    Raises:
        ValueError: An entry is missing, or of another type; names it.
    """
    _check_given(json.loads(json.dumps(metadata)), "metadata")


def read_metadata(path: pathlib.Path) -> dict[str, Any]:
    """Read and check a preset's metadata.json.

    Raises:
        ValueError: The file was changed, is of another version, or lacks an entry.
    """
    try:
        metadata = read_json(path)
        version, digest = metadata["format_version"], metadata["sha256"][METADATA]
        as_written = digest == digest_of(metadata)
        as_written = as_written and path.read_text() == render(metadata)
    except Exception:  # as the file may hold anything in the place of a dict
        raise ValueError(
            f"{path} is not the metadata of a preset: it is cut off or was changed"
        ) from None
    if version != FORMAT_VERSION:
        raise ValueError(
            f"{path} has format_version {brief(version)}; this version of v1keras"
            f" reads {FORMAT_VERSION}"
        )
    if not as_written:
        raise ValueError(
            f"{path} was changed after it was written: its sha256 is not the one it"
            " states"
        )
    with errors_naming(path):
        _check_all(metadata, "")
    return metadata


def digest_of(metadata: dict[str, Any]) -> str:
    """Return the sha256 of the metadata without the entry that holds it."""
    hashes = metadata["sha256"].items()
    others = {file: digest for file, digest in hashes if file != METADATA}
    content = json.dumps(metadata | {"sha256": others}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def render(metadata: dict[str, Any]) -> str:
    """Return the text of metadata.json, a list of plain values on one line."""
    # No line break can stand within a string of JSON: what is joined here is layout.
    return (
        re.sub(
            r"\[\n\s+([^\[\]{}]*?)\n\s*\]",
            lambda match: "[" + re.sub(r"\n\s+", " ", match[1]) + "]",
            json.dumps(metadata, indent=1),
        )
        + "\n"
    )

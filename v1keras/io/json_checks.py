"""Checks of values read from JSON files.

A check is a function `(value, place) -> value`. It raises a `ValueError` that names the
place, what was found and what was expected.
"""

import json
import math
import pathlib
import reprlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from v1keras.io.foreign import errors_naming

Check = Callable[[Any, str], Any]
# Bytes. config.json and metadata.json of a million neurons are smaller.
LARGEST_TEXT = 256 << 20
_LONGEST_LABEL = 10_000


def read_json(path: pathlib.Path) -> Any:
    """Read a JSON file that may come from anyone.

    Raises:
        ValueError: The file is too large, or not JSON.
        OSError: The file can't be read.
    """
    size = path.stat().st_size
    if size > LARGEST_TEXT:
        raise ValueError(
            f"{path} has {size:,} bytes; expected at most {LARGEST_TEXT:,}"
        )
    with errors_naming(f"{path}: is not JSON"):
        return json.loads(path.read_text())


def brief(value: Any) -> str:
    """Return a value as at most one short line."""
    return reprlib.repr(value)


def fail(place: str, value: Any, expected: str) -> None:
    """Raise the error of a value that is not as expected."""
    raise ValueError(f"{place}: found {brief(value)}, expected {expected}")


def integer(low: int | None = None, high: int | None = None) -> Check:
    """Return a check for an integer, in a range whose ends are included."""
    expected = "an integer" if high is None else f"an integer from {low} to {high}"

    def check(value, place):
        if type(value) is not int or (high is not None and not low <= value <= high):
            fail(place, value, expected)
        return value

    return check


def number(low: float = -math.inf) -> Check:
    """Return a check for a finite number, `low` or larger."""
    expected = f"a number of at least {low:g}" if low > -math.inf else "a number"

    def check(value, place):
        numeric = type(value) in (int, float) and low <= value < math.inf
        if not numeric or value == -math.inf:
            fail(place, value, expected)
        return value

    return check


def positive(value: Any, place: str) -> float:
    """Check that a value is a finite number above 0."""
    if type(value) not in (int, float) or not 0 < value < math.inf:
        fail(place, value, "a number above 0")
    return value


def boolean(value: Any, place: str) -> bool:
    """Check that a value is true or false."""
    if type(value) is not bool:
        fail(place, value, "true or false")
    return value


def text(value: Any, place: str) -> str:
    """Check that a value is text."""
    if type(value) is not str:
        fail(place, value, "text")
    return value


def label(value: Any, place: str) -> str:
    """Check that a value can be the name of a layer."""
    if type(value) is not str or not 0 < len(value) <= _LONGEST_LABEL or "/" in value:
        fail(place, value, "a name without a slash")
    return value


def one_of(*choices: str) -> Check:
    """Return a check for one of several words."""

    def check(value, place):
        if type(value) is not str or value not in choices:
            fail(place, value, f"one of {', '.join(choices)}")
        return value

    return check


def optional(check: Check) -> Check:
    """Return a check that also accepts null."""
    return lambda value, place: None if value is None else check(value, place)


def sequence(check: Check, least: int, most: int) -> Check:
    """Return a check for a list whose entries all pass `check`."""
    if least == most:
        length = f"{least}"
    else:
        length = f"{least} to {most}"

    def check_all(value, place):
        if type(value) is not list or not least <= len(value) <= most:
            fail(place, value, f"a list of {length} entries")
        return [check(entry, f"{place}[{i}]") for i, entry in enumerate(value)]

    return check_all


def mapping(
    check: Check, least: int = 0, most: int = 10_000, key: Check = text
) -> Check:
    """Return a check for a dict whose values all pass `check`, its keys `key`."""

    def check_all(value, place):
        if type(value) is not dict or not least <= len(value) <= most:
            fail(place, value, f"a dict of {least} to {most} entries")
        return {
            key(name, f"{place}, a key"): check(entry, f"{place}.{brief(name)}")
            for name, entry in value.items()
        }

    return check_all


def record(
    checks: Mapping[str, Check],
    may_lack: Sequence[str] = (),
    more: bool = False,
) -> Check:
    """Return a check for a dict of known keys.

    Args:
        checks: Mapping, key -> check of its value.
        may_lack: Sequence of strings, keys that may be missing.
        more: Boolean, whether other keys are accepted, unchecked.
    """

    def check_all(value, place):
        if type(value) is not dict:
            fail(place, value, "a dict")
        missing = [key for key in checks if key not in value and key not in may_lack]
        if missing:
            raise ValueError(f"{missing[0]!r} is missing in {place or 'the file'}")
        unknown = [key for key in value if key not in checks]
        if unknown and not more:
            expected = ", ".join(checks)
            raise ValueError(
                f"{place}: unknown key {brief(unknown[0])}, expected {expected}"
            )
        dot = f"{place}." if place else ""
        passed = {key: value[key] for key in unknown}
        for key, check in checks.items():
            if key in value:
                passed[key] = check(value[key], dot + key)
        return passed

    return check_all

"""The values that each flag of a command may have, where it is a number."""

import contextlib
from typing import Any

from absl import flags

from v1keras.config_values import VALUES, Integer, Number

# Larger ones are slips of the keyboard: they would exhaust memory or years.
FLAGS: dict[str, Any] = {
    # v1keras.train
    "profile": Integer(0, 100_000),
    # v1keras.invert
    "steps": Integer(1, 100_000),
    "restarts": Integer(1, 1000),
    "blur": Number(0, 10_000),
    "jitter": Integer(0, 10_000),
    "contrast_norm": Number(0, 1e9, excluded=(0,)),
    # v1keras.data, and the seed of v1keras.invert
    "seed": VALUES["seed"],
    "train_images": Integer(1, 1_000_000),
    "test_images": Integer(1, 100_000),
    "neurons_per_kind": Integer(1, 10_000),
    "image_size": Integer(12, 512),
    "parts": VALUES["data.split_parts"],
    "window": Number(0, 1e6, excluded=(0,)),
    "latency": Number(0, 1e6),
    "first_frame": Integer(0, 1_000_000_000),
}


def check_flags(values: flags.FlagValues) -> None:
    """Refuse a flag whose number makes no sense.

    Args:
        values: `absl.flags.FlagValues`, parsed.

    Raises:
        ValueError: Names the flag, what was received and what fits.

    Example:

    >>> values = flags.FlagValues()
    >>> flags.DEFINE_integer("steps", 300, "", flag_values=values)
    <absl.flags._flagvalues.FlagHolder object at ...>
    >>> _ = values(["invert", "--steps=-1"])
    >>> check_flags(values)
    Traceback (most recent call last):
    ...
    ValueError: --steps: found -1, expected an integer from 1 to 100,000
    """
    for name, rule in FLAGS.items():
        if name not in values or values[name].value is None:
            continue
        value = values[name].value
        if isinstance(value, list):
            value = [_number(text) for text in value]
        if not rule.fits(value):
            raise ValueError(f"--{name}: found {value!r:.200}, expected {rule}")


def _number(text):
    """Return the number that a text is, or the text."""
    with contextlib.suppress(ValueError):
        return float(text)
    return text

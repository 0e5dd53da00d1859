"""The flags of `python -m v1keras.data convert arrays`, and what they choose."""

import dataclasses
import pathlib

from absl import flags

from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout

# A flag defined here is one of the command that asked for it, as --help lists them.
flags.disclaim_key_flags()

_SHOWN = 2  # pairs at the beginning, and at the end


def define_flags():
    """Define the flags that tell what the files leave open."""
    for field in dataclasses.fields(Layout):
        text = f"convert arrays: {field.metadata['text']}"
        flags.DEFINE_string(field.name, None, text)


def read(values):
    """Read the recording that a command line asks for.

    Its name is that of the file to write, unless an attribute says another.

    Args:
        values: Object with the values of the flags as attributes.

    Raises:
        ValueError, OSError: As `v1keras.data.sources.arrays.read`.
    """
    if not values.images:
        raise ValueError("no --images=FILE: name the images, and the responses to them")
    answers = {}
    for field in dataclasses.fields(Layout):
        answers[field.name] = getattr(values, field.name)
    name = {"name": pathlib.Path(values.out).stem}
    return arrays.read(
        values.images,
        values.responses,
        values.repeats,
        values.repeat_images,
        _pairs(values.column, "column"),
        name | _pairs(values.attribute, "attribute"),
        Layout(**answers),
    )


def first_and_last_pairs(recording):
    """Return lines on which responses the first and the last images have.

    Args:
        recording: `Recording`.

    Example:

    >>> import numpy as np
    >>> from v1keras import Recording
    >>> images = np.zeros((3, 4, 4), "uint8")
    >>> recording = Recording(images, np.array([[1.0], [2.5], [0.0]]))
    >>> first_and_last_pairs(recording)[0]
    'image 0 -> 1'
    """
    count, lines = len(recording.images), []
    names = recording.covariates.get("picture", [f"image {i}" for i in range(count)])
    for i in sorted({*range(count)[:_SHOWN], *range(count)[-_SHOWN:]}):
        responses = [f"{value:.4g}" for value in recording.responses[i, :4]]
        more = ["..."] if recording.neuron_count > 4 else []
        lines.append(f"{names[i]} -> {', '.join(responses + more)}")
    return lines


def _pairs(texts, flag):
    """Return NAME=VALUE texts as a dict."""
    for text in texts:
        if "=" not in text:
            raise ValueError(f"--{flag}={text}: expected --{flag}=NAME=VALUE")
    return dict(text.split("=", 1) for text in texts)

"""The work of `python -m v1keras.data`: make, describe, divide and store recordings."""

import numpy as np

from v1keras.data import (
    open_recording,
    shards,
    simulate_recording,
    sources,
    split_by_protocol,
)
from v1keras.data.join_repeats import join_repeats
from v1keras.data.same_images import first_alike
from v1keras.io.atomic import check_file_target
from v1keras.workflows import convert_arrays, convert_nwb
from v1keras.workflows.describe import describe, write_page

_USAGE = (
    "expected `list`, `convert DATASET --out=FILE`, `convert arrays --images=..."
    " --responses=... --out=FILE`, `convert nwb FILE... --out=FILE`,"
    " `simulate --out=FILE`, `info FILE`, `plot FILE --out=PAGE.html`, `split FILE"
    " --protocol=... --out=FILE`, `join FILE --out=FILE` or `shard FILE --out=FOLDER`"
)


def run(words, values):
    """Do what a command line asks for.

    Args:
        words: Sequence of strings, the command's arguments without its flags.
        values: Object with the values of the flags of `v1keras.data.__main__` as
            attributes.

    Returns:
        String, the text to print.

    Raises:
        ValueError: The words ask for nothing that there is, or a flag is missing or
            doesn't fit.
        OSError: A file is not there, or can't be written.

    Example:

    >>> print(run(["list"], None).splitlines()[0])
    kindel2019
    """
    match words:
        case ["list"]:
            own_files = "arrays (your own files, by --images, --responses, ...)"
            own_nwb = "nwb (your own NWB files)"
            return "\n".join([*sources.SOURCES, own_files, own_nwb])
        case ["info", path]:
            return describe(open_recording(path))
        case ["plot", path]:
            out = _out(values, "page (.html)")
            others = write_page(open_recording(path), out, values.figures)[1:]
            return f"written: {', '.join([out, *others])}"
        case ["shard", path]:
            out = _out(values, "folder")
            shards.write(open_recording(path), out)
            return f"{out}: --config.data.recording={out} trains on it"
        case ["split" | "join" | "convert", _] | ["simulate"] | ["convert", "nwb", *_]:
            return _save(words, values)
    line = " ".join(words) or "nothing to do"
    raise ValueError(f"found {line!r}; {_USAGE}")


def _save(words, values):
    """Make a recording, save it, and return a line on it."""
    out = _out(values, "HDF5 file")
    recording = _make(words, values)
    recording.save(out)
    lines = [f"{out}: {len(recording.images)} images, {recording.neuron_count} neurons"]
    if words == ["convert", "arrays"]:
        lines = [*convert_arrays.first_and_last_pairs(recording), *lines]
        lines += _copies(recording, out)
    return "\n".join(lines)


def _copies(recording, out):
    """Yield a line on rows that show the image of another."""
    copies = len(recording.images) - np.unique(first_alike(recording.images)).size
    if copies:
        yield (
            f"{copies} rows show the image of an earlier row: if they are"
            f" presentations of one image, `python -m v1keras.data join {out}"
            " --out=FILE` makes them its repeats"
        )


def _make(words, values):
    """Return the recording that the words ask for."""
    match words:
        case ["split", path]:
            parts = [float(part) for part in values.parts]
            recording = open_recording(path)
            return split_by_protocol(recording, values.protocol, values.seed, parts)
        case ["join", path]:
            return join_repeats(open_recording(path))
        case ["convert", "arrays"]:
            return convert_arrays.read(values)
        case ["convert", "nwb", *paths]:
            return convert_nwb.read(paths, values)
        case ["convert", name]:
            return sources.read(name, values.path)
    return simulate_recording(
        values.train_images,
        values.test_images,
        values.neurons_per_kind,
        values.image_size,
        seed=values.seed,
    )


def _out(values, noun):
    """Return the path to write to."""
    if not values.out:
        raise ValueError(f"no --out=FILE: name the {noun} to write")
    if noun != "folder":
        check_file_target(values.out)
    return values.out

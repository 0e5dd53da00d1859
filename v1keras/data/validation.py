"""What a `Recording` must be."""

import warnings

import numpy as np

from v1keras.io.large_arrays import row_blocks

TRAIN, VALIDATION, TEST, UNASSIGNED = 0, 1, 2, -1
SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
# Attributes a file may carry, with their type.
ATTRIBUTES = {
    "name": str,
    "units": str,
    "window_s": float,
    "presentations": int,
    "pixels_per_degree": float,
    "species": str,
    "area": str,
    "technique": str,
    "license": str,
    "citation": str,
    "source": str,
}


def validate(recording):
    """Check every array against the others and bring it to the format's type."""
    recording.images = np.asarray(recording.images)
    if recording.images.dtype != np.uint8:
        recording.images = _numeric(recording.images, "images", np.float32)
    expected = (
        "(n, height, width)"
        + ": one grey level a pixel; average the colours, or drop the axis"
        * (recording.images.ndim == 4)
    )
    _check(
        recording.images.ndim == 3 and recording.images.size,
        "images",
        recording.images.shape,
        expected,
    )
    if recording.images.dtype != np.uint8:
        _check(
            all(np.isfinite(rows).all() for _, rows in row_blocks(recording.images)),
            "images",
            "NaN or infinity",
            "finite pixels",
        )
    n = len(recording.images)
    recording.responses = _numeric(recording.responses, "responses", np.float32)
    _check(
        recording.responses.ndim == 2
        and len(recording.responses) == n
        and recording.responses.size,
        "responses",
        recording.responses.shape,
        f"({n}, neurons): a row for each of the {n} images"
        + "; transpose them" * (recording.responses.shape[1:] == (n,)),
    )
    finite = not any(
        np.isinf(rows).any() for _, rows in row_blocks(recording.responses)
    )
    _check(finite, "responses", "infinity", "finite numbers, or NaN for missing")
    if recording.split is None:
        recording.split = np.full(n, UNASSIGNED)
    validate_split(recording)
    if recording.image_group is not None:
        recording.image_group = _column(recording, "image_group", n, np.int64)
    _validate_neurons(recording)
    _validate_repeats(recording)
    _validate_attributes(recording)


def _validate_attributes(recording):
    """Check the attributes and bring them to their types."""
    for key, value in recording.attributes.items():
        _check(
            key in ATTRIBUTES,
            f"attribute {key}",
            value,
            f"one of {', '.join(ATTRIBUTES)}",
        )
        kind = ATTRIBUTES[key]
        value = (
            value.decode() if isinstance(value, bytes) else value
        )  # as MATLAB writes strings
        try:
            recording.attributes[key] = kind(value)
        except (TypeError, ValueError):
            _check(False, f"attribute {key}", repr(value), kind.__name__)
        _check(
            kind is not int or recording.attributes[key] == float(value),
            f"attribute {key}",
            value,
            "a whole number",
        )
    for key in {"window_s", "presentations", "pixels_per_degree"} & set(
        recording.attributes
    ):
        _check(
            recording.attributes[key] > 0,
            f"attribute {key}",
            recording.attributes[key],
            "a number above 0",
        )


def validate_split(recording):
    """Check the split and bring it to the format's type."""
    recording.split = _column(recording, "split", len(recording.images), np.int8)
    _check(
        np.isin(recording.split, [-1, 0, 1, 2]).all(),
        "split",
        np.unique(recording.split).tolist(),
        "-1, 0, 1 or 2",
    )


def _validate_neurons(recording):
    count = recording.neuron_count
    if recording.neuron_session is not None:
        recording.neuron_session = np.asarray(recording.neuron_session).astype(str)
        _check(
            recording.neuron_session.shape == (count,),
            "neuron_session",
            recording.neuron_session.shape,
            f"({count},) strings",
        )
    recording.neurons = _columns(recording.neurons, "neurons", count)
    recording.stimuli = _columns(recording.stimuli, "stimuli", len(recording.images))
    least, most = np.full(count, np.nan), np.full(count, np.nan)
    for _, rows in row_blocks(recording.responses):
        least, most = (
            np.fmin(least, np.fmin.reduce(rows)),
            np.fmax(most, np.fmax.reduce(rows)),
        )
    silent, constant = (
        np.flatnonzero(np.isnan(least)),
        np.flatnonzero(most == least),
    )
    if silent.size:
        warnings.warn(
            f"neurons {_some(silent)} have no response at all: kept, but left out"
            " of every mean and counted"
        )
    if constant.size and len(recording.images) > 1:
        warnings.warn(
            f"neurons {_some(constant)} answer all images alike: nothing to"
            " predict; kept, left out of means"
        )


def _validate_repeats(recording):
    if (recording.repeats is None) != (recording.repeat_images is None):
        missing = "repeats" if recording.repeats is None else "repeat_images"
        _check(False, missing, "nothing", "both repeats and repeat_images, or neither")
    if recording.repeats is None:
        return
    recording.repeats = _numeric(recording.repeats, "repeats", np.float32)
    recording.repeat_images = _numeric(
        recording.repeat_images, "repeat_images", np.int64
    )
    fits = (
        recording.repeats.ndim == 3
        and recording.repeats.shape[1] > 1
        and recording.repeats.shape[2] == recording.neuron_count
    )
    _check(
        fits,
        "repeats",
        recording.repeats.shape,
        f"(images, two or more repeats, {recording.neuron_count} neurons)",
    )
    count = len(recording.repeats)
    _check(
        recording.repeat_images.shape == (count,),
        "repeat_images",
        recording.repeat_images.shape,
        f"({count},)",
    )
    fits = (
        np.unique(recording.repeat_images).size == count
        and np.isin(recording.repeat_images, np.arange(len(recording.images))).all()
    )
    _check(
        fits,
        "repeat_images",
        recording.repeat_images.tolist()[:5],
        f"different indices below {len(recording.images)}",
    )


def _column(recording, name, length, dtype):
    column = _numeric(getattr(recording, name), name, dtype)
    _check(column.shape == (length,), name, column.shape, f"({length},)")
    return column


def _columns(columns, group, count):
    """The columns as arrays, strings as NumPy's strings."""
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    arrays = {
        name: column.astype(str) if column.dtype.kind in "OS" else column
        for name, column in arrays.items()
    }
    for name, column in arrays.items():
        _check(
            column.ndim and len(column) == count,
            f"{group}/{name}",
            column.shape,
            f"({count}, ...)",
        )
    return arrays


def _numeric(array, name, dtype):
    array = np.asarray(array)
    _check(
        array.dtype.kind in "biuf",
        name,
        f"type {array.dtype}",
        f"numbers ({np.dtype(dtype)})",
    )
    cast = array.astype(dtype, copy=False)
    whole = np.dtype(dtype).kind != "i" or np.array_equal(cast, array)
    _check(
        whole,
        name,
        array[cast != array].ravel()[:3].tolist() if not whole else "",
        f"whole numbers ({np.dtype(dtype)})",
    )
    return cast


def _check(fits, name, found, expected):
    if not fits:
        raise ValueError(f"{name}: found {found}, expected {expected}")


def _some(indices):
    return ", ".join(map(str, indices[:5])) + (
        f", ... ({len(indices)})" if len(indices) > 5 else ""
    )

"""Rules that the arrays and attributes of a `Recording` meet."""

import warnings

import numpy as np

from v1keras.data.agreement import check_agreement
from v1keras.io.large_arrays import row_blocks

TRAIN, VALIDATION, TEST, UNASSIGNED = 0, 1, 2, -1
SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
# Units of responses that are spike counts; also those of a recording without units.
COUNTS = "spikes per presentation"
# Units, in small letters, of responses that are spikes per second.
HERTZ = ("hz", "spikes/s", "spikes per second", "sp/s", "1/s", "s^-1")
# Attributes a file may carry, with their type.
ATTRIBUTES = {
    "name": str,
    "units": str,
    "window_s": float,
    "presentations": int,
    "pixels_per_degree": float,
    "species": str,
    "subject": str,
    "session": str,
    "device": str,
    "area": str,
    "technique": str,
    "license": str,
    "citation": str,
    "source": str,
}
_POSITIVE = ("window_s", "presentations", "pixels_per_degree")


def validate(recording):
    """Check every array against the others and bring it to the format's type."""
    _validate_images(recording)
    _validate_responses(recording)
    count = len(recording.images)
    if recording.split is None:
        recording.split = np.full(count, UNASSIGNED)
    validate_split(recording)
    if recording.image_group is not None:
        recording.image_group = _column(recording, "image_group", count, np.int64)
    recording.covariates = _columns(recording.covariates, "covariates", count)
    _validate_neurons(recording)
    _warn_of_unpredictable(recording.responses)
    _validate_repeats(recording)
    _validate_repeat_covariates(recording)
    _validate_attributes(recording)


def validate_split(recording):
    """Check the split and bring it to the format's type."""
    recording.split = _column(recording, "split", len(recording.images), np.int8)
    _check(
        np.isin(recording.split, [-1, 0, 1, 2]).all(),
        "split",
        np.unique(recording.split).tolist(),
        "-1, 0, 1 or 2",
    )


def count_images(split):
    """Return a dict from the name of each side to its number of images."""
    return {name: int(np.sum(split == side)) for name, side in SPLITS.items()}


def _validate_images(recording):
    """Check the images, of which uint8 ones stay uint8."""
    images = _unmasked(recording.images, "images")
    if images.dtype != np.uint8:
        images = _numeric(images, "images", np.float32)
    recording.images = images
    expected = "(n, height, width)"
    if images.ndim == 4:
        expected += ": one grey level a pixel; average the colours, or drop the axis"
    _check(images.ndim == 3 and images.size, "images", images.shape, expected)
    if images.dtype != np.uint8:
        finite = all(np.isfinite(rows).all() for _, rows in row_blocks(images))
        _check(finite, "images", "NaN or infinity", "finite pixels")


def _validate_responses(recording):
    """Check the responses against the images."""
    responses = _numeric(recording.responses, "responses", np.float32)
    recording.responses = responses
    count, shape = len(recording.images), recording.images.shape
    transposed = responses.shape[1:] == (count,)
    images_are_last = len(responses) == shape[-1] != count and not transposed
    expected = f"({shape[-1]}, height, width), an image for each of the {shape[-1]}"
    expected += " responses: bring their last axis to the front"
    _check(not images_are_last, "images", shape, expected)
    expected = f"({count}, neurons): a row for each of the {count} images"
    if transposed:
        expected += "; transpose them"
    fits = responses.ndim == 2 and len(responses) == count and responses.size
    _check(fits, "responses", responses.shape, expected)
    infinite = any(np.isinf(rows).any() for _, rows in row_blocks(responses))
    _check(not infinite, "responses", "infinity", "finite numbers, or NaN for missing")


def _validate_neurons(recording):
    """Check the columns of neurons."""
    count = recording.neuron_count
    if recording.neuron_session is not None:
        sessions = np.asarray(recording.neuron_session).astype(str)
        recording.neuron_session = sessions
        _check(
            sessions.shape == (count,),
            "neuron_session",
            sessions.shape,
            f"({count},) strings",
        )
    recording.neurons = _columns(recording.neurons, "neurons", count)


def _warn_of_unpredictable(responses):
    """Warn of neurons whose response never varies or was never recorded."""
    count = responses.shape[1]
    least, most = np.full(count, np.nan), np.full(count, np.nan)
    for _, rows in row_blocks(responses):
        least = np.fmin(least, np.fmin.reduce(rows))
        most = np.fmax(most, np.fmax.reduce(rows))
    silent = np.flatnonzero(np.isnan(least))
    constant = np.flatnonzero(most == least)
    if silent.size:
        warnings.warn(
            f"neurons {_first(silent)} have no response at all: kept, but left out of"
            " every mean and counted"
        )
    if constant.size and len(responses) > 1:
        warnings.warn(
            f"neurons {_first(constant)} answer all images alike: nothing to predict;"
            " kept, left out of means"
        )


def _validate_repeats(recording):
    """Check the single presentations and the images that they name."""
    if (recording.repeats is None) != (recording.repeat_images is None):
        missing = "repeats" if recording.repeats is None else "repeat_images"
        _check(False, missing, "nothing", "both repeats and repeat_images, or neither")
    if recording.repeats is None:
        return
    repeats = _numeric(recording.repeats, "repeats", np.float32)
    indices = _numeric(recording.repeat_images, "repeat_images", np.int64)
    recording.repeats, recording.repeat_images = repeats, indices
    neurons = recording.neuron_count
    _check(
        repeats.ndim == 3 and repeats.shape[1] > 1 and repeats.shape[2] == neurons,
        "repeats",
        repeats.shape,
        f"(images, two or more repeats, {neurons} neurons)",
    )
    shape = (len(repeats),)
    _check(indices.shape == shape, "repeat_images", indices.shape, shape)
    images = len(recording.images)
    different = np.unique(indices).size == len(indices)
    _check(
        different and np.isin(indices, np.arange(images)).all(),
        "repeat_images",
        indices.tolist()[:5],
        f"different indices below {images}",
    )
    check_agreement(recording.responses, repeats, indices)


def _validate_repeat_covariates(recording):
    """Check covariates of repeats, whose means over repeats are those of the images."""
    recording.repeat_covariates = dict(recording.repeat_covariates)
    for name, values in recording.repeat_covariates.items():
        group = f"repeat_covariates/{name}"
        values = _numeric(values, group, np.float64)
        recording.repeat_covariates[name] = values
        shape = () if recording.repeats is None else recording.repeats.shape[:2]
        fits = shape and values.shape[:2] == shape and values.ndim in (2, 3)
        expected = f"{shape} or {(*shape, 'k')}, as repeats" if shape else "repeats"
        _check(fits, group, values.shape, expected)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            means = np.nanmean(values, axis=1)
        images = np.full((len(recording.images), *means.shape[1:]), np.nan)
        column = recording.covariates.setdefault(name, images)
        _check(column.shape == images.shape, group, column.shape, images.shape)
        chosen = recording.repeat_images
        if column is images:
            column[chosen] = means
        differ = np.abs(column[chosen] - means) > 1e-3 * np.nanmax(np.abs(values))
        _check(
            not differ.any(),
            group,
            f"a mean other than covariates/{name} at {int(differ.sum())} values",
            f"the mean over an image's repeats in covariates/{name}",
        )


def _validate_attributes(recording):
    """Check the attributes and bring them to their types."""
    attributes = recording.attributes
    for key, value in attributes.items():
        name = f"attribute {key}"
        _check(key in ATTRIBUTES, name, value, f"one of {', '.join(ATTRIBUTES)}")
        kind = ATTRIBUTES[key]
        _check(value is not None, name, "neither text nor numbers", kind.__name__)
        # MATLAB writes strings as bytes.
        value = value.decode() if isinstance(value, bytes) else value
        try:
            attributes[key] = kind(value)
        except (TypeError, ValueError):
            _check(False, name, repr(value), kind.__name__)
        if kind is int:
            _check(attributes[key] == float(value), name, value, "a whole number")
    for key in _POSITIVE:
        if key in attributes:
            value = attributes[key]
            _check(value > 0, f"attribute {key}", value, "a number above 0")


def _column(recording, name, length, dtype):
    """Return an attribute of the recording as numbers, one per image."""
    column = _numeric(getattr(recording, name), name, dtype)
    _check(column.shape == (length,), name, column.shape, f"({length},)")
    return column


def _columns(columns, group, count):
    """Return columns as arrays, strings as NumPy's strings."""
    arrays = {}
    for name, column in columns.items():
        array = _unmasked(column, f"{group}/{name}")
        if array.dtype.kind in "OS":
            array = array.astype(str)
        fits = array.ndim and len(array) == count
        _check(fits, f"{group}/{name}", array.shape, f"({count}, ...)")
        arrays[name] = array
    return arrays


def _numeric(array, name, dtype):
    """Return numbers as `dtype`; to integers only where none is rounded."""
    array, dtype = _unmasked(array, name), np.dtype(dtype)
    numeric = array.dtype.kind in "biuf"
    _check(numeric, name, f"type {array.dtype}", f"numbers ({dtype})")
    cast = array.astype(dtype, copy=False)
    if dtype.kind == "i" and not np.array_equal(cast, array):
        rounded = array[cast != array].ravel()[:3].tolist()
        _check(False, name, rounded, f"whole numbers ({dtype})")
    return cast


def _unmasked(array, name):
    """Return an array without a mask, with NaN in place of what was masked."""
    if not np.ma.is_masked(array):
        return np.asarray(array)
    numeric = array.dtype.kind in "biuf"
    _check(numeric, name, f"masked entries of type {array.dtype}", "numbers")
    wide = array.dtype if array.dtype.kind == "f" else np.float64
    return array.astype(wide).filled(np.nan)


def _check(fits, name, found, expected):
    """Raise a `ValueError` unless `fits`."""
    if not fits:
        raise ValueError(f"{name}: found {found}, expected {expected}")


def _first(indices):
    """Return the first five indices as text, and the count of all if there are more."""
    text = ", ".join(map(str, indices[:5]))
    return text if len(indices) <= 5 else f"{text}, ... ({len(indices)})"

"""Rules that the arrays and attributes of a `Recording` meet."""

import warnings

import numpy as np

from v1keras.data.agreement import check_agreement
from v1keras.data.array_checks import (
    check,
    check_name,
    check_text,
    columns,
    composed,
    numeric,
    unmasked,
)
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
_LONGEST_WINDOW_S = 30.0  # of a presentation that nobody doubts
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
    recording.covariates = columns(recording.covariates, "covariates", count)
    _validate_neurons(recording)
    _warn_of_unpredictable(recording.responses)
    _validate_repeats(recording)
    _validate_repeat_covariates(recording)
    _validate_attributes(recording)


def validate_split(recording):
    """Check the split and bring it to the format's type."""
    recording.split = _column(recording, "split", len(recording.images), np.int8)
    check(
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
    images = unmasked(recording.images, "images")
    if images.dtype != np.uint8:
        images = numeric(images, "images", np.float32)
    recording.images = images
    expected = "(n, height, width)"
    if images.ndim == 4:
        expected += ": one grey level a pixel; average the colours, or drop the axis"
    check(images.ndim == 3 and images.size, "images", images.shape, expected)
    if images.dtype != np.uint8:
        finite = all(np.isfinite(rows).all() for _, rows in row_blocks(images))
        check(finite, "images", "NaN or infinity", "finite pixels")


def _validate_responses(recording):
    """Check the responses against the images."""
    responses = numeric(recording.responses, "responses", np.float32)
    recording.responses = responses
    count, shape = len(recording.images), recording.images.shape
    transposed = responses.shape[1:] == (count,)
    images_are_last = len(responses) == shape[-1] != count and not transposed
    expected = f"({shape[-1]}, height, width), an image for each of the {shape[-1]}"
    expected += " responses: bring their last axis to the front"
    check(not images_are_last, "images", shape, expected)
    expected = f"({count}, neurons): a row for each of the {count} images"
    if transposed:
        expected += "; transpose them"
    fits = responses.ndim == 2 and len(responses) == count and responses.size
    check(fits, "responses", responses.shape, expected)
    infinite = any(np.isinf(rows).any() for _, rows in row_blocks(responses))
    check(not infinite, "responses", "infinity", "finite numbers, or NaN for missing")


def _validate_neurons(recording):
    """Check the columns of neurons."""
    count = recording.neuron_count
    if recording.neuron_session is not None:
        sessions = composed(check_text("neuron_session", recording.neuron_session))
        recording.neuron_session = sessions
        check(
            sessions.shape == (count,),
            "neuron_session",
            sessions.shape,
            f"({count},) strings",
        )
    recording.neurons = columns(recording.neurons, "neurons", count)


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
        check(False, missing, "nothing", "both repeats and repeat_images, or neither")
    if recording.repeats is None:
        return
    repeats = numeric(recording.repeats, "repeats", np.float32)
    indices = numeric(recording.repeat_images, "repeat_images", np.int64)
    recording.repeats, recording.repeat_images = repeats, indices
    neurons = recording.neuron_count
    check(
        repeats.ndim == 3 and repeats.shape[1] > 1 and repeats.shape[2] == neurons,
        "repeats",
        repeats.shape,
        f"(images, two or more repeats, {neurons} neurons)",
    )
    shape = (len(repeats),)
    check(indices.shape == shape, "repeat_images", indices.shape, shape)
    images = len(recording.images)
    different = np.unique(indices).size == len(indices)
    check(
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
        group = check_name("repeat_covariates", name)
        values = numeric(values, group, np.float64)
        recording.repeat_covariates[name] = values
        shape = () if recording.repeats is None else recording.repeats.shape[:2]
        fits = shape and values.shape[:2] == shape and values.ndim in (2, 3)
        expected = f"{shape} or {(*shape, 'k')}, as repeats" if shape else "repeats"
        check(fits, group, values.shape, expected)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            means = np.nanmean(values, axis=1)
        images = np.full((len(recording.images), *means.shape[1:]), np.nan)
        column = recording.covariates.setdefault(name, images)
        check(column.shape == images.shape, group, column.shape, images.shape)
        chosen = recording.repeat_images
        if column is images:
            column[chosen] = means
        largest = np.max(np.abs(values), where=np.isfinite(values), initial=0)
        differ = np.abs(column[chosen] - means) > 1e-3 * largest
        check(
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
        check(key in ATTRIBUTES, name, value, f"one of {', '.join(ATTRIBUTES)}")
        kind = ATTRIBUTES[key]
        check(value is not None, name, "neither text nor numbers", kind.__name__)
        # MATLAB writes strings as bytes.
        value = value.decode() if isinstance(value, bytes) else value
        try:
            attributes[key] = kind(value)
        except (TypeError, ValueError):
            check(False, name, repr(value), kind.__name__)
        if kind is str:
            attributes[key] = composed(check_text(name, attributes[key])).item()
        if kind is int:
            check(attributes[key] == float(value), name, value, "a whole number")
    for key in _POSITIVE:
        if key in attributes:
            value = attributes[key]
            fits = value > 0 and np.isfinite(value)
            check(fits, f"attribute {key}", value, "a number above 0")
    window = attributes.get("window_s", 0)
    if window > _LONGEST_WINDOW_S:
        warnings.warn(
            f"attribute window_s: {window:g} seconds; if milliseconds are meant, it is"
            f" {window / 1000:g}"
        )


def _column(recording, name, length, dtype):
    """Return an attribute of the recording as numbers, one per image."""
    column = numeric(getattr(recording, name), name, dtype)
    check(column.shape == (length,), name, column.shape, f"({length},)")
    return column


def _first(indices):
    """Return the first five indices as text, and the count of all if there are more."""
    text = ", ".join(map(str, indices[:5]))
    return text if len(indices) <= 5 else f"{text}, ... ({len(indices)})"

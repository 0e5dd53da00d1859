"""The files of a scan in the layout of Sensorium 2022, checked against each other.

In every function `folder` is a `Folder`, and `root` a string, the name of the scan's
folder in it, "" or ending with a slash.
"""

import itertools

import numpy as np

from v1keras.data.validation import TEST, TRAIN, VALIDATION
from v1keras.io.large_arrays import zeros_or_memmap

# Side of the split of each tier.
TIERS = {
    "train": TRAIN,
    "validation": VALIDATION,
    "test": TEST,
    "final_test": TEST,
    "live_test": TEST,
}
_IMAGE_IDS = ("frame_image_id", "image_id", "colorframeprojector_image_id")
# Columns of neurons, as published and as in the recording.
_NEURONS = {
    "cell_motor_coordinates": "coordinates",
    "unit_ids": "unit",
    "area": "area",
    "layer": "layer",
}


def trials(folder, root):
    """Return the tier of each presentation, and text that identifies its image."""
    tiers = _tiers(folder, root)
    ids_file = _file_of_image_ids(folder, root)
    ids = folder.npy(ids_file)
    # Images of different classes may have one id.
    classes_file = ids_file.replace("image_id", "image_class")
    if classes_file in folder:
        classes = folder.npy(classes_file).astype(str)
    else:
        classes = np.full(ids.shape, "")
    same_shape = ids.shape == classes.shape == tiers.shape
    _check_files(folder, root, tiers.size, ids.shape, same_shape)
    return tiers, np.char.add(np.char.add(classes, "/"), ids.astype(str))


def _tiers(folder, root):
    """Return the tier of each presentation, checked to be a known word."""
    tiers = folder.npy(f"{root}meta/trials/tiers.npy")
    is_list_of_words = tiers.ndim == 1 and tiers.size and tiers.dtype.kind == "U"
    if not is_list_of_words or not set(np.unique(tiers)) <= set(TIERS):
        raise ValueError(
            f"{folder.path}: tiers.npy is {tiers.shape} {tiers.dtype},"
            f" {np.unique(tiers)[:5].tolist()}; expected {', '.join(TIERS)}"
        )
    return tiers


def _file_of_image_ids(folder, root):
    """Return the name of the file with the image id of each presentation."""
    for name in _IMAGE_IDS:
        file = f"{root}meta/trials/{name}.npy"
        if file in folder:
            return file
    raise ValueError(
        f"{folder.path}: none of {', '.join(_IMAGE_IDS)} in meta/trials; expected"
        " one of them"
    )


def _check_files(folder, root, count, ids_shape, same_shape):
    """Check that each presentation has its image id, its image and its responses.

    Args:
        count: Integer, number of presentations by their tiers.
        ids_shape: Tuple, shape of the image ids.
        same_shape: Boolean, whether ids and their classes have the shape of the tiers.

    Raises:
        ValueError: Something is missing, or there are more files than tiers.
    """
    pairs = itertools.product(("images", "responses"), range(count))
    expected = [f"{root}data/{kind}/{trial}.npy" for kind, trial in pairs]
    present = sum(name in folder for name in expected)
    if not same_shape or present < len(expected):
        raise ValueError(
            f"{folder.path}: {count} tiers, but {ids_shape} image ids, {present} of"
            f" {len(expected)} files of images and responses"
        )
    for kind in ("images", "responses"):
        if f"{root}data/{kind}/{count}.npy" in folder:
            raise ValueError(
                f"{folder.path}: {count} tiers, but more presentations than that"
            )


def neurons(folder, root):
    """Return the columns of neurons, each with as many entries as one response has."""
    count = folder.npy(f"{root}data/responses/0.npy").size
    columns = {}
    for name, column in _NEURONS.items():
        file = f"{root}meta/neurons/{name}.npy"
        if file not in folder and column != "coordinates":
            continue
        values = folder.npy(folder.find(file))
        if values.shape[:1] != (count,):
            raise ValueError(
                f"{folder.path}: {name}.npy is {values.shape}, but there are {count}"
                " responses"
            )
        columns[column] = values
    coordinates = columns["coordinates"]
    if coordinates.shape[1:] != (3,) or coordinates.dtype.kind not in "iuf":
        raise ValueError(
            f"{folder.path}: cell_motor_coordinates.npy is {coordinates.shape},"
            f" expected ({count}, 3) numbers"
        )
    return columns


def images(folder, root, first_trials, image_of_trial, average, channel):
    """Return the images, each checked to be that of all its presentations.

    Args:
        first_trials: `(images,)`, the first presentation of each image.
        image_of_trial: `(presentations,)`, the index of each presentation's image.
        average: Integer, pixels a side that become one.
        channel: Integer, one of the images' channels, or None if they have one.
    """
    stack = None
    for trial, index in enumerate(image_of_trial):
        name = f"{root}data/images/{trial}.npy"
        image = _image(folder, name, average, channel)
        if stack is None:
            stack = zeros_or_memmap((len(first_trials), *image.shape), image.dtype)
        if image.shape != stack.shape[1:] or image.dtype != stack.dtype:
            raise ValueError(
                f"{folder.path}: {name} becomes {image.shape} {image.dtype}, the first"
                f" {stack.shape[1:]} {stack.dtype}"
            )
        first_trial = first_trials[index]
        if first_trial == trial:
            stack[index] = image
        elif not np.array_equal(stack[index], image):
            raise ValueError(
                f"{folder.path}: presentations {first_trial} and {trial} have one image"
                " id, but different images"
            )
    return stack


def _image(folder, name, average, channel):
    """Return one channel of an image, averaged over squares of pixels."""
    image = folder.npy(name)
    numeric = image.ndim == 3 and image.dtype.kind in "iuf"
    if not numeric or (channel is None and image.shape[0] != 1):
        raise ValueError(
            f"{folder.path}: {name} is {image.shape} {image.dtype}, expected (1,"
            " height, width) numbers"
        )
    channel = channel or 0
    channels, height, width = image.shape
    if not 0 <= channel < channels or height % average or width % average:
        raise ValueError(
            f"{folder.path}: {name} is {image.shape}, expected channel {channel} and"
            f" sides that {average} divides"
        )
    image = image[channel]
    if average > 1:
        shape = (height // average, average, width // average, average)
        image = image.reshape(shape).mean(axis=(1, 3))
    return image if image.dtype == np.uint8 else image.astype(np.float32)


def behavior(folder, root, count):
    """Return behaviour and pupil of every presentation, where they were recorded.

    Columns that are zero throughout were withheld.
    """
    columns = {}
    for name, length in (("behavior", 3), ("pupil_center", 2)):
        files = [f"{root}data/{name}/{trial}.npy" for trial in range(count)]
        if files[0] not in folder:
            continue
        missing = [file for file in files if file not in folder]
        if missing:
            raise ValueError(
                f"{folder.path}: no {missing[0]}, one of {len(missing)} missing"
            )
        rows = [vector(folder, file, length) for file in files]
        values = np.stack(rows).astype(np.float32)
        if values.any():
            columns[name] = values
    return columns


def vector(folder, name, length):
    """Return the numbers of a file, checked for their count."""
    values = folder.npy(name)
    numeric = values.dtype.kind in "iuf" and np.isfinite(values).all()
    if values.size != length or not numeric:
        raise ValueError(
            f"{folder.path}: {name} is {values.shape} {values.dtype}, expected {length}"
            " finite numbers"
        )
    return values.ravel()

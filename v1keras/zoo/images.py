"""Arrays and image files -> pixels that a preset takes."""

import os
import pathlib
from typing import Any

import numpy as np
from PIL import Image

from v1keras.io.archives import Folder, npy
from v1keras.io.foreign import errors_naming
from v1keras.io.pictures import opened
from v1keras.models.pixel_range import warn_of_pixels

_ARRAYS = (".npy", ".npz")


def read_images(path: str | os.PathLike[str], metadata: dict[str, Any]) -> np.ndarray:
    """Read the images in a file, in a preset's pixel units and image size.

    An image file is turned grey (ITU-R 601); the largest part of the preset's
    proportions is cut out of its middle and resized to the preset's size; black and
    white become the ends of the range of the recording's pixels. Arrays are taken as
    they are.

    Args:
        path: PNG, TIFF, BMP or JPEG image, whatever its name, an .npy, or an .npz with
            one array or one called `images`; arrays are `(height, width)`, `(n, height,
            width)` or `(n, height, width, 1)`.
        metadata: Dict, metadata of the preset.

    Returns:
        `(n, height, width, 1)` float32.

    Raises:
        ValueError: The file holds something else, or images of another size.
        OSError: There is no such file, or it is forbidden.

    Example:

    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/grey.png"
    >>> Image.fromarray(np.full((60, 90), 100, "uint8")).save(path)
    >>> images = read_images(
    ...     path, {"image_size": (33, 33), "pixels": {"minimum": 0, "maximum": 255}}
    ... )
    >>> images.shape, float(images.mean())
    ((1, 33, 33, 1), 100.0)
    """
    path = pathlib.Path(path)
    height, width = metadata["image_size"]
    low, high = metadata["pixels"]["minimum"], metadata["pixels"]["maximum"]
    if path.suffix.lower() in (".mat", ".h5", ".hdf5"):
        raise ValueError(
            f"{path}: expected an .npy, an .npz or an image; save its array by"
            " `numpy.save`"
        )
    if path.suffix.lower() not in _ARRAYS:
        grey = _grey_levels(path, (height, width)) / 255
        return (low + (high - low) * grey)[None, :, :, None].astype("float32")
    array = _array(path)
    images = array
    if array.ndim == 2:
        images = array[None]
    elif array.ndim == 4 and array.shape[-1] == 1:
        images = array[..., 0]
    fits = images.ndim == 3 and images.shape[1:] == (height, width)
    if not fits or array.dtype.kind not in "uif":
        kind = ": grey levels" if array.ndim == 4 else ""
        raise ValueError(
            f"{path}: found {array.dtype} {array.shape}, expected numbers (n, {height},"
            f" {width}){kind}"
        )
    if not np.isfinite(images).all():
        raise ValueError(
            f"{path}: found pixels that are not finite, expected {low:g} to {high:g}"
        )
    warn_of_pixels(path, images, metadata["pixels"])
    return images[..., None].astype("float32")


def _array(path):
    """Read the array of an .npy, or the only one or `images` of an .npz."""
    with errors_naming(path):
        if path.suffix.lower() == ".npy":
            return npy(path.read_bytes(), path)
        with Folder(path) as members:
            names = [name.removesuffix(".npy") for name in members.in_order]
            if "images" in names:
                return members.npy("images.npy")
            if len(names) == 1:
                return members.npy(members.in_order[0])
            raise ValueError(
                f"found the arrays {', '.join(names) or 'none'}, expected one called"
                " images"
            )


def _grey_levels(path, size):
    """Read an image file as `(height, width)` floats from 0 to 255."""
    height, width = size
    with opened(path) as image:
        # Pillow would cut off 16 bits at 8, and so these are scaled.
        has_16_bits = image.mode.startswith("I;16")
        scale = 1 / 257 if has_16_bits else 1.0
        grey = image.convert("F" if has_16_bits else "L")
    zoom = min(grey.width / width, grey.height / height)
    across, down = round(zoom * width), round(zoom * height)
    left, top = (grey.width - across) // 2, (grey.height - down) // 2
    # Cut out first: a resize of a part looks beyond its edges. Bilinear, since it never
    # leaves the range of the pixels.
    part = grey.crop((left, top, left + across, top + down)).convert("F")
    return np.asarray(part.resize((width, height), Image.Resampling.BILINEAR)) * scale

"""Arrays and image files -> the pixels that a preset takes."""

import os
import pathlib
from typing import Any

import numpy as np
from PIL import Image

from v1keras.models.pixel_range import warn_of_pixels

_ARRAYS = (".npy", ".npz")


def read_images(path: str | os.PathLike[str], metadata: dict[str, Any]) -> np.ndarray:
    """The images in a file, in the pixel units and of the size that a preset takes.

    An image file is turned grey (ITU-R 601); the largest part of the preset's
    proportions is cut out of its middle and resized to the preset's size; black and
    white become the ends of the range of the recording's pixels. Arrays are taken as
    they are.

    Args:
        path: an image that Pillow reads, an .npy, or an .npz with one array or one
            called `images`; arrays are `(height, width)`, `(n, height, width)` or `(n,
            height, width, 1)`.
        metadata: of the preset, as `info` gives it.

    Returns:
        `(n, height, width, 1)` float32.

    Raises:
        ValueError: it is neither, or of another size.
        OSError: the file can't be read.

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
    shaped = (
        array[None]
        if array.ndim == 2
        else array[..., 0]
        if array.ndim == 4 and array.shape[-1] == 1
        else array
    )
    if (
        shaped.ndim != 3
        or shaped.shape[1:] != (height, width)
        or array.dtype.kind not in "uif"
    ):
        raise ValueError(
            f"{path}: found {array.dtype} {array.shape}, expected numbers (n, {height},"
            f" {width}){': grey levels' * (array.ndim == 4)}"
        )
    if not np.isfinite(shaped).all():
        raise ValueError(
            f"{path}: found pixels that are not finite, expected {low:g} to {high:g}"
        )
    warn_of_pixels(path, shaped, metadata["pixels"])
    return shaped[..., None].astype("float32")


def _array(path):
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            name = (
                "images"
                if "images" in loaded.files
                else loaded.files[0]
                if len(loaded.files) == 1
                else None
            )
            if name is None:
                raise ValueError(
                    f"found the arrays {', '.join(loaded.files) or 'none'}, expected"
                    " one called images"
                )
            return loaded[name]
    except FileNotFoundError:
        raise
    except (
        Exception
    ) as error:  # NumPy raises what its parts raise: of zip, of zlib, of its own header
        raise ValueError(f"{path}: {error}") from None


def _grey_levels(path, size):
    """`(height, width)` float, 0 to 255."""
    height, width = size
    try:
        with Image.open(path) as image:
            scale = (
                1 / 257 if image.mode.startswith("I;16") else 1.0
            )  # 16 bits to 8, which Pillow would cut off
            grey = image.convert("F" if scale < 1 else "L").convert("F")
    except (SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: {error}") from None
    zoom = min(grey.width / width, grey.height / height)
    across, down = round(zoom * width), round(zoom * height)
    left, top = (grey.width - across) // 2, (grey.height - down) // 2
    # Cut out first: a resize of a part looks beyond its edges. Bilinear, since it never
    # leaves the range of the pixels.
    part = grey.crop((left, top, left + across, top + down))
    return np.asarray(part.resize((width, height), Image.Resampling.BILINEAR)) * scale

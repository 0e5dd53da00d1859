"""Folders of grey pictures, and the crop and size of images."""

import pathlib
import re
import unicodedata
import warnings

import numpy as np
from PIL import ExifTags, Image

from v1keras.io.foreign import errors_naming
from v1keras.io.large_arrays import release_pages, zeros_or_memmap
from v1keras.io.pictures import FORMATS, opened

_LISTED = 4  # files, or numbers, that a message names
_8_BITS = ("L", "1", "P", "RGB", "RGBA", "LA")
# Kept as they are, as float32.
_DEEPER = ("I;16", "I;16B", "I;16L", "I", "F")


def read_folder(folder, layout):
    """Read the pictures in a folder, in the order of the numbers in their names.

    Args:
        folder: Path of the folder.
        layout: `Layout`, for the order, the crop and the size.

    Returns:
        Tuple `(images, names)`: an array `(n, height, width)`, uint8 for 8 bits a pixel
        and float32 for more, and a list of the files' names.

    Raises:
        ValueError: There is none, one can't be read, or they differ in size or kind.
    """
    files, others = [], []
    for path in sorted(pathlib.Path(folder).iterdir()):
        if not path.name.startswith("."):
            is_picture = path.suffix.lower() in FORMATS
            (files if is_picture else others).append(path)
    if files and others:
        names = ", ".join(path.name for path in others[:_LISTED])
        more = ", ..." if len(others) > _LISTED else ""
        warnings.warn(
            f"{folder}: {len(others)} left out, of another kind than"
            f" {', '.join(FORMATS)}: {names}{more}"
        )
    if not files:
        raise ValueError(
            f"{folder}: found no picture, expected some of {', '.join(FORMATS)}"
        )
    files = _ordered(folder, files, layout.pictures_order)
    images = stack((_picture(path) for path in files), files, layout)
    return images, [path.name for path in files]


def stack(pictures, names, layout):
    """Return pictures as one array, cropped and resized.

    Args:
        pictures: Iterable of arrays `(height, width)` of numbers.
        names: Sequence of their names, for errors.
        layout: `Layout`.

    Raises:
        ValueError: They differ in size, are smaller than the crop, or would change
            their proportions.
    """
    images = None
    for row, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        with errors_naming(name):
            picture = _fitted(picture, layout)
            if images is None:
                dtype = np.uint8 if picture.dtype == np.uint8 else np.float32
                images = zeros_or_memmap((len(names), *picture.shape), dtype)
            _check_alike(picture, images)
        images[row] = picture
        release_pages(images)
    return images


def natural_key(name):
    """Return a key that sorts names as people do, numbers by their value.

    Example:

    >>> sorted(["img10", "img2", "img1"], key=natural_key)
    ['img1', 'img2', 'img10']
    """
    # Systems differ in how they write an accent, and in whether case counts.
    parts = re.split(r"([0-9]+)", unicodedata.normalize("NFC", name).casefold())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)]


def _ordered(folder, files, order):
    """Return files in the order of numbers, or of letters where that is asked for."""
    by_letters = sorted(files, key=lambda path: path.name)
    by_numbers = sorted(by_letters, key=lambda path: natural_key(path.stem))
    if order == "letters":
        return by_letters
    for first, second in zip(by_numbers, by_numbers[1:], strict=False):
        if natural_key(first.stem) == natural_key(second.stem):
            raise ValueError(
                f"{folder}: {first.name} and {second.name} have the same number:"
                " rename one, or say --pictures_order=letters"
            )
    if order is None and by_numbers != by_letters:
        place = [a != b for a, b in zip(by_numbers, by_letters, strict=True)].index(1)
        warnings.warn(
            f"{folder}: pictures are taken in the order of their numbers"
            f" ({by_numbers[place].name} before {by_letters[place].name}); if the"
            " responses are in the order of the letters, as `dir` lists them, say"
            " --pictures_order=letters"
        )
    return by_numbers


def _picture(path):
    """Return one picture's grey levels."""
    kind = FORMATS[path.suffix.lower()]
    with opened(path, [kind]) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise ValueError(f"holds {image.n_frames} pictures, expected one a file")
        _check_plain(image)
        if image.mode in _DEEPER:
            return np.asarray(image).astype(np.float32)
        if image.mode not in _8_BITS:
            raise ValueError(
                f"is a picture of mode {image.mode}, expected grey or colours with 8"
                " bits, or grey with 16"
            )
        return np.asarray(image.convert("L"))


def _check_plain(image):
    """Refuse a picture whose pixels are not what a program shows of it."""
    if image.has_transparency_data:
        lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
        if lowest < 255:
            raise ValueError(
                "has transparent pixels, and what was behind them isn't known: save it"
                " without transparency"
            )
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        raise ValueError(
            "is stored turned, with a note (EXIF) how to show it: save it as it was"
            " shown"
        )
    is_inverted = image.getexif().get(ExifTags.Base.PhotometricInterpretation) == 0
    if is_inverted and image.mode in _DEEPER:
        raise ValueError("has 0 for white: save it with 0 for black")


def missing_numbers(names):
    """Return the numbers that names skip.

    Args:
        names: List of strings, which may differ in one number alone.

    Example:

    >>> missing_numbers(["img1.png", "img2.png", "img4.png"])
    [3]
    """
    keys = [natural_key(pathlib.Path(name).stem) for name in names]
    if len({len(key) for key in keys}) != 1:
        return []
    columns = list(zip(*keys, strict=True))
    varying = [column for column in columns if len(set(column)) > 1]
    if len(varying) != 1 or not isinstance(varying[0][0], int):
        return []
    numbers = set(varying[0])
    if max(numbers) - min(numbers) > 2 * len(numbers):
        return []
    return sorted(set(range(min(numbers), max(numbers))) - numbers)


def _check_alike(picture, images):
    """Refuse a picture of another size or depth than the first."""
    height, width = picture.shape
    if picture.shape != images.shape[1:]:
        raise ValueError(
            f"is {height} x {width} pixels, the first {images.shape[1]} x"
            f" {images.shape[2]}: say --crop or --resize"
        )
    if (picture.dtype == np.uint8) != (images.dtype == np.uint8):
        raise ValueError("has another number of bits a pixel than the first")


def _fitted(picture, layout):
    """Return a picture cut and resized as the layout says."""
    crop, resize = layout.size("crop"), layout.size("resize")
    height, width = picture.shape
    if crop:
        top, left = (height - crop[0]) // 2, (width - crop[1]) // 2
        if min(top, left) < 0:
            raise ValueError(
                f"is {height} x {width} pixels, expected at least {crop[0]} x"
                f" {crop[1]} (--crop)"
            )
        picture = picture[top : top + crop[0], left : left + crop[1]]
    if resize is None or picture.shape == resize:
        return picture
    height, width = picture.shape
    if abs(height * resize[1] / resize[0] - width) > max(1, width / resize[1] / 2):
        side = min(height * resize[1], width * resize[0])
        raise ValueError(
            f"is {height} x {width} pixels, of other proportions than --resize="
            f"{layout.resize}: say"
            f" --crop={side // resize[1]}x{side // resize[0]}, too"
        )
    exact = Image.fromarray(picture.astype(np.float32))
    # Bilinear, since it never leaves the range of the pixels.
    resized = np.asarray(exact.resize(resize[::-1], Image.Resampling.BILINEAR))
    return np.rint(resized).astype(np.uint8) if picture.dtype == np.uint8 else resized

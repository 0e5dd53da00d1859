"""Pictures in the formats that the documents name, opened by Pillow."""

import contextlib
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from PIL import Image

from v1keras.io.foreign import errors_naming

# Pillow knows many more, and starts other programs for some.
FORMATS = {
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
}
MOST_PIXELS = 1 << 26  # of one picture: 8192 x 8192


@contextlib.contextmanager
def opened(
    file: str | os.PathLike[str] | BinaryIO,
    formats: Sequence[str] = tuple(FORMATS.values()),
    shown_as: str | None = None,
) -> Iterator[Image.Image]:
    """Open a picture whose size is checked before a pixel is unpacked.

    Whatever is raised within the block becomes a `ValueError` that names the file.

    Args:
        file: Path of the picture, or its content as a binary stream.
        formats: Sequence of strings, the formats that it may have, as Pillow names
            them. The content decides, not the name of the file.
        shown_as: String, name of the file for errors; defaults to the path.

    Yields:
        `PIL.Image.Image`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no such picture, is damaged, or is too large.

    Example:

    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("L", (3, 2)).save(file, "PNG")
    >>> with opened(file, ["PNG"], "a.png") as picture:
    ...     picture.size
    (3, 2)
    """
    # What Pillow warns of is an error here, or none.
    with errors_naming(shown_as or str(file)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(file, formats=list(formats))
        except Image.UnidentifiedImageError:
            names = " or ".join(dict.fromkeys(formats))
            raise ValueError(f"is no {names} picture, or damaged") from None
        with image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(
                    f"has {image.width} x {image.height} pixels; expected at most"
                    f" {MOST_PIXELS:,}"
                )
            yield image

"""Answers to what a laboratory's own files leave open."""

import dataclasses
import re

IMAGES = ("images", "height", "width")
RESPONSES = ("images", "neurons")
REPEATS = ("images", "trials", "neurons")


def _flag(text):
    return dataclasses.field(default=None, metadata={"text": text})


@dataclasses.dataclass(frozen=True)
class Layout:
    """How files are to be read, in the words of the flags of `convert arrays`.

    Each attribute is a string, or None where the files may tell by themselves; where
    they can't, reading them raises an error that names the attribute.

    Raises:
        ValueError: A word that is none of an attribute's.

    Example:

    >>> Layout(images_axes="hwn").axes_of("images")
    ('height', 'width', 'images')
    """

    images_axes: str | None = _flag(
        "Order of the images' axes, the slowest first: nhw, hwn (n the images)."
    )
    images_shape: str | None = _flag(
        "HEIGHTxWIDTH of images that are flattened to pixels, with --images_axes."
    )
    crop: str | None = _flag("HEIGHTxWIDTH of the middle to cut out of each image.")
    resize: str | None = _flag("HEIGHTxWIDTH to resize each image to, once cropped.")
    pictures_order: str | None = _flag(
        "Order of a folder's pictures: numbers (img2 before img10) or letters."
    )
    responses_axes: str | None = _flag("images,neurons or neurons,images.")
    repeats_axes: str | None = _flag("images,trials,neurons in another order.")
    first_row: str | None = _flag("First row of a table: heading or responses.")
    first_column: str | None = _flag(
        "First column of responses: index (of the image, left out) or neuron."
    )
    decimal: str | None = _flag("Decimal sign in tables: point or comma.")
    missing: str | None = _flag(
        "Numbers that stand for a missing response, such as -999 or -1,-2; none for"
        " none."
    )

    def __post_init__(self):
        for name, words in _WORDS.items():
            value = getattr(self, name)
            if value is not None and value not in words:
                raise ValueError(
                    f"--{name}={value}: expected one of {', '.join(words)}"
                )
        for kind in ("images", "responses", "repeats"):
            self.axes_of(kind)
        for name in ("images_shape", "crop", "resize"):
            self.size(name)
        self.missing_values()

    def axes_of(self, kind):
        """Return the names of the axes that `<kind>_axes` gives, or None.

        Args:
            kind: String, "images", "responses" or "repeats".
        """
        text = getattr(self, f"{kind}_axes")
        if text is None:
            return None
        if kind == "images":
            expected, names = IMAGES, [_LETTERS.get(letter) for letter in text]
        else:
            expected = RESPONSES if kind == "responses" else REPEATS
            names = [name.strip() for name in text.split(",")]
        one_neuron = kind == "repeats" and sorted(names) == ["images", "trials"]
        if sorted(map(str, names)) != sorted(expected) and not one_neuron:
            words = "nhw" if kind == "images" else ",".join(expected)
            raise ValueError(
                f"--{kind}_axes={text}: expected {words}, in the order of the file"
            )
        return tuple(names)

    def size(self, name):
        """Return `(height, width)` of an attribute, or None."""
        text = getattr(self, name)
        if text is None:
            return None
        matched = re.fullmatch(r"\s*([1-9]\d{0,4})\s*[x,]\s*([1-9]\d{0,4})\s*", text)
        if not matched:
            raise ValueError(f"--{name}={text}: expected HEIGHTxWIDTH, such as 16x16")
        return int(matched[1]), int(matched[2])

    def missing_values(self):
        """Return a list of the numbers that stand for missing responses."""
        if self.missing in (None, "none"):
            return []
        try:
            return [float(number) for number in self.missing.split(",")]
        except ValueError:
            raise ValueError(
                f"--missing={self.missing}: expected numbers, or none"
            ) from None


_LETTERS = {"n": "images", "h": "height", "w": "width"}
_WORDS = {
    "pictures_order": ("numbers", "letters"),
    "first_row": ("heading", "responses"),
    "first_column": ("index", "neuron"),
    "decimal": ("point", "comma"),
}


def axes_flag(kind, axes):
    """Return the flag that tells the order of an array's axes.

    Example:

    >>> axes_flag("images", ("height", "width", "images"))
    '--images_axes=hwn'
    """
    if kind == "images":
        letters = {name: letter for letter, name in _LETTERS.items()}
        return f"--images_axes={''.join(letters[name] for name in axes)}"
    return f"--{kind}_axes={','.join(axes)}"

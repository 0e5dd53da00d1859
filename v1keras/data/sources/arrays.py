"""A laboratory's own arrays: .npy, .npz, .mat, .csv and folders of pictures."""

import pathlib
import zipfile

import numpy as np
from PIL import Image

from v1keras.data.recording import Recording
from v1keras.data.recording_file import FORMAT_1_NAMES
from v1keras.data.sources import matlab
from v1keras.data.sources.trials import mean_response
from v1keras.data.validation import ATTRIBUTES
from v1keras.io.archives import Folder
from v1keras.io.foreign import errors_naming
from v1keras.io.large_arrays import release_pages, row_blocks, zeros_or_memmap

_PICTURES = {
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
}
_MODES = ("L", "1", "P", "RGB", "RGBA", "LA")  # of pictures with 8 bits a pixel
_KEYED = (".npz", ".mat")  # files that hold several arrays
_SUFFIXES = (".npy", *_KEYED, ".csv")
_FORMS = ".npy, .npz:KEY, .mat:VARIABLE, .csv, or for images a folder of pictures"
_COLUMNS = ("split", "image_group", "neuron_session")


def read(
    images,
    responses=None,
    repeats=None,
    repeat_images=None,
    columns=None,
    attributes=None,
):
    """Read a recording whose arrays are in files of their own.

    Each is named as `file.npy`, `file.npz:key`, `file.mat:variable` or `file.csv`.

    Args:
        images: Name of `(n, height, width)` images, or a folder of grey pictures, which
            are taken by the order of their names (numbers by their value).
        responses: Name of `(n, neurons)` mean responses, NaN (in .csv an empty field or
            "nan") = not recorded. Defaults to the means of `repeats`.
        repeats: Name of `(images, repeats, neurons)` single presentations.
        repeat_images: Name of `(images,)` indices (from 0) of the image of each entry
            of `repeats`. Defaults to all images in order.
        columns: Dict from `split`, `image_group`, `neuron_session`, `neurons/<column>`
            or `covariates/<column>` to the name of an array.
        attributes: Dict, as a `Recording` takes them.

    Returns:
        `Recording`. Large .npy files are never wholly in memory.

    Raises:
        OSError: A file is not there.
        ValueError: A file is malformed, or the arrays don't fit together; names the
            file or the array.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> np.save(folder / "images.npy", np.zeros((3, 8, 8), "uint8"))
    >>> _ = (folder / "responses.csv").write_text("1,2\\n3,4\\n5,\\n")
    >>> read(folder / "images.npy", folder / "responses.csv").responses[2].tolist()
    [5.0, nan]
    """
    columns, attributes = columns or {}, attributes or {}
    fields = _columns(columns)
    unknown = sorted(set(attributes) - set(ATTRIBUTES))
    if unknown:
        raise ValueError(
            f"attribute {unknown[0]!r}: expected one of {', '.join(ATTRIBUTES)}"
        )
    if responses is None and (repeats is None or repeat_images is not None):
        raise ValueError(
            "no responses: expected a file with them, or repeats of all images"
        )
    if repeats is not None:
        fields["repeats"] = array(repeats)
        indices = np.arange(len(fields["repeats"]))
        if repeat_images is not None:
            indices = array(repeat_images).ravel()
        fields["repeat_images"] = indices
    if pathlib.Path(images).is_dir():
        fields["images"] = _pictures(images)
    else:
        pictures = array(images)
        is_uint8 = pictures.dtype == np.uint8
        fields["images"] = pictures if is_uint8 else _float32(pictures)
    if responses is None:
        fields["responses"] = mean_response(fields["repeats"], axis=1)
    else:
        fields["responses"] = _float32(array(responses))
    files = {
        "images": images,
        "responses": responses,
        "repeats": repeats,
        "repeat_images": repeat_images,
    } | columns
    try:
        return Recording(**fields, attributes=dict(attributes))
    except ValueError as error:
        file = files.get(str(error).split(":")[0], images)
        if file != images:
            file = f"{file}, with the images of {images}"
        raise ValueError(f"{file}: {error}") from None


def _columns(columns):
    """Return a dict of the arrays of columns, those of a group in a dict of its own."""
    fields = {"neurons": {}, "covariates": {}}
    # A column may still be named as in files of format 1.
    groups = {former: name for name, former in FORMAT_1_NAMES.items()}
    for name, path in columns.items():
        group, _, column = name.rpartition("/")
        group = groups.get(group, group)
        if group not in fields and (group or column not in _COLUMNS):
            raise ValueError(
                f"column {name!r}: expected split, image_group, neuron_session,"
                " neurons/NAME or covariates/NAME"
            )
        values = array(path)
        # MATLAB's vectors, and those of a .csv file, have an axis of length 1.
        if values.ndim == 2 and 1 in values.shape:
            values = values.ravel()
        target = fields[group] if group else fields
        target[column] = values
    return fields


def array(path):
    """Read one array from a file.

    Args:
        path: `file.npy`, `file.npz:key`, `file.mat:variable` or `file.csv` (numbers, or
            one column of words; no heading).

    Raises:
        OSError: The file is not there.
        ValueError: It is of another kind, or malformed.
    """
    file, colon, key = str(path).rpartition(":")
    if not colon or "/" in key or "\\" in key:
        file, key = str(path), ""
    file = pathlib.Path(file)
    if not file.is_file():
        raise FileNotFoundError(f"no file {file}")
    suffix = file.suffix.lower()
    if bool(key) != (suffix in _KEYED) or suffix not in _SUFFIXES:
        raise ValueError(f"{path}: expected {_FORMS}")
    with errors_naming(file):
        if suffix == ".npy":
            return np.load(file, mmap_mode="r", allow_pickle=False)
        if suffix == ".mat":
            return matlab.read(file, [key])[key]
        if suffix == ".npz":
            if not zipfile.is_zipfile(file):
                raise ValueError("is not a whole .npz archive")
            with Folder(file) as members:
                return members.npy(members.find(f"{key}.npy"))
        return _table(file.read_text())


def _table(text):
    """Return the numbers, or the one column of words, of a .csv file's text."""
    rows = [line.split(",") for line in text.splitlines() if line.strip()]
    if not rows or len({len(row) for row in rows}) != 1:
        raise ValueError(
            "is not a table: expected lines of equally many fields, divided by commas"
        )
    try:
        return np.array([[_number(field) for field in row] for row in rows])
    except ValueError:
        if len(rows[0]) > 1:
            raise ValueError(
                "holds words beside numbers: expected numbers alone, or one column of"
                " words, without a heading"
            ) from None
        return np.array([row[0].strip() for row in rows])


def _number(field):
    """Return a field of a table as a number; NaN where it is empty."""
    return float(field) if field.strip() else np.nan


def _float32(values):
    """Return numbers as float32, a large array by blocks of rows."""
    # The recording refuses what is not numbers.
    is_number = values.dtype.kind in "biuf" and values.ndim > 1
    if not is_number or values.dtype == np.float32:
        return values
    converted = zeros_or_memmap(values.shape, np.float32)
    for block, rows in row_blocks(values):
        converted[block] = rows
        release_pages(converted)
    return converted


def _pictures(folder):
    """Return grey pictures of one size, in the order of their numbers or names."""
    files = list(pathlib.Path(folder).iterdir())
    files = [path for path in files if path.suffix.lower() in _PICTURES]
    if not files:
        raise ValueError(
            f"{folder}: found no picture, expected some of {', '.join(_PICTURES)}"
        )
    files.sort(key=lambda path: path.name)
    if all(path.stem.isdecimal() for path in files):
        files.sort(key=lambda path: int(path.stem))
    pictures = None
    for row, path in enumerate(files):
        picture = _picture(path)
        if pictures is None:
            pictures = zeros_or_memmap((len(files), *picture.shape), np.uint8)
        height, width = picture.shape
        if picture.shape != pictures.shape[1:]:
            raise ValueError(
                f"{path}: is {height} x {width} pixels, the first"
                f" {pictures.shape[1]} x {pictures.shape[2]}"
            )
        pictures[row] = picture
    return pictures


def _picture(path):
    """Return one picture's grey levels."""
    kind = _PICTURES[path.suffix.lower()]
    with errors_naming(path), Image.open(path, formats=[kind]) as image:
        if image.mode not in _MODES:
            raise ValueError(
                f"is a picture of mode {image.mode}, expected 8 bits a pixel"
            )
        return np.asarray(image.convert("L"))

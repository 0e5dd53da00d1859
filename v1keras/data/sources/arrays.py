"""A laboratory's own arrays: .npy, .npz, .mat, .csv and folders of pictures."""

import pathlib
import zipfile

import numpy as np
from PIL import Image

from v1keras.data.recording import Recording
from v1keras.data.sources.archives import Folder, matlab, naming
from v1keras.data.sources.trials import mean_response
from v1keras.data.validation import ATTRIBUTES
from v1keras.io.large_arrays import release_pages, row_blocks, zeros_or_memmap

_PICTURES = {
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
}
_SUFFIXES = ".npy, .npz:KEY, .mat:VARIABLE, .csv, or for images a folder of pictures"


def read(
    images,
    responses=None,
    repeats=None,
    repeat_images=None,
    columns=None,
    attributes=None,
):
    """Arrays from files, each named as `file.npy`, `file.npz:key`, `file.mat:variable`
    or `file.csv`.

    Args:
        images: `(n, height, width)`, or a folder of grey pictures, which are taken by
            the order of their names (numbers by their value).
        responses: `(n, neurons)` mean responses, NaN (in .csv an empty field or "nan")
            = not recorded. Where left out, the means of `repeats`.
        repeats: `(images, repeats, neurons)` single presentations.
        repeat_images: `(images,)` which image (counted from 0) each entry of `repeats`
            is of; all of them in order where left out.
        columns: dict of more of them: `split`, `image_group`, `neuron_session`,
            `neurons/<column>` and `covariates/<column>`.
        attributes: dict, as a `Recording` takes them.

    Returns:
        A `Recording`. Large .npy files are never wholly in memory.

    Raises:
        OSError: a file is not there.
        ValueError: a file is malformed, or they don't fit together; names the file or
            the array.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> np.save(folder / "images.npy", np.zeros((3, 8, 8), "uint8"))
    >>> _ = (folder / "responses.csv").write_text("1,2\\n3,4\\n5,\\n")
    >>> read(folder / "images.npy", folder / "responses.csv").responses[2].tolist()
    [5.0, nan]
    """
    fields, given = {"neurons": {}, "covariates": {}}, responses
    for name, path in (columns or {}).items():
        group, _, column = name.rpartition("/")
        if group not in ("", *fields) or (
            not group and name not in ("split", "image_group", "neuron_session")
        ):
            raise ValueError(
                f"column {name!r}: expected split, image_group, neuron_session,"
                " neurons/NAME or covariates/NAME"
            )
        values = array(path)
        values = (
            values.ravel() if values.ndim == 2 and 1 in values.shape else values
        )  # MATLAB's and a .csv file's vectors
        (fields[group] if group else fields)[column] = values
    unknown = set(attributes or {}) - set(ATTRIBUTES)
    if unknown:
        raise ValueError(
            f"attribute {sorted(unknown)[0]!r}: expected one of {', '.join(ATTRIBUTES)}"
        )
    if responses is None and (repeats is None or repeat_images is not None):
        raise ValueError(
            "no responses: expected a file with them, or repeats of all images"
        )
    if repeats is not None:
        fields["repeats"] = array(repeats)
        fields["repeat_images"] = (
            np.arange(len(fields["repeats"]))
            if repeat_images is None
            else array(repeat_images).ravel()
        )
    pictures = _pictures(images) if pathlib.Path(images).is_dir() else array(images)
    if responses is None:
        responses = mean_response(fields["repeats"], axis=1)
    else:
        responses = _float32(array(responses))
    pictures = pictures if pictures.dtype == np.uint8 else _float32(pictures)
    files = {
        "images": images,
        "responses": given,
        "repeats": repeats,
        "repeat_images": repeat_images,
    } | (columns or {})
    try:
        return Recording(
            pictures, responses, **fields, attributes=dict(attributes or {})
        )
    except ValueError as error:
        file = files.get(str(error).split(":")[0], images)
        raise ValueError(
            f"{file}{'' if file == images else f', with the images of {images}'}:"
            f" {error}"
        ) from None


def array(path):
    """One array from a file.

    Args:
        path: `file.npy`, `file.npz:key`, `file.mat:variable` or `file.csv` (numbers, or
            one column of words; no heading).

    Raises:
        OSError: it is not there.
        ValueError: it is of no such kind, or malformed.
    """
    file, colon, key = str(path).rpartition(":")
    if not colon or "/" in key or "\\" in key:
        file, key = str(path), ""
    file = pathlib.Path(file)
    if not file.is_file():
        raise FileNotFoundError(f"no file {file}")
    suffix = file.suffix.lower()
    if bool(key) != (suffix in (".npz", ".mat")) or suffix not in (
        ".npy",
        ".npz",
        ".mat",
        ".csv",
    ):
        raise ValueError(f"{path}: expected {_SUFFIXES}")
    with naming(file):
        if suffix == ".npy":
            return np.load(file, mmap_mode="r", allow_pickle=False)
        if suffix == ".mat":
            return matlab(file, [key])[key]
        if suffix == ".npz":
            if not zipfile.is_zipfile(file):
                raise ValueError("is no whole .npz archive")
            with Folder(file) as members:
                return members.npy(members.find(f"{key}.npy"))
        return _table(file.read_text())


def _table(text):
    rows = [line.split(",") for line in text.splitlines() if line.strip()]
    if not rows or len({len(row) for row in rows}) != 1:
        raise ValueError(
            "is no table: expected lines of equally many fields, divided by commas"
        )
    try:
        return np.array(
            [
                [float(field) if field.strip() else np.nan for field in row]
                for row in rows
            ]
        )
    except ValueError:
        if len(rows[0]) > 1:
            raise ValueError(
                "holds words beside numbers: expected numbers alone, or one column of"
                " words, without a heading"
            ) from None
        return np.array([row[0].strip() for row in rows])


def _float32(values):
    """As float32; a large array by blocks of rows."""
    if values.dtype.kind not in "biuf" or values.ndim < 2 or values.dtype == np.float32:
        return values  # what is no number is told by the Recording
    found = zeros_or_memmap(values.shape, np.float32)
    for block, rows in row_blocks(values):
        found[block] = rows
        release_pages(found)
    return found


def _pictures(folder):
    """Grey pictures of one size, by the order of the numbers or the names of their
    files.
    """
    files = [
        path
        for path in pathlib.Path(folder).iterdir()
        if path.suffix.lower() in _PICTURES
    ]
    if not files:
        raise ValueError(
            f"{folder}: found no picture, expected some of {', '.join(_PICTURES)}"
        )
    numbered = all(path.stem.isdecimal() for path in files)
    files.sort(
        key=(lambda path: int(path.stem)) if numbered else (lambda path: path.name)
    )
    found = None
    for row, path in enumerate(files):
        with (
            naming(path),
            Image.open(path, formats=[_PICTURES[path.suffix.lower()]]) as image,
        ):
            if image.mode not in ("L", "1", "P", "RGB", "RGBA", "LA"):
                raise ValueError(
                    f"is a picture of mode {image.mode}, expected 8 bits a pixel"
                )
            if found is None:
                found = zeros_or_memmap(
                    (len(files), image.height, image.width), np.uint8
                )
            if (image.height, image.width) != found.shape[1:]:
                raise ValueError(
                    f"is {image.height} x {image.width} pixels, the first"
                    f" {found.shape[1]} x {found.shape[2]}"
                )
            found[row] = np.asarray(image.convert("L"))
    return found

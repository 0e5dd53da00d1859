"""A laboratory's own arrays: .npy, .npz, .mat, .h5, tables and folders of pictures."""

import dataclasses
import pathlib

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.sources.array_columns import bring_into_order, read_columns
from v1keras.data.sources.array_files import is_table, read_array, read_table
from v1keras.data.sources.axes import arrange
from v1keras.data.sources.cells import repeats_of, responses_of
from v1keras.data.sources.contents import describe
from v1keras.data.sources.labels import check_numbers, names_any, rows_in_order
from v1keras.data.sources.layout import RESPONSES, Layout
from v1keras.data.sources.pictures import missing_numbers, read_folder, stack
from v1keras.data.sources.questions import with_missing, without_index
from v1keras.data.sources.trials import mean_response
from v1keras.data.validation import ATTRIBUTES
from v1keras.io.large_arrays import release_pages, row_blocks, zeros_or_memmap

_OF_NEURONS = ("neuron_session", "neurons")


def read(
    images,
    responses=None,
    repeats=None,
    repeat_images=None,
    columns=None,
    attributes=None,
    layout=None,
):
    """Read a recording whose arrays are in files of their own.

    Each is named as `file.npy`, `file.npz:key`, `file.mat:variable`,
    `file.mat:struct(2).field`, `file.h5:/group/dataset` or a table, `file.csv`.

    Args:
        images: Name of `(n, height, width)` images or of a cell array of them, or a
            folder of grey pictures, which are taken by the order of their names
            (numbers by their value).
        responses: Name of `(n, neurons)` mean responses, NaN (in a table an empty field
            or "NA") = not recorded. Defaults to the means of `repeats`.
        repeats: Name of `(images, trials, neurons)` single presentations.
        repeat_images: Name of `(images,)` indices (from 0) of the image of each entry
            of `repeats`. Defaults to all images in order.
        columns: Dict from `split`, `image_group`, `neuron_session`, `neurons/<column>`,
            `covariates/<column>` or `repeat_covariates/<column>` to the name of an
            array. A split may be in words. `repeat_covariates` have the axes of the
            `repeats`, without neurons or with k values in their place. Rows of a table
            that begin with the name of a picture, or of a neuron, belong to it.
        attributes: Dict, as a `Recording` takes them.
        layout: `Layout`, what the files leave open. Defaults to what they tell.

    Returns:
        `Recording`, with the names of pictures in `covariates/picture`, and those above
        the columns of a table of responses in `neurons/name`. Large .npy files are
        never wholly in memory.

    Raises:
        OSError: A file is not there.
        ValueError: A file is malformed, the arrays don't fit together, or may be read
            in several ways; names the file or the array, and the attribute of `layout`
            that tells.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> np.save(folder / "images.npy", np.zeros((3, 8, 8), "uint8"))
    >>> _ = (folder / "responses.csv").write_text("1,2\\n3,4\\n5,\\n")
    >>> read(folder / "images.npy", folder / "responses.csv").responses[2].tolist()
    [5.0, nan]
    """
    layout = layout or Layout()
    attributes = dict(attributes or {})
    unknown = sorted(set(attributes) - set(ATTRIBUTES))
    if unknown:
        raise ValueError(
            f"attribute {unknown[0]!r}: expected one of {', '.join(ATTRIBUTES)}"
        )
    if responses is None and (repeats is None or repeat_images is not None):
        raise ValueError(
            "no responses: expected a file with them, or repeats of all images"
        )
    files = {
        "images": images,
        "responses": responses,
        "repeats": repeats,
        "repeat_images": repeat_images,
    } | (columns or {})
    fields, labels = read_columns(columns or {}, layout)
    try:
        _read_arrays(files, fields, labels, layout)
        return Recording(**fields, attributes=attributes)
    except ValueError as error:
        file = files.get(str(error).split(":")[0])
        if file is None:
            raise
        if file != images:
            file = f"{file}, with the images of {images}"
        raise ValueError(f"{file}: {error}") from None


def _read_arrays(files, fields, labels, layout):
    """Add the images, the responses and the repeats to the fields of a recording."""
    images, pictures = _images(files["images"], layout)
    if pictures is not None:  # one after the other
        layout = dataclasses.replace(layout, images_axes="nhw", images_shape=None)
    arrays = {"images": images}
    # Files of a folder have names.
    names = pictures if pictures and isinstance(pictures[0], str) else []
    if files["responses"] is not None:
        arrays["responses"], neurons = _responses(files["responses"], names, layout)
        if neurons and layout.axes_of("responses") in (None, RESPONSES):
            fields["neurons"].setdefault("name", np.array(neurons))
    bring_into_order(fields, labels, names)
    if files["repeats"] is not None:
        repeats = read_array(files["repeats"], "--repeats", layout)
        arrays["repeats"] = repeats_of(repeats)
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or not array.size or not array.ndim:
            raise ValueError(f"{name}: found {describe(array)}, expected numbers")
    entries = None
    if files["repeat_images"] is not None:
        indices = read_array(files["repeat_images"], "--repeat_images", layout)
        fields["repeat_images"] = indices.ravel()
        entries = indices.size
    arrays = arrange(arrays, layout, _counts(fields), entries)
    one_row_more = len(arrays.get("responses", ())) == len(arrays["images"]) + 1
    if one_row_more and is_table(files["responses"]) and not layout.first_row:
        raise ValueError(
            f"responses: found {len(arrays['responses'])} rows for"
            f" {len(arrays['images'])} images: if the first is a heading, say"
            " --first_row=heading"
        )
    skipped = missing_numbers(names)
    if skipped and len(arrays.get("responses", ())) == len(names) + len(skipped):
        raise ValueError(
            f"responses: found {len(arrays['responses'])} rows for {len(names)}"
            f" pictures, whose numbers skip {', '.join(map(str, skipped[:5]))}: put"
            " those pictures there, or leave out their rows"
        )
    for name in ("responses", "repeats"):
        if name in arrays:
            fields[name] = with_missing(name, _float32(arrays[name]), layout)
    if "repeats" in arrays:
        every = np.arange(len(fields["repeats"]))
        fields.setdefault("repeat_images", every)
        fields.setdefault("responses", mean_response(fields["repeats"], axis=1))
    fields["images"] = _sized(arrays["images"], files["images"], pictures, layout)
    if names:
        fields["covariates"].setdefault("picture", np.array(names))


def _images(path, layout):
    """Return images, and what identifies each where they come one by one."""
    if pathlib.Path(path).is_dir():
        return read_folder(path, layout)
    images = read_array(path, "--images", layout)
    if images.dtype != object:
        return images, None
    cells = list(images.ravel(order="F"))
    for i, cell in enumerate(cells):
        if np.ndim(cell) != 2 or cell.dtype.kind not in "biuf":
            raise ValueError(
                f"images: found in cell {i + 1} {describe(np.asarray(cell))}, expected"
                " height x width grey levels"
            )
    names = [f"{path}, cell {i + 1}" for i in range(len(cells))]
    return stack(cells, names, layout), list(range(len(cells)))


def _sized(images, path, pictures, layout):
    """Return images in the format's type, cropped and resized."""
    if pictures is None and images.ndim == 3 and (layout.crop or layout.resize):
        return stack(images, [f"{path}: image {i}" for i in range(len(images))], layout)
    return images if images.dtype == np.uint8 else _float32(images)


def _responses(path, pictures, layout):
    """Return responses in the order of the named pictures; neurons' names or None."""
    if not is_table(path):
        responses = responses_of(read_array(path, "--responses", layout))
        return without_index(responses, None, layout)
    table = read_table(path, layout)
    if table.values.dtype.kind == "U":
        raise ValueError(
            f"responses: found one column of words ({table.values[0]!r}, ...), expected"
            " numbers, divided by commas, semicolons, tabs or spaces"
        )
    if table.labels is None:
        return without_index(table.values, table.names, layout)
    if layout.first_column == "index" and not names_any(table.labels, pictures):
        check_numbers(table.labels)
        return table.values, table.names
    order = rows_in_order(table.labels, pictures)
    return table.values[order], table.names


def _counts(fields):
    """Return the numbers of images and of neurons that columns tell."""
    counts = {"images": set(), "neurons": set()}
    for name, values in fields.items():
        kind = "neurons" if name in _OF_NEURONS else "images"
        arrays = values.values() if isinstance(values, dict) else [values]
        if name not in ("repeat_images", "repeat_covariates"):
            counts[kind].update(len(array) for array in arrays if array.ndim)
    return counts


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

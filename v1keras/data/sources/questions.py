"""Numbers among responses that may be something else: they are asked about."""

import numpy as np

from v1keras.io.large_arrays import release_pages, row_blocks

# Numbers by which programs mark what is missing; the last are NumPy's fill values.
_NEGATIVE = (-1, -9, -99, -999, -9999, -99999, -32768)
_POSITIVE = (999, 9999, 99999, 999999, 1e20)


def with_missing(name, responses, layout):
    """Return responses with NaN in place of the number that stands for missing.

    Args:
        name: String, name of the array.
        responses: Float32 array, large ones by rows.
        layout: `Layout`, for `missing`.

    Raises:
        ValueError: `missing` isn't told, and a number looks like one that stands for
            it.

    Example:

    >>> from v1keras.data.sources.layout import Layout
    >>> counts = np.array([[1, -999], [3, 4]], "float32")
    >>> with_missing("responses", counts, Layout(missing="-999")).tolist()
    [[1.0, nan], [3.0, 4.0]]
    """
    if layout.missing is None:
        _ask_for_missing(name, responses)
    value = layout.missing_value()
    if value is None:
        return responses
    if not responses.flags.writeable:
        responses = np.array(responses)
    for block, rows in row_blocks(responses):
        responses[block] = np.where(rows == np.float32(value), np.nan, rows)
        release_pages(responses)
    return responses


def _ask_for_missing(name, responses):
    """Raise a `ValueError` if one number alone is negative, or far above all others."""
    lowest = set()
    highest = {-np.inf}
    for _, rows in row_blocks(responses):
        is_known = np.isfinite(rows)
        known = rows if is_known.all() else rows[is_known]
        if len(lowest) < 2:
            lowest.update(np.unique(known[known < 0])[:2].tolist())
        if known.size:
            largest = known.max()
            others = np.max(known, where=known < largest, initial=-np.inf)
            highest.update([float(largest), float(others)])
    suspect = None
    if len(lowest) == 1 and lowest <= set(_NEGATIVE):
        suspect = lowest.pop()
    ordered = sorted(highest)[::-1]
    marks = {float(np.float32(value)) for value in _POSITIVE}
    if ordered[0] in marks and len(ordered) > 1 and ordered[0] > 10 * abs(ordered[1]):
        suspect = ordered[0]
    if suspect is not None:
        raise ValueError(
            f"{name}: {suspect:g} may stand for missing responses: say"
            f" --missing={suspect:g}, or --missing=none if it is a response"
        )


def without_index(responses, names, layout):
    """Return responses, and the neurons' names, without a column that counts images.

    Args:
        responses: Array `(n, neurons)`.
        names: List of the columns' names, or None.
        layout: `Layout`, for `first_column`.

    Raises:
        ValueError: `first_column` isn't told, and the first column counts.
    """
    is_table = responses.ndim == 2 and responses.size
    if layout.first_column == "neuron" or not is_table:
        return responses, names
    if responses.dtype.kind not in "biuf":  # refused as no numbers
        return responses, names
    # Copies, since a view would bring back the memory of its block.
    columns = [np.array(rows[:, 0]) for _, rows in row_blocks(responses)]
    first = np.concatenate(columns)
    counts = _counts(first)
    if layout.first_column == "index":
        if not counts:
            raise ValueError(
                "responses: their first column doesn't count the images in order, 0, 1,"
                " 2, ... or 1, 2, 3, ...: bring the rows into that order, or leave it"
                " out"
            )
        return responses[:, 1:], names and names[1:]
    is_order = counts or (len(first) > 5 and _counts(np.sort(first)))
    if is_order and responses.shape[1] > 1:
        raise ValueError(
            f"responses: their first column ({first[0]:g}, {first[1]:g}, {first[2]:g},"
            " ...) numbers the images: say --first_column=index to leave it out, or"
            " --first_column=neuron"
        )
    return responses, names


def _counts(column):
    """Return True if a column counts from 0 or from 1."""
    count = len(column)
    if count < 3 or column[0] not in (0, 1):
        return False
    return np.array_equal(column, np.arange(count) + column[0])

"""Numbers among responses that may be something else: they are asked about."""

import numpy as np

from v1keras.io.large_arrays import release_pages, row_blocks

# Numbers by which programs mark what is missing: largest integers among them.
_MARKS = (9, 99, 255, 999, 9999, 32767, 32768, 65535, 99999, 999999, 2147483647)
_NEGATIVE_MARKS = (-1, *(-mark for mark in _MARKS))
_SMALLEST = 99  # in magnitude, of a number that is asked about as far from the others
_FAR, _FAR_FROM_MARK = 100, 10  # times the largest of the others
_MOST_NEGATIVE = 2  # whole numbers below 0, where all others are not
_LEAST_FRACTIONS = 10  # numbers that are not whole, among which a whole one stands out
_RISING = 8  # images to which no neuron responds more and more
_DISTINCT = 20  # images to which no neuron has as many whole numbers


def with_missing(name, responses, layout):
    """Return responses with NaN in place of the numbers that stand for missing.

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
        suspects = _suspects(responses)
        if suspects:
            numbers = ",".join(f"{number:.10g}" for number in suspects)
            raise ValueError(
                f"{name}: {numbers} may stand for missing responses: say"
                f" --missing={numbers}, or --missing=none if these are responses"
            )
    values = np.array(layout.missing_values(), np.float32)
    if not values.size:
        return responses
    if not responses.flags.writeable:
        responses = np.array(responses)
    for block, rows in row_blocks(responses):
        responses[block] = np.where(np.isin(rows, values), np.nan, rows)
        release_pages(responses)
    return responses


def _suspects(responses):
    """Return numbers that may stand for missing: of another kind than all others."""
    negative, whole, extremes = set(), set(), {0.0}
    fractions = 0
    for _, rows in row_blocks(responses):
        is_known = np.isfinite(rows)
        known = rows if is_known.all() else rows[is_known]
        if not known.size:
            continue
        if len(negative) <= _MOST_NEGATIVE:
            negative.update(np.unique(known[known < 0])[: _MOST_NEGATIVE + 1].tolist())
        if len(whole) < 2:
            is_whole = known == np.rint(known)
            whole.update(np.unique(known[is_whole & (known != 0)])[:2].tolist())
            fractions += np.count_nonzero(~is_whole)
        for sign in (1, -1):
            most = np.max(sign * known)
            next_most = np.max(sign * known, where=sign * known < most, initial=-np.inf)
            extremes.update([sign * float(most), sign * float(next_most)])
    few = len(negative) <= _MOST_NEGATIVE
    if few and negative and all(value.is_integer() for value in negative):
        return sorted(negative)
    marks = {float(np.float32(mark)) for mark in (*_MARKS, *_NEGATIVE_MARKS)}
    ordered = sorted(filter(np.isfinite, extremes), key=abs)
    farthest, others = ordered[-1], abs(ordered[-2]) if len(ordered) > 1 else 0.0
    if farthest.is_integer() and abs(farthest) >= _SMALLEST:
        if abs(farthest) > others * (_FAR_FROM_MARK if farthest in marks else _FAR):
            return [farthest]
    if len(whole) == 1 and whole <= marks and fractions >= _LEAST_FRACTIONS:
        return list(whole)
    return []


def without_index(responses, names, layout):
    """Return responses, and the neurons' names, without a column that numbers images.

    Args:
        responses: Array `(n, neurons)`.
        names: List of the columns' names, or None.
        layout: `Layout`, for `first_column`.

    Raises:
        ValueError: `first_column` isn't told, and the first column, or the last,
            numbers the images.
    """
    is_table = responses.ndim == 2 and responses.size
    if layout.first_column == "neuron" or not is_table:
        return responses, names
    if responses.dtype.kind not in "biuf":  # refused as no numbers
        return responses, names
    # Copies, since a view would bring back the memory of its block.
    chosen = [0, min(1, responses.shape[1] - 1), -1]
    columns = [np.array(rows[:, chosen]) for _, rows in row_blocks(responses)]
    first, second, last = np.concatenate(columns).astype("float32").T
    if layout.first_column == "index":
        if not counts(first) and not (np.diff(first) > 0).all():
            raise ValueError(
                "responses: their first column doesn't number the images in order, such"
                " as 0, 1, 2, ... or 1, 2, 3, ...: bring the rows into that order, or"
                " leave it out"
            )
        return responses[:, 1:], names and names[1:]
    if responses.shape[1] > 1 and _numbers_images(first, second):
        raise ValueError(
            f"responses: their first column ({first[0]:g}, {first[1]:g}, {first[2]:g},"
            " ...) numbers the images: say --first_column=index to leave it out, or"
            " --first_column=neuron"
        )
    if responses.shape[1] > 1 and counts(last) and len(last) >= _RISING:
        raise ValueError(
            f"responses: their last column ({last[0]:g}, {last[1]:g}, {last[2]:g}, ...)"
            " numbers the images: leave it out of the file, or say"
            " --first_column=neuron if both are neurons"
        )
    return responses, names


def _numbers_images(column, other):
    """Return True if a column counts images, rises as times do, or has names alone."""
    count = len(column)
    if counts(column) or count > 5 and counts(np.sort(column)):
        return True
    if count >= _RISING and (np.diff(column) > 0).all():
        return True
    return count >= _DISTINCT and _are_names(column) and not _are_names(other)


def _are_names(column):
    """Return True for whole numbers, none of them twice."""
    is_whole = np.array_equal(column, np.rint(column))
    return is_whole and len(np.unique(column)) == len(column)


def counts(column):
    """Return True if a column counts from 0 or from 1."""
    count = len(column)
    if count < 3 or column[0] not in (0, 1):
        return False
    return np.array_equal(column, np.arange(count) + column[0])

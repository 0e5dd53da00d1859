"""Tables in text files, as spreadsheets, MATLAB and NumPy write them."""

import csv
import dataclasses
import io
import re

import numpy as np

_MISSING = (
    *("", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "-nan(ind)", "null", "none"),
    *("missing", "#div/0!", "-", ".", "?"),
)
_DELIMITERS = (";", "\t", ",")
_COUNTED = 4  # numbers that count and are hardly responses
_LEAST_ROWS = 8  # of a table that may be whole numbers and their decimals
_SEEN = 1000  # rows that are looked at for decimal signs
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclasses.dataclass
class Table:
    """A table's content.

    Attributes:
        values: Array `(rows, columns)` of numbers, NaN = missing; or `(rows,)` of words
            where the table is one column of them.
        names: List of strings, the heading above each column; None without a heading.
        labels: List of strings, the words in the first column, which is then not among
            the values; None where it has numbers.
    """

    values: np.ndarray
    names: list | None = None
    labels: list | None = None


def parse(content, layout):
    """Read a table: numbers, or one column of words, with a heading or without.

    Fields may be divided by commas, semicolons, tabs or spaces. An empty field, "NA" or
    "nan" is NaN.

    Args:
        content: Bytes of the file.
        layout: `Layout`, for `decimal` and `first_row`.

    Returns:
        `Table`.

    Raises:
        ValueError: It is no such table, or may be read in two ways; names the flag that
            tells.

    Example:

    >>> from v1keras.data.sources.layout import Layout
    >>> table = parse(b"unit 1;unit 2\\r\\n1.5;NA\\r\\n", Layout())
    >>> table.values.tolist(), table.names
    ([[1.5, nan]], ['unit 1', 'unit 2'])
    """
    rows, delimiter = _rows(_text(content))
    rows = _with_points(rows, delimiter, layout.decimal)
    names = None
    if _is_heading(rows, layout.first_row):
        names, rows = [name.strip() for name in rows[0]], rows[1:]
    labels = None
    if len(rows[0]) > 1 and all(_is_word(row[0]) for row in rows):
        labels = [row[0].strip() for row in rows]
        rows = [row[1:] for row in rows]
        names = names and names[1:]
    if len(rows[0]) == 1 and all(_is_word(row[0]) or not row[0] for row in rows):
        return Table(np.array([row[0].strip() for row in rows]), names, labels)
    return Table(_numbers(rows), names, labels)


def _text(content):
    """Return the text of a file in UTF-8 or UTF-16, with a byte order mark or not."""
    try:
        return content.decode(_BYTE_ORDER_MARKS.get(content[:2], "utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8; save it as such") from None


def _rows(text):
    """Return rows of fields, and what divides them."""
    lines = [line for line in text.splitlines() if line.strip()]
    # Spreadsheets may tell what divides fields, NumPy comments out its heading.
    told = re.fullmatch(r"sep=([;,\t]) *", lines[0]) if lines else None
    lines = lines[1:] if told else lines
    lines[:1] = [re.sub("^# +", "", line) for line in lines[:1]]
    if "\0" in text or not lines:
        raise ValueError("is not a table: expected lines of fields")
    uneven = None
    for delimiter in told[1] if told else _DELIMITERS:
        reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
        rows = list(reader)
        lengths = [len(row) for row in rows]
        if max(lengths) == 1:
            continue
        if len(set(lengths)) == 1:
            return _without_end(rows), delimiter
        differs = next(i for i, n in enumerate(lengths) if n != lengths[0])
        uneven = uneven or (
            f"is not a table: row {differs + 1} has {lengths[differs]} fields, the"
            f" first {lengths[0]} (divided by {delimiter!r})"
        )
    if uneven:
        raise ValueError(uneven)
    rows = [line.split() for line in lines]
    fields = [field for row in rows[1:] or rows for field in row]
    if len({len(row) for row in rows}) == 1 and not any(map(_is_word, fields)):
        return rows, " "
    return [next(csv.reader([line])) for line in lines], ""


def _without_end(rows):
    """Return rows without a last field that is always empty."""
    empty = not any(row[-1].strip() for row in rows)
    return [row[:-1] for row in rows] if empty else rows


def _with_points(rows, delimiter, decimal):
    """Return rows whose decimal signs are points."""
    fields = [field.strip() for row in rows[1:_SEEN] or rows for field in row]
    has_commas = any(re.fullmatch(r"[+-]?\d+,\d+(e[+-]?\d+)?", f, re.I) for f in fields)
    if delimiter == ",":
        if decimal == "comma":
            raise ValueError(
                "has commas between the fields, so none can be a decimal sign: save it"
                " with semicolons or tabs"
            )
        decimals = [field for field in fields if re.fullmatch(r"0\d+", field)]
        decimals = decimals or _decimals(rows)
        if decimals and decimal is None:
            raise ValueError(
                f"has fields such as {decimals[0]!r}, as if the commas were decimal"
                " signs: save it with semicolons or tabs between the fields, or say"
                " --decimal=point"
            )
        return rows
    if has_commas and decimal is None:
        example = next(field for field in fields if "," in field)
        raise ValueError(
            f"has fields such as {example!r}: if the comma is a decimal sign, say"
            " --decimal=comma"
        )
    if decimal != "comma":
        return rows
    if any(re.fullmatch(r"[+-]?\d*\.\d+.*", field) for field in fields):
        raise ValueError("has decimal points, though --decimal=comma")
    changed = []
    for row in rows:
        # Words keep their commas.
        is_word = [_is_word(field.replace(",", ".")) for field in row]
        changed.append(
            [
                field if word else field.replace(",", ".")
                for field, word in zip(row, is_word, strict=True)
            ]
        )
    return changed


def _decimals(rows):
    """Return every second field, if these may be decimals: no last digit is 0."""
    if len(rows) < _LEAST_ROWS or len(rows[0]) % 2:
        return []
    fields = [field.strip() for row in rows for field in row]
    is_whole = all(re.fullmatch(r"[+-]?\d+", field) for field in fields)
    seconds = fields[1::2]
    have_no_end = all(re.fullmatch(r"\d*[1-9]", field) for field in seconds)
    differ = len({len(field) for field in seconds}) > 1
    return seconds if is_whole and have_no_end and differ else []


def _is_heading(rows, first_row):
    """Return True if the first row is a heading, or raise where it may be one."""
    if len(rows) < 2 or first_row == "responses":
        return False
    if first_row == "heading":
        return True
    columns = range(len(rows[0]))
    for column in columns:
        others = [row[column] for row in rows[1:]]
        if _is_word(rows[0][column]) and not any(map(_is_word, others)):
            return True
    first = [field.strip() for field in rows[0]]
    counted = first[1:] if not first[0] else first
    if len(counted) < _COUNTED or any(map(_is_word, counted)) or "" in counted:
        return False
    numbers = np.array([_number(field) for field in counted])
    if (np.diff(numbers) == 1).all() and numbers[0] in (0, 1):
        raise ValueError(
            f"has a first row that counts ({', '.join(first[:4])}, ...): say"
            " --first_row=heading or --first_row=responses"
        )
    return False


def _numbers(rows):
    """Return rows of fields as an array."""
    values = np.empty((len(rows), len(rows[0])))
    for i, row in enumerate(rows):
        for j, field in enumerate(row):
            try:
                values[i, j] = _number(field)
            except ValueError:
                raise ValueError(
                    f"holds words beside numbers: {field.strip()[:40]!r} in row"
                    f" {i + 1}, field {j + 1}; a missing response is an empty field, NA"
                    " or NaN"
                ) from None
    return values


def _is_word(field):
    """Return True unless a field is a number, or missing."""
    try:
        _number(field)
    except ValueError:
        return True
    return False


def _number(field):
    """Return a field as a number; NaN where it is missing."""
    text = field.strip()
    if text.lower() in _MISSING:
        return np.nan
    if "_" in text:
        raise ValueError("no number")
    return float(text)

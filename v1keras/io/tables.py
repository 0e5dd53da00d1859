"""Tables as CSV files."""

import csv
import os
from collections.abc import Iterable
from typing import Any, TextIO

import numpy as np

from v1keras.io.atomic import atomic_write

_FORMULA = ("=", "+", "-", "@", "\t")  # how one begins


def write_columns(columns: dict[str, np.ndarray], path: str | os.PathLike[str]) -> None:
    """Write columns as CSV, one row per neuron.

    Args:
        columns: Dict from heading to an array `(n,)`; a field is empty where a value is
            NaN.
        path: Path of the file.

    Raises:
        OSError: The file can't be written.
    """
    with (
        atomic_write(path) as part,
        open(part, "w", newline="", encoding="utf-8") as file,
    ):
        write_rows([columns, *zip(*columns.values(), strict=True)], file)


def write_rows(rows: Iterable[Iterable[Any]], file: TextIO) -> None:
    r"""Write the rows of a table as CSV.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.

    Args:
        rows: Iterable of iterables of numbers and texts.
        file: Text stream, opened with `newline=""`.

    Example:

    >>> import sys
    >>> write_rows([["=1+1", "-1.5", np.float32(0.1)]], sys.stdout)
    '=1+1,-1.5,0.1
    """
    writer = csv.writer(file, lineterminator="\n")
    for row in rows:
        writer.writerow([_field(value) for value in row])


def _field(value):
    """Return a value as it stands in the table."""
    if isinstance(value, np.floating):
        return "" if np.isnan(value) else f"{value:.6g}"
    if not isinstance(value, str):
        return value
    value = value.replace("\r", "\\r")  # which could end a row
    is_formula = value.startswith(_FORMULA) and not _is_number(value)
    return f"'{value}" if is_formula else value


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True

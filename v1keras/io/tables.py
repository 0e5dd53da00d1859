"""Tables as CSV files."""

import csv
import os

import numpy as np

from v1keras.io.atomic import atomic_write


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
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow([_field(value) for value in row])


def _field(value):
    """Return a value as it stands in the table."""
    if not isinstance(value, np.floating):
        return value
    return "" if np.isnan(value) else f"{value:.6g}"

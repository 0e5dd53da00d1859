"""Tables as CSV files."""

import csv
import os
import pathlib

import numpy as np

from v1keras.io.atomic import atomic_write


def write_columns(columns: dict[str, np.ndarray], path: str | os.PathLike[str]) -> None:
    """Writes `(n,)` columns as CSV, a row a neuron and an empty field where a value
    does not exist.
    """
    with (
        atomic_write(pathlib.Path(path)) as beside,
        open(beside, "w", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(
                [
                    "" if isinstance(v, np.floating) and np.isnan(v) else _short(v)
                    for v in row
                ]
            )


def _short(value):
    return f"{value:.6g}" if isinstance(value, np.floating) else value

"""Words in the first column of a table, which may name pictures or neurons."""

import pathlib
import re
import unicodedata
from collections import Counter

import numpy as np


def rows_in_order(labels, known, name="responses", noun="pictures"):
    """Return the rows of a table in the order of the pictures that they name.

    A label is a picture's file with its folder or without, with the suffix or without,
    in any case.

    Args:
        labels: List of strings, one per row.
        known: List of strings, names of the pictures' files, or of neurons; empty where
            they have none.
        name: String, name of the array, for errors.
        noun: String, what the names are of, for errors.

    Returns:
        Integer array, indices of rows.

    Raises:
        ValueError: The labels name the pictures in part, or several times, or are
            something else.

    Example:

    >>> rows_in_order(["stim/B.png", "stim/A.png"], ["a.png", "b.png"]).tolist()
    [1, 0]
    """
    for key in _KEYS:
        rows, names = [key(label) for label in labels], [key(one) for one in known]
        if len(set(names)) == len(names) and sorted(rows) == sorted(names):
            places = {row: place for place, row in enumerate(rows)}
            return np.array([places[one] for one in names])
        if len(set(names)) == len(names) and set(rows) & set(names):
            reasons = "; ".join(_reasons(labels, rows, known, names, noun))
            raise ValueError(
                f"{name}: their first column names {noun}, but not each of the"
                f" {len(known)} once: {reasons}"
            )
    advice = "leave them out of the file"
    if name == "responses":
        advice = "say --first_column=index to leave it out"
    raise ValueError(
        f"{name}: their first column holds words ({labels[0]!r}, ...), which are not"
        f" the names of the {noun}: {advice}"
    )


def names_any(labels, known):
    """Return whether a label names one of the pictures."""
    for key in _KEYS:
        if {key(label) for label in labels} & {key(one) for one in known}:
            return True
    return False


def check_numbers(labels):
    """Refuse labels that are to be left out, but number the images in another order.

    Raises:
        ValueError: The last numbers in them differ, and don't rise.

    Example:

    >>> check_numbers(["scene 1", "scene 2", "scene 10"])
    """
    numbers = [re.findall(r"[0-9]+", label)[-1:] for label in labels]
    if not all(numbers):
        return
    values = np.array([int(number) for [number] in numbers], float)
    if len(set(values)) == len(values) and (np.diff(values) < 0).any():
        raise ValueError(
            f"responses: their first column ({', '.join(labels[:3])}, ...) numbers the"
            " images in another order: bring the rows into their order"
        )


def _reasons(labels, rows, known, names, noun):
    """Yield why rows don't name each picture once."""
    counts, wanted = Counter(rows), set(names)
    lacking = [one for one, key in zip(known, names, strict=True) if not counts[key]]
    others, twice = [], []
    for label, key in zip(labels, rows, strict=True):
        if key not in wanted:
            others.append(label)
        if counts[key] > 1:
            twice.append(label)
    for words, reason in (
        (lacking, "have no row"),
        (others, f"are no {noun}"),
        (twice, "have several rows"),
    ):
        if words:
            yield f"{_first(list(dict.fromkeys(words)))} {reason}"


def _whole(name):
    return name


def _of_file(name):
    """Return the name of a file without its folder, the same in any writing."""
    file = pathlib.PureWindowsPath(name).name
    return unicodedata.normalize("NFC", file).casefold()


def _of_stem(name):
    return str(pathlib.PurePath(_of_file(name)).stem)


def _first(names):
    """Return the first names as text."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


_KEYS = (_whole, _of_file, _of_stem)

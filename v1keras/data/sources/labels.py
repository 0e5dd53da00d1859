"""Words in the first column of a table, which may name pictures or neurons."""

import pathlib
import re
import unicodedata

import numpy as np


def rows_in_order(labels, pictures, leave_out, name="responses", noun="pictures"):
    """Return the rows of a table in the order of the pictures that they name.

    A label is a picture's file with its folder or without, with the suffix or without,
    in any case.

    Args:
        labels: List of strings, one per row.
        pictures: List of strings, names of the pictures' files; empty where they have
            none.
        leave_out: Boolean, whether labels that name no picture are left out, and the
            rows are in the order of the images.
        name: String, name of the array, for errors.
        noun: String, what the names are of, for errors.

    Returns:
        Integer array, indices of rows.

    Raises:
        ValueError: The labels name the pictures in part, or several times, or may be
            something else.

    Example:

    >>> rows_in_order(["stim/B.png", "stim/A.png"], ["a.png", "b.png"], False).tolist()
    [1, 0]
    """
    for key in (_whole, _of_file, _of_stem):
        rows = [key(label) for label in labels]
        known = [key(picture) for picture in pictures]
        if len(set(known)) < len(known):
            continue
        if sorted(rows) == sorted(known):
            return np.array([rows.index(picture) for picture in known])
        if set(rows) & set(known):
            lacking = [picture for picture in pictures if key(picture) not in rows]
            others = [label for label in labels if key(label) not in known]
            twice = [label for label in labels if rows.count(key(label)) > 1]
            reasons = []
            for words, reason in (
                (lacking, "have no row"),
                (others, f"are no {noun}"),
                (twice, "have several rows"),
            ):
                if words:
                    reasons.append(f"{_first(list(dict.fromkeys(words)))} {reason}")
            raise ValueError(
                f"{name}: their first column names {noun}, but not each of the"
                f" {len(pictures)} once: {'; '.join(reasons)}"
            )
    if not leave_out:
        raise ValueError(
            f"{name}: their first column holds words ({labels[0]!r}, ...),"
            f" which are not the names of the {noun}: say --first_column=index to"
            " leave it out"
        )
    numbers = [re.findall(r"[0-9]+", label)[-1:] for label in labels]
    if all(numbers):
        values = np.array([int(number) for [number] in numbers], float)
        if len(set(values)) == len(values) and (np.diff(values) < 0).any():
            raise ValueError(
                f"{name}: their first column ({', '.join(labels[:3])}, ...) numbers"
                f" the {noun} in another order: bring the rows into their order"
            )
    return np.arange(len(labels))


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

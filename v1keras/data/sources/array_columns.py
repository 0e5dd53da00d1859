"""Columns of images and of neurons in files of their own."""

import numpy as np

from v1keras.data.recording_file import FORMAT_1_NAMES
from v1keras.data.sources.array_files import is_table, read_array, read_table
from v1keras.data.sources.axes import as_repeats
from v1keras.data.sources.labels import rows_in_order
from v1keras.data.sources.questions import counts
from v1keras.data.validation import SPLITS, UNASSIGNED

_COLUMNS = ("split", "image_group", "neuron_session")
_SPLIT_WORDS = SPLITS | {"training": 0, "val": 1, "testing": 2, "": UNASSIGNED}


def read_columns(columns, layout):
    """Read the columns of a recording.

    Args:
        columns: Dict from `split`, `neurons/<column>` or another column to the name of
            an array.
        layout: `Layout`.

    Returns:
        Tuple of a dict of the arrays, those of a group in a dict of its own, and a dict
        from (group, column) to the words before the rows of a table, if there are such.

    Raises:
        OSError: A file is not there.
        ValueError: There is no such column, or an array is none.
    """
    fields = {"neurons": {}, "covariates": {}, "repeat_covariates": {}}
    labels = {}
    # A column may still be named as in files of format 1.
    groups = {former: name for name, former in FORMAT_1_NAMES.items()}
    for name, path in columns.items():
        group, _, column = name.rpartition("/")
        group = groups.get(group, group)
        if group not in fields and (group or column not in _COLUMNS):
            raise ValueError(
                f"column {name!r}: expected split, image_group, neuron_session,"
                " neurons/NAME, covariates/NAME or repeat_covariates/NAME"
            )
        values, rows = _values(name, path, layout)
        if rows is not None:
            labels[group, column] = rows
        # MATLAB's vectors, and those of a table, have an axis of length 1.
        if values.ndim == 2 and 1 in values.shape:
            values = values.ravel()
        if name == "split":
            values = _split(values, path)
        if group == "repeat_covariates":
            values = as_repeats(values, layout)
        target = fields[group] if group else fields
        target[column] = values
    return fields, labels


def bring_into_order(fields, labels, pictures):
    """Bring columns into the order of the pictures, or the neurons, that rows name.

    Args:
        fields: Dict as `read_columns` returns it; `neurons/name` has the names of the
            neurons.
        labels: Dict as `read_columns` returns it.
        pictures: List of strings, names of the pictures' files; empty where they have
            none.

    Raises:
        ValueError: Rows name others, or none.
    """
    for (group, column), words in labels.items():
        target = fields[group] if group else fields
        names, noun = pictures, "pictures"
        if group == "neurons" or column == "neuron_session":
            names, noun = list(fields["neurons"].get("name", ())), "neurons"
        name = f"{group}/{column}" if group else column
        order = rows_in_order(words, names, name, noun)
        target[column] = target[column][order]


def _values(name, path, layout):
    """Return an array, and the words before its rows or None."""
    if not is_table(path):
        return read_array(path, f"--column={name}", layout), None
    table = read_table(path, layout)
    values = table.values
    if values.ndim == 2 and values.shape[1] > 1 and counts(values[:, 0]):
        raise ValueError(
            f"{path}: {name}: the first column counts the rows: leave it out of the"
            " file"
        )
    return values, table.labels


def _split(values, path):
    """Return a split as numbers, also one in words."""
    if values.dtype.kind not in "US":
        return values
    words = [word.strip().lower() for word in values.tolist()]
    unknown = sorted(set(words) - set(_SPLIT_WORDS))
    if unknown:
        advice = ""
        if unknown == [words[0]]:
            advice = "; if it is a heading, say --first_row=heading"
        raise ValueError(
            f"{path}: split: found {unknown[0]!r}, expected"
            f" {', '.join(word for word in _SPLIT_WORDS if word)} or nothing{advice}"
        )
    return np.array([_SPLIT_WORDS[word] for word in words])

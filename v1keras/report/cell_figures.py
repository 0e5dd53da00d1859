"""Figures and TensorBoard images of inverted cells, sorted by class."""

import numpy as np

from v1keras.report import figures


def gallery_of(patterns, columns):
    """Return the figure of all stimuli, with rates.

    Args:
        patterns: `(n, height, width)` stimuli, zero at grey.
        columns: Dict of `(n,)` columns, as for `write_cells`.
    """
    order = _by_class(columns)
    captions = [_caption(columns, i) for i in order]
    return figures.gallery(patterns[order], captions)


def tuning_of(patterns, fields, curves, columns):
    """Return the figure of one cell per class: stimulus, gradient field, tuning.

    Args:
        patterns: `(n, height, width)` stimuli, zero at grey.
        fields: `(n, height, width)` gradient fields.
        curves: Dict, label -> tuple of values and rates, each `(n, k)`.
        columns: Dict of `(n,)` columns, as for `write_cells`.
    """
    rows = []
    for i in _best_of_classes(columns):
        pictures = {"stimulus": patterns[i], "gradient field": fields[i]}
        own_curves = {
            label: (values[i], rates[i]) for label, (values, rates) in curves.items()
        }
        title = f"{columns['neuron'][i]}, {columns['class'][i]}"
        rows.append((title, pictures, own_curves))
    return figures.tuning_curves(rows)


def times_best_image(columns):
    """Return the rate to each stimulus over that to the best image at its contrast.

    Both are measured from silence; NaN where one of them is not above it.

    Args:
        columns: Dict of `(n,)` columns, as for `write_cells`.
    """
    zero = columns.get("zero_rate", 0.0)
    rate = columns["rate"] - zero
    best = columns["best_image_rate_at_norm"] - zero
    return np.where(np.fmin(rate, best) > 0, rate / np.where(best, best, 1), np.nan)


def write_event_files(folder, patterns, fields, columns):
    """Write stimuli and gradient fields for TensorBoard.

    Args:
        folder: Path of the folder.
        patterns: `(n, height, width)` stimuli, zero at grey.
        fields: `(n, height, width)` gradient fields.
        columns: Dict of `(n,)` columns, as for `write_cells`.
    """
    import tensorflow as tf  # takes seconds, and the page of a recording has no use

    order = _by_class(columns)
    with tf.summary.create_file_writer(str(folder)).as_default(step=0):
        for name, pictures in {"stimuli": patterns, "gradient_fields": fields}.items():
            sheet = figures.tile(pictures[order])
            tf.summary.image(name, sheet[None, ..., None])


def _by_class(columns):
    return np.lexsort((columns["neuron"], columns["class"]))


def _best_of_classes(columns):
    """Return the cell of each class that exceeds its best image most."""
    ratio = np.nan_to_num(times_best_image(columns))
    best = []
    for name in dict.fromkeys(columns["class"][_by_class(columns)]):
        members = np.flatnonzero(columns["class"] == name)
        best.append(members[np.argmax(ratio[members])])
    return best


def _caption(columns, i):
    """Return neuron, rate / rate to the best image, and the filter's cosine."""
    rate, image_rate = columns["rate"][i], columns["best_image_rate_at_norm"][i]
    text = f"{columns['neuron'][i]}: {rate:.1f} / {image_rate:.1f}"
    if "filter_cosine" in columns and np.isfinite(columns["filter_cosine"][i]):
        text += f"\ncos {columns['filter_cosine'][i]:.2f}"
    return text

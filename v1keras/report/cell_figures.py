"""Figures and TensorBoard images of inverted cells."""

import numpy as np
import tensorflow as tf
from matplotlib import pyplot

from v1keras.io.atomic import atomic_write
from v1keras.report import figures


def write_cell_figures(folder, patterns, fields, curves, columns):
    """Write gallery.png, tuning.png and tensorboard/ to a folder.

    Cells are sorted by class; the tuning of one cell per class is drawn.

    Args:
        folder: `pathlib.Path` to write to.
        patterns: `(n, height, width)` stimuli, zero at grey.
        fields: `(n, height, width)` gradient fields.
        curves: Dict, label -> tuple of values and rates, each `(n, k)`.
        columns: Dict of `(n,)` columns, as for `write_cells`.

    Raises:
        OSError: A file can't be written.
    """
    order = np.lexsort((columns["neuron"], columns["class"]))
    captions = [_caption(columns, i) for i in order]
    per_row = 8 if len(captions) <= 64 else 16
    rows = []
    for i in _best_of_classes(columns, order):
        pictures = {"stimulus": patterns[i], "gradient field": fields[i]}
        own_curves = {
            label: (values[i], rates[i]) for label, (values, rates) in curves.items()
        }
        title = f"{columns['neuron'][i]}, {columns['class'][i]}"
        rows.append((title, pictures, own_curves))
    drawn = {
        "gallery": figures.gallery(patterns[order], captions, columns=per_row),
        "tuning": figures.tuning_curves(rows),
    }
    with tf.summary.create_file_writer(str(folder / "tensorboard")).as_default(step=0):
        for name, pictures in {"stimuli": patterns, "gradient_fields": fields}.items():
            sheet = figures.tile(pictures[order])
            tf.summary.image(name, sheet[None, ..., None])
    for name, figure in drawn.items():
        with atomic_write(folder / f"{name}.png") as temporary:
            figure.savefig(temporary, dpi=110)
        pyplot.close(figure)


def _best_of_classes(columns, order):
    """Return the cell of each class that exceeds its best image most."""
    ratio = columns["rate"] / columns["best_image_rate_at_norm"]
    best = []
    for name in dict.fromkeys(columns["class"][order]):
        members = np.flatnonzero(columns["class"] == name)
        best.append(members[np.argmax(ratio[members])])
    return best


def _caption(columns, i):
    """Return neuron, rate / rate to the best image, and the filter's cosine."""
    rate, image_rate = columns["rate"][i], columns["best_image_rate_at_norm"][i]
    text = f"{columns['neuron'][i]}: {rate:.1f} / {image_rate:.1f}"
    if "filter_cosine" in columns and np.isfinite(columns["filter_cosine"][i]):
        text += f"  cos {columns['filter_cosine'][i]:.2f}"
    return text

"""Results as pictures."""

import matplotlib
import numpy as np

matplotlib.use("agg")
from matplotlib import pyplot  # noqa: E402


def tile(pictures, gap=1):
    """Pictures side by side in a near-square grid, each scaled to its own largest
    absolute value; zero is grey.

    Args:
        pictures: `(n, height, width)`.
        gap: pixels between two.

    Returns:
        `(rows, columns)` from 0 to 1.

    Example:

    >>> import numpy as np
    >>> tile(np.ones((5, 4, 4))).shape
    (9, 14)
    """
    pictures = np.asarray(pictures, float)
    scale = np.abs(pictures).max(axis=(1, 2), keepdims=True)
    pictures = 0.5 + 0.5 * pictures / np.where(scale > 0, scale, 1)
    count, height, width = pictures.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), 0.5)
    for i, picture in enumerate(pictures):
        row, column = i // columns * (height + gap), i % columns * (width + gap)
        sheet[row : row + height, column : column + width] = picture
    return sheet


def gallery(pictures, captions, columns=8):
    """A figure of captioned grey pictures, each symmetric around its `zero`.

    Args:
        pictures: list of `(height, width)` arrays, zero-mean grey.
        captions: a string each.
        columns: pictures in a row.

    Returns:
        A matplotlib figure.
    """
    rows = -(-len(pictures) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(1.3 * columns, 1.55 * rows), squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture, caption in zip(axes.flat, pictures, captions, strict=False):
        size = np.abs(picture).max() or 1
        axis.imshow(
            picture, cmap="gray", vmin=-size, vmax=size, interpolation="nearest"
        )
        axis.set_title(caption, fontsize=7)
    figure.tight_layout(pad=0.4)
    return figure


def learning_curves(history):
    """Loss and validation correlation over epochs.

    Args:
        history: list of dicts with `loss` and `validation_score`, one an epoch.
    """
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 2.8))
    epochs = np.arange(1, len(history) + 1)
    left.plot(epochs, [logs["loss"] for logs in history])
    left.set(xlabel="epoch", ylabel="training loss")
    right.plot(epochs, [logs["validation_score"] for logs in history])
    right.set(xlabel="epoch", ylabel="validation correlation")
    figure.tight_layout()
    return figure


def score_distributions(columns):
    """How correlation lies against its ceiling, and how CC_norm is distributed.

    Args:
        columns: `correlation`, `cc_max` and `cc_norm`, each `(neurons,)`.
    """
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3.2))
    left.plot([0, 1], [0, 1], color="0.6", lw=1)
    left.plot(columns["cc_max"], columns["correlation"], ".", ms=4)
    left.set(xlabel="ceiling (CC_max)", ylabel="correlation")
    finite = columns["cc_norm"][np.isfinite(columns["cc_norm"])]
    right.hist(np.clip(finite, -0.2, 1.2), bins=np.linspace(-0.2, 1.2, 29))
    right.axvline(0.9, color="0.4", ls="--", lw=1)
    right.set(xlabel="CC_norm (dashed: within 10 % of the limit)", ylabel="neurons")
    figure.tight_layout()
    return figure


def tuning_curves(cells):
    """Pictures and tuning curves of cells, a row each.

    Args:
        cells: list of (title, pictures, curves): `pictures` a dict from a name to a
            `(height, width)` array whose zero is grey; `curves` a dict from the label
            of the axis to a pair of arrays `(k,)`, the values shown and the rates to
            them. The same names in every row.

    Returns:
        A matplotlib figure.

    Example:

    >>> import numpy as np
    >>> figure = tuning_curves(
    ...     [
    ...         (
    ...             "cell 3",
    ...             {"stimulus": np.eye(4)},
    ...             {"orientation (deg)": (np.arange(4), np.arange(4.0))},
    ...         )
    ...     ]
    ... )
    >>> [axis.get_title() or axis.get_xlabel() for axis in figure.axes]
    ['stimulus', 'orientation (deg)']
    """
    shown, drawn = len(cells[0][1]), len(cells[0][2])
    figure, axes = pyplot.subplots(
        len(cells),
        shown + drawn,
        figsize=(1.7 * (shown + drawn), 1.7 * len(cells)),
        squeeze=False,
    )
    for row, (title, pictures, curves) in zip(axes, cells, strict=True):
        for axis, (name, picture) in zip(row, pictures.items(), strict=False):
            size = np.abs(picture).max() or 1
            axis.imshow(
                picture, cmap="gray", vmin=-size, vmax=size, interpolation="nearest"
            )
            axis.set(xticks=[], yticks=[])
            axis.set_title(name, fontsize=7)
        row[0].set_ylabel(title, fontsize=7)
        for axis, (label, (values, rates)) in zip(
            row[shown:], curves.items(), strict=True
        ):
            axis.plot(values, rates, ".-", ms=4, lw=1)
            axis.set_ylim(0, 1.08 * max(np.max(rates), 1e-9))
            axis.set_xlabel(label, fontsize=7)
            axis.tick_params(labelsize=6)
    figure.tight_layout(pad=0.4)
    return figure

"""Figures of results."""

import matplotlib
import numpy as np

matplotlib.use("agg")
from matplotlib import pyplot  # noqa: E402


def tile(pictures, gap=1):
    """Arrange pictures in a near-square grid.

    Each is scaled to its own largest absolute value; zero is grey.

    Args:
        pictures: `(n, height, width)`.
        gap: Integer, pixels between two pictures.

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
    """Draw captioned grey pictures, each scaled symmetrically around zero.

    Args:
        pictures: Sequence of `(height, width)` arrays, zero at grey.
        captions: Sequence of strings, one per picture.
        columns: Integer, pictures per row.

    Returns:
        A matplotlib figure.
    """
    figure, axes = picture_grid(len(pictures), columns)
    for axis, picture, caption in zip(axes, pictures, captions, strict=False):
        _show(axis, picture)
        axis.set_title(caption, fontsize=7)
    figure.tight_layout(pad=0.4)
    return figure


def picture_grid(count, columns):
    """Return a figure for `count` captioned pictures, and its axes, without frames."""
    rows = -(-count // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(1.3 * columns, 1.55 * rows), squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    return figure, axes.flat


def _show(axis, picture):
    """Show a picture around zero, which is grey."""
    size = np.abs(picture).max() or 1
    axis.imshow(picture, cmap="gray", vmin=-size, vmax=size, interpolation="nearest")


def learning_curves(history):
    """Draw loss and validation correlation over epochs.

    Args:
        history: Sequence of dicts with `loss` and `validation_score`, one per epoch.

    Returns:
        A matplotlib figure.
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
    """Draw correlation against its ceiling, and the distribution of CC_norm.

    Args:
        columns: Dict of `(neurons,)` columns `correlation`, `cc_max` and `cc_norm`.

    Returns:
        A matplotlib figure.
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


def predictions(responses, rates, columns):
    """Draw predicted rates against measured responses for three neurons.

    They are the best, the median and the worst predicted neuron.

    Args:
        responses: `(images, neurons)`, NaN where missing.
        rates: `(images, neurons)`.
        columns: Dict of `(neurons,)` columns `neuron`, `correlation` and `cc_norm`.

    Returns:
        A matplotlib figure; None if no neuron has a correlation.

    Example:

    >>> rates = np.random.default_rng(0).normal(size=(9, 4))
    >>> columns = {
    ...     "neuron": np.arange(4),
    ...     "correlation": np.array([0.1, 0.9, 0.5, np.nan]),
    ...     "cc_norm": np.full(4, np.nan),
    ... }
    >>> [axis.get_title() for axis in predictions(rates, rates, columns).axes]
    ['best: neuron 1\\nr 0.90', 'median: neuron 2\\nr 0.50', 'worst: neuron 0\\nr 0.10']
    """
    correlation = columns["correlation"]
    order = np.argsort(-correlation, kind="stable")
    order = order[np.isfinite(correlation[order])]
    if not order.size:
        return None
    figure, axes = pyplot.subplots(1, 3, figsize=(8, 2.9))
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    for axis, (name, i) in zip(axes, chosen.items(), strict=True):
        both = [responses[:, i], rates[:, i]]
        ends = [min(0.0, np.nanmin(both)), np.nanmax(both)]
        axis.plot(ends, ends, color="0.6", lw=1)
        axis.plot(rates[:, i], responses[:, i], ".", ms=4)
        score = f"r {correlation[i]:.2f}"
        if np.isfinite(columns["cc_norm"][i]):
            score += f", CC_norm {columns['cc_norm'][i]:.2f}"
        axis.set_title(f"{name}: neuron {columns['neuron'][i]}\n{score}", fontsize=9)
        axis.set_xlabel("predicted rate")
    axes[0].set_ylabel("measured response")
    figure.tight_layout()
    return figure


def filters(kernels):
    """Draw the kernels of a first layer, each scaled to its own largest value.

    Args:
        kernels: `(n, height, width)`; zero is grey.

    Returns:
        A matplotlib figure.
    """
    figure, axis = pyplot.subplots(figsize=(5, 5))
    axis.imshow(tile(kernels), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axis.axis("off")
    figure.tight_layout(pad=0.2)
    return figure


def positions(centers):
    """Draw the place that each readout looks at.

    Args:
        centers: `(neurons, 2)` rows and columns, from -1 to 1 across the features.

    Returns:
        A matplotlib figure.
    """
    figure, axis = pyplot.subplots(figsize=(4, 4))
    axis.plot(centers[:, 1], centers[:, 0], ".", ms=4)
    axis.set(
        xlim=(-1.05, 1.05),
        ylim=(1.05, -1.05),
        aspect="equal",
        xlabel="column",
        ylabel="row",
    )
    figure.tight_layout()
    return figure


def tuning_curves(cells):
    """Draw pictures and tuning curves of cells, one row per cell.

    Args:
        cells: Sequence of tuples (title, pictures, curves): `pictures` a dict, name ->
            `(height, width)` array, zero at grey; `curves` a dict, label of the axis ->
            tuple of values and rates, each `(k,)`. The names are the same in each row.

    Returns:
        A matplotlib figure.

    Example:

    >>> import numpy as np
    >>> pictures = {"stimulus": np.eye(4)}
    >>> curves = {"orientation (deg)": (np.arange(4), np.arange(4.0))}
    >>> figure = tuning_curves([("cell 3", pictures, curves)])
    >>> [axis.get_title() or axis.get_xlabel() for axis in figure.axes]
    ['stimulus', 'orientation (deg)']
    """
    _, first_pictures, first_curves = cells[0]
    columns = len(first_pictures) + len(first_curves)
    size = (1.7 * columns, 1.7 * len(cells))
    figure, axes = pyplot.subplots(len(cells), columns, figsize=size, squeeze=False)
    for row, (title, pictures, curves) in zip(axes, cells, strict=True):
        for axis, (name, picture) in zip(row, pictures.items(), strict=False):
            _show(axis, picture)
            axis.set(xticks=[], yticks=[])
            axis.set_title(name, fontsize=7)
        row[0].set_ylabel(title, fontsize=7)
        rest = row[len(pictures) :]
        for axis, (label, (values, rates)) in zip(rest, curves.items(), strict=True):
            axis.plot(values, rates, ".-", ms=4, lw=1)
            axis.set_ylim(0, 1.08 * max(np.max(rates), 1e-9))
            axis.set_xlabel(label, fontsize=7)
            axis.tick_params(labelsize=6)
    figure.tight_layout(pad=0.4)
    return figure

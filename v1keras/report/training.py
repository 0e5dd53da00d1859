"""Figures of a trained model beside the recording: what it predicts of single neurons,
its filters, where its readouts look.
"""

import numpy as np
from matplotlib import pyplot

from v1keras.report import figures


def predictions(responses, rates, columns):
    """Predicted rates against measured responses, of the best, the median and the worst
    predicted neuron.

    Args:
        responses: `(images, neurons)`, NaN = missing.
        rates: `(images, neurons)`.
        columns: `neuron`, `correlation` and `cc_norm`, `(neurons,)`.

    Returns:
        A matplotlib figure; None where no neuron has a correlation.

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
    order = np.argsort(-columns["correlation"], kind="stable")
    order = order[np.isfinite(columns["correlation"][order])]
    if not order.size:
        return None
    figure, axes = pyplot.subplots(1, 3, figsize=(8, 2.9))
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    for axis, (name, i) in zip(axes, chosen.items(), strict=True):
        most = np.nanmax([responses[:, i], rates[:, i]])
        least = min(0.0, np.nanmin([responses[:, i], rates[:, i]]))
        axis.plot([least, most], [least, most], color="0.6", lw=1)
        axis.plot(rates[:, i], responses[:, i], ".", ms=4)
        of_limit = (
            f", CC_norm {columns['cc_norm'][i]:.2f}"
            if np.isfinite(columns["cc_norm"][i])
            else ""
        )
        axis.set_title(
            f"{name}: neuron {columns['neuron'][i]}\nr"
            f" {columns['correlation'][i]:.2f}{of_limit}",
            fontsize=9,
        )
        axis.set_xlabel("predicted rate")
    axes[0].set_ylabel("measured response")
    figure.tight_layout()
    return figure


def filters(kernels):
    """The kernels `(n, height, width)` of a first layer, each scaled to its own largest
    value; zero is grey.
    """
    figure, axis = pyplot.subplots(figsize=(5, 5))
    axis.imshow(
        figures.tile(kernels), cmap="gray", vmin=0, vmax=1, interpolation="nearest"
    )
    axis.axis("off")
    figure.tight_layout(pad=0.2)
    return figure


def positions(places):
    """Where each readout looks: `(neurons, 2)` rows and columns from -1 to 1 across the
    features.
    """
    figure, axis = pyplot.subplots(figsize=(4, 4))
    axis.plot(places[:, 1], places[:, 0], ".", ms=4)
    axis.set(
        xlim=(-1.05, 1.05),
        ylim=(1.05, -1.05),
        aspect="equal",
        xlabel="column",
        ylabel="row",
    )
    figure.tight_layout()
    return figure

"""Figures of recordings."""

import numpy as np
from matplotlib import pyplot

from v1keras.report.figures import picture_grid


def triggered_averages(images, responses):
    """Compute spike-triggered averages: response-weighted means of images.

    The mean image is subtracted.

    Args:
        images: `(n, height, width)`.
        responses: `(n, neurons)`, NaN where missing.

    Returns:
        `(neurons, height, width)`, in pixel units; zero for a neuron without a
        response.

    Example:

    >>> images = np.eye(4).reshape(4, 2, 2)
    >>> responses = np.array([[0.0], [0.0], [4.0], [0.0]])
    >>> triggered_averages(images, responses).round(2).tolist()
    [[[-0.25, -0.25], [0.75, -0.25]]]
    """
    flat = images.reshape(len(images), -1).astype(np.float32)
    measured = np.isfinite(responses)
    weights = np.where(measured, responses, 0).astype(np.float32)
    total, count = weights.sum(axis=0), measured.sum(axis=0)
    mean_weights = measured / np.maximum(count, 1) * (total != 0)
    weights = weights / np.where(total != 0, total, np.inf) - mean_weights
    return (weights.T @ flat).reshape(-1, *images.shape[1:])


def sample_images(images, numbers, columns=8):
    """Draw images in grey, all on one scale.

    Args:
        images: `(n, height, width)`.
        numbers: `(n,)` numbers of the images, for the captions.
        columns: Integer, images per row.

    Returns:
        A matplotlib figure.
    """
    figure, axes = picture_grid(len(images), columns)
    for axis, image, number in zip(axes, images, numbers, strict=False):
        axis.imshow(
            image,
            cmap="gray",
            vmin=images.min(),
            vmax=images.max(),
            interpolation="nearest",
        )
        axis.set_title(f"image {number}", fontsize=7)
    figure.tight_layout(pad=0.4)
    return figure


def neurons(rates, unit, ceiling):
    """Draw the distributions of neurons' mean responses and ceilings.

    Args:
        rates: `(neurons,)` mean responses.
        unit: String, unit of the mean responses.
        ceiling: `(neurons,)` CC_max, NaN where unknown.

    Returns:
        A matplotlib figure.
    """
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 2.8))
    left.hist(rates[np.isfinite(rates)], bins=40)
    unit = unit.replace("$", r"\$")  # which would begin a formula
    left.set(xlabel=f"mean response ({unit})", ylabel="neurons")
    right.hist(ceiling[np.isfinite(ceiling)], bins=np.linspace(0, 1, 41))
    right.set(xlabel="ceiling (CC_max)", ylabel="neurons")
    figure.tight_layout()
    return figure

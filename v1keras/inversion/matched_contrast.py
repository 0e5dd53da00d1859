"""The contrast that matches stimuli to a recording's images."""

from typing import Any

import numpy as np

from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.contrast import ContrastConstraint

# Enough to estimate the size of receptive fields.
_SAMPLED_NEURONS, _FIRST_STEPS = 64, 60
# A pixel mean within this fraction of the range from black or white is not a grey.
_EDGE = 0.01


def grey_level(model: Any, images: np.ndarray) -> float:
    """Return the pixel value of no contrast.

    It is the mean that the model subtracts; if the model takes pixels as they are, it
    is the mean of the images.

    Args:
        model: Model with a `pixel_mean`.
        images: `(n, height, width)` in pixel units.
    """
    low, high = float(images.min()), float(images.max())
    margin = _EDGE * (high - low)
    if low + margin < model.pixel_mean < high - margin:
        return model.pixel_mean
    return float(images.mean(dtype="float64"))


def matched_contrast(
    model: Any,
    images: np.ndarray,
    norm: float | None = None,
    grey: float | None = None,
) -> ContrastConstraint:
    """Return the constraint that matches stimuli to a recording's images.

    Stimuli have the grey level, the pixel range and the local contrast of the images. A
    stimulus fills a receptive field, not the image, so its norm is the images' median
    norm times the square root of the fraction of their area that it fills. A first,
    short inversion at a tenth of the norm measures this area.

    Args:
        model: Model of images alone.
        images: `(n, height, width)` in pixel units.
        norm: Float, norm of the contrast in pixel units; None to derive it.
        grey: Float, pixel value of no contrast; None for `grey_level`.
    """
    images = images.astype("float32")
    low, high = float(images.min()), float(images.max())
    grey = grey_level(model, images) if grey is None else grey
    if norm is None:
        patterns = images - grey
        flat = patterns.reshape(len(patterns), -1)
        median = float(np.median(np.linalg.norm(flat, axis=1)))
        # The sample does not depend on the neurons that are inverted afterwards.
        spaced = np.linspace(0, model.neuron_count - 1, _SAMPLED_NEURONS)
        weak = ContrastConstraint(grey, median / 10, low, high)
        ascent = GradientAscent(model, weak)
        first = ascent.run(np.unique(spaced.astype(int)), _FIRST_STEPS)
        filled = np.median(effective_area(first.patterns))
        share = filled / np.median(effective_area(patterns))
        norm = median * float(np.sqrt(min(share, 1.0)))
    return ContrastConstraint(grey, norm, low, high)


def effective_area(patterns: np.ndarray) -> np.ndarray:
    """Return the number of pixels over which a pattern's contrast extends.

    It is the participation ratio, (sum x^2)^2 / sum x^4.

    Args:
        patterns: `(n, height, width)`, zero where there is no contrast.

    Returns:
        `(n,)` areas in pixels.

    Example:

    >>> effective_area(np.array([[[2.0, -2.0, 0.0, 2.0]]])).tolist()
    [3.0]
    """
    squared = np.square(patterns.reshape(len(patterns), -1), dtype="float64")
    fourth = np.square(squared).sum(axis=1)
    return np.square(squared.sum(axis=1)) / np.maximum(fourth, 1e-30)

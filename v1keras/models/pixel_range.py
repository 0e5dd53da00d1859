"""A warning of images in other units than those that a model was trained on."""

import os
import warnings

import numpy as np


def warn_of_pixels(
    name: str | os.PathLike[str], images: np.ndarray, pixels: dict[str, float]
) -> None:
    """Warn of images in other units than those that a model was trained on.

    They might lie from 0 to 1, say, or be standardized, instead of 0 to 255.

    Args:
        name: String, name of the images, for the warning.
        images: Array of any shape. Images are far from the recording's if they exceed
            its range by more than half of it, or if they differ among themselves by
            less than a thirtieth of it. Images of one grey level are not.
        pixels: Dict, the `minimum` and `maximum` of the recording's images, as in the
            metadata of a preset.

    Example:

    >>> with warnings.catch_warnings(record=True) as caught:
    ...     pixels = {"minimum": 0, "maximum": 255}
    ...     warn_of_pixels("mine.npy", np.array([0.0, 0.9]), pixels)
    >>> print(caught[0].message)
    mine.npy: pixels lie from 0 to 0.9, but the model's recording has 0 to 255; are they
    to be scaled?
    """
    if not images.size:
        return
    low, high = pixels["minimum"], pixels["maximum"]
    lowest, highest = float(images.min()), float(images.max())
    reach = high - low
    beyond = lowest < low - reach / 2 or highest > high + reach / 2
    if beyond or 0 < highest - lowest < reach / 30:
        warnings.warn(
            f"{name}: pixels lie from {lowest:.3g} to {highest:.3g}, but the model's"
            f" recording has {low:g} to {high:g}; are they to be scaled?"
        )

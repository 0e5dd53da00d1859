"""What a model says of a set, also if eye or screen are not as assumed."""

from typing import Any

import numpy as np

from v1keras.experiment.predictions import Predictions
from v1keras.experiment.screen import Screen
from v1keras.inversion.rates import compiled, rates_by_batch

# Pixels by which predictions are shifted, at most, and steps of a side; powers of
# luminance of wrong screens.
_FARTHEST, _STEPS = 0.1, 3
EXPONENTS = (0.45, 0.6, 0.8, 1.25, 1.6, 2.2)


def predict_set(
    model: Any,
    neurons: np.ndarray,
    shown: np.ndarray,
    grey: float,
    screen: Screen,
    first_day: np.ndarray,
) -> Predictions:
    """Return what a model predicts for a set, also if eye or screen are not as assumed.

    Args:
        model: Model of images alone.
        neurons: `(n,)` indices.
        shown: `(s, height, width)` images as the screen shows them.
        grey: Float, pixel value around the images.
        screen: `Screen`.
        first_day: `(s, n)` responses of the first day to those that are its images.
    """
    farthest = max(_FARTHEST * shown.shape[1] / _STEPS, 1.0)
    steps = np.round(np.arange(-_STEPS, _STEPS + 1) * farthest).astype(int)
    shifts = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    rates = compiled(model)

    def predicted(images):
        return rates_by_batch(rates, images)[:, neurons]

    shifted = [predicted(moved(shown, down, right, grey)) for down, right in shifts]
    distorted = [predicted(screen.distorted(shown, power)) for power in EXPONENTS]
    return Predictions(
        predicted(shown),
        shifts.astype(float),
        np.stack(shifted),
        np.array(EXPONENTS),
        np.stack(distorted),
        first_day,
    )


def moved(images: np.ndarray, down: int, right: int, grey: float) -> np.ndarray:
    """Return images that are moved by whole pixels, with grey where they come from.

    Example:

    >>> moved(np.array([[[1, 2], [3, 4]]]), 1, 0, 9).tolist()
    [[[9, 9], [1, 2]]]
    """
    padded = np.pad(
        images,
        ((0, 0), (max(down, 0), max(-down, 0)), (max(right, 0), max(-right, 0))),
        constant_values=grey,
    )
    height, width = images.shape[1:]
    return padded[
        :,
        max(-down, 0) : max(-down, 0) + height,
        max(-right, 0) : max(-right, 0) + width,
    ]

"""Map of the places where a small patch of grating drives a neuron."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from v1keras.characterization.gratings import GratingDisplay

_PLACES = 12  # patches per side of the image
_CYCLES = 0.4  # standard deviation of a patch, in cycles of its grating
_SMALLEST_WIDTH, _LARGEST_WIDTH = 0.04, 0.08  # in sides of the image


def patch_maps(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    waves: dict[str, np.ndarray],
    display: GratingDisplay,
) -> tuple[np.ndarray, np.ndarray]:
    """Measure where in the image a small Gabor patch drives each neuron.

    A patch has the orientation and frequency of the neuron's best grating, and the
    largest contrast of the pixel range. It is shown at 12 x 12 places, in four phases
    each.

    Args:
        rates: Callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`.
        neurons: `(n,)` indices below N.
        waves: Dict of `(n,)` columns `orientation_deg` and `frequency` of gratings.
        display: `GratingDisplay`.

    Returns:
        Tuple of `(n, 12, 12)` rates above the rate to grey, mean over phases, and the
        `(n,)` fraction of the image that they extend over: the participation ratio of
        those above 0, (sum m)^2 / sum m^2, over the number of places. It is 1 if every
        place counts alike; NaN where no patch drives the neuron.

    Example:

    >>> display = GratingDisplay(grey=100, low=0, high=200, image_size=(24, 24))
    >>> everywhere = lambda images: ((images - 100) ** 2).mean(axis=(1, 2))
    >>> wave = {"orientation_deg": np.array([30.0]), "frequency": np.array([0.2])}
    >>> maps, extents = patch_maps(everywhere, [0], wave, display)
    >>> maps.shape, bool(extents[0] > 0.8)
    ((1, 12, 12), True)
    """
    neurons = np.atleast_1d(np.asarray(neurons, int))
    grey = np.full((1, *display.image_size, 1), display.grey, "float32")
    grey_rates = np.asarray(rates(grey))[0, neurons]
    maps = np.empty((len(neurons), _PLACES, _PLACES))
    for i, neuron in enumerate(neurons):
        patches = _patches(
            waves["orientation_deg"][i], waves["frequency"][i], display.image_size
        )
        patterns = display.amplitude * np.concatenate([patches, -patches])
        images = (display.grey + patterns)[..., None].astype("float32")
        driven = np.asarray(rates(images))[:, neuron] - grey_rates[i]
        maps[i] = driven.reshape(-1, _PLACES, _PLACES).mean(axis=0)
    positive = np.maximum(maps, 0).reshape(len(neurons), -1)
    squares = np.square(positive).sum(axis=1) * _PLACES**2
    extents = np.square(positive.sum(axis=1)) / np.where(squares > 0, squares, np.nan)
    return maps, extents


def _patches(orientation_deg, frequency, image_size):
    """Render even, then odd patches at all places: `(2 * places, height, width)`."""
    side = max(image_size)
    width = np.clip(_CYCLES / frequency, _SMALLEST_WIDTH * side, _LARGEST_WIDTH * side)
    centers = [(np.arange(_PLACES) + 0.5) * n / _PLACES - 0.5 for n in image_size]
    row, column = (grid.ravel() for grid in np.meshgrid(*centers, indexing="ij"))
    rows, columns = np.mgrid[: image_size[0], : image_size[1]]
    down = rows - row[:, None, None]
    right = columns - column[:, None, None]
    angle = np.radians(orientation_deg)
    across = right * np.sin(angle) + down * np.cos(angle)
    envelope = np.exp(-(down**2 + right**2) / (2 * width**2))
    wave = 2 * np.pi * frequency * across
    return np.concatenate([envelope * np.cos(wave), envelope * np.sin(wave)])

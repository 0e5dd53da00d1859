"""What gratings beside a neuron's best grating take from its rate."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from v1keras.characterization.gratings import GratingDisplay

_DIRECTIONS_DEG = np.arange(0, 360, 45)
_PHASES_DEG = np.arange(0, 360, 90)
_CONTRAST = 0.5
_CHUNK = 16  # neurons per call of the rate function


def flank_columns(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    gratings: dict[str, np.ndarray],
    display: GratingDisplay,
) -> dict[str, np.ndarray]:
    """Measure from which sides a second grating suppresses each neuron.

    Beside the best grating, two radii away from its center, a second one of the same
    radius, orientation, frequency and phase is shown, in one of eight directions. Rates
    are means over phases.

    Args:
        rates: Callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`.
        neurons: `(n,)` indices below N.
        gratings: Dict of `(n,)` columns `row`, `column`, `orientation_deg`, `frequency`
            and `radius` of the best gratings.
        display: `GratingDisplay`.

    Returns:
        Dict of `(n,)` columns; NaN where the best grating does not drive the neuron:

        - `flank_suppression`: the largest fraction of the rate above grey that a
          second grating takes;
        - `flank_asymmetry`: |sum_k s_k exp(i direction_k)| / sum_k s_k of the fractions
          that are taken: 0 if opposite sides suppress alike, near 1 if one side does.

    Example:

    >>> display = GratingDisplay(grey=100, low=0, high=200, image_size=(30, 30))
    >>> energy = lambda images, part: ((images[part] - 100) ** 2).mean(axis=(1, 2))
    >>> left, middle = np.s_[:, :, :10, 0], np.s_[:, :, 12:18, 0]
    >>> one_sided = lambda images: np.maximum(
    ...     energy(images, middle) - energy(images, left), 0
    ... )[:, None]
    >>> place = {"row": 15.0, "column": 15.0, "radius": 4.0}
    >>> wave = {"orientation_deg": 0.0, "frequency": 0.2}
    >>> grating = {name: np.array([value]) for name, value in (place | wave).items()}
    >>> columns = flank_columns(one_sided, [0], grating, display)
    >>> bool(columns["flank_asymmetry"][0] > 0.7)
    True
    """
    neurons = np.atleast_1d(np.asarray(neurons, int))
    grey = np.full((1, *display.image_size, 1), display.grey, "float32")
    grey_rates = np.asarray(rates(grey))[0, neurons]
    above = []  # (neurons, 1 + directions), rates above grey
    for first in range(0, len(neurons), _CHUNK):
        part = slice(first, first + _CHUNK)
        images = _images({key: value[part] for key, value in gratings.items()}, display)
        shape = images.shape[:3]
        all_rates = np.asarray(rates(images.reshape(-1, *grey.shape[1:])))
        indices = np.repeat(neurons[part], shape[1] * shape[2])[:, None]
        own = np.take_along_axis(all_rates, indices, axis=1).reshape(shape)
        above.append(own.mean(axis=2) - grey_rates[part, None])
    alone, flanked = np.split(np.concatenate(above), [1], axis=1)
    driven = alone > 0
    taken = 1 - flanked / np.where(driven, alone, np.nan)
    positive = np.clip(taken, 0, 1)
    vectors = positive @ np.exp(1j * np.radians(_DIRECTIONS_DEG))
    total = positive.sum(axis=1)
    return {
        "flank_suppression": taken.max(axis=1),
        "flank_asymmetry": np.abs(vectors) / np.where(total > 0, total, np.nan),
    }


def _images(gratings, display):
    """Return `(n, 1 + directions, phases, height, width, 1)`, first without flank."""
    wide = {key: value[:, None, None] for key, value in gratings.items()}
    wide |= {"phase_deg": _PHASES_DEG, "contrast": _CONTRAST}
    angle = np.radians(_DIRECTIONS_DEG)[:, None]
    moved = wide | {
        "row": wide["row"] + 2 * wide["radius"] * np.sin(angle),
        "column": wide["column"] + 2 * wide["radius"] * np.cos(angle),
    }
    alone = _rendered(wide, display)
    flanks = _rendered(moved, display)
    return np.concatenate([alone, alone + flanks - display.grey], axis=1)


def _rendered(gratings, display):
    names = list(gratings)
    columns = np.broadcast_arrays(*gratings.values())
    flat = [column.ravel() for column in columns]
    images = display.gratings(dict(zip(names, flat, strict=True)))
    return images.reshape(*columns[0].shape, *images.shape[1:])

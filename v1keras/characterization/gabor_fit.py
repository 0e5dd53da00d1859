"""Fits of Gabor functions to stimuli."""

from typing import Any

import numpy as np
from scipy import fft

from v1keras.characterization.gabor import COLUMNS, GaborModel, gabor, wrap
from v1keras.characterization.least_squares import (
    best_candidates,
    best_places,
    check_patterns,
    fit_from_starts,
    offsets,
)

# The bank of filters to start from.
_ORIENTATIONS = 8
_FREQUENCIES = 8
_HIGHEST_FREQUENCY = 0.4  # cycles per pixel
_CYCLES_PER_WIDTH = (0.25, 0.5)  # within one standard deviation of the envelope
_STARTS = 4  # filters that are refined


def fit_gabors(patterns: np.ndarray) -> dict[str, np.ndarray]:
    """Fit a Gabor function to each pattern by least squares.

    The fits start from the filters of a bank, at any place, that explain most; the
    Levenberg-Marquardt method refines them.

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        Dict of `(n,)` columns for `gabor`, and `r2`, the explained variance around
        grey.

    Raises:
        ValueError: The patterns are not such an array or not finite, or one is grey
            throughout.

    Example:

    >>> import numpy as np
    >>> place = {"row": 7.2, "column": 9.5, "width_along": 4, "width_across": 3}
    >>> wave = {"orientation_deg": 30, "frequency": 0.15, "phase_deg": 80}
    >>> fits = fit_gabors(gabor(place | wave | {"amplitude": 50}, (18, 20)))
    >>> {name: round(float(column[0]), 2) for name, column in fits.items()}
    {'row': 7.2, 'column': 9.5, 'orientation_deg': 30.0, 'frequency': 0.15, 'phase_deg':
    80.0, 'width_along': 4.0, 'width_across': 3.0, 'amplitude': 50.0, 'r2': 1.0}
    """
    patterns = check_patterns(patterns)
    height, width = patterns.shape[1:]
    largest = max(height, width)
    limits = [
        (-0.5, height - 0.5),
        (-0.5, width - 0.5),
        (-np.inf, np.inf),
        np.log([0.25 / largest, 0.5]),
        np.log([0.5, 2 * largest]),
        np.log([0.5, 2 * largest]),
        (-np.inf, np.inf),
        (-np.inf, np.inf),
    ]
    parameters, r2 = fit_from_starts(
        GaborModel((height, width)),
        patterns.reshape(len(patterns), -1),
        _starts(patterns),
        np.array(limits).T,
    )
    row, column, angle, frequency, along, across, even, odd = parameters.T
    angle = wrap(np.degrees(angle), 360)
    phase = np.degrees(np.arctan2(-odd, even))
    # Beyond 180 degrees the same stripes are counted from the other side.
    phase = np.where(angle >= 180, -phase, phase)
    columns = (
        row,
        column,
        wrap(angle, 180),
        np.exp(frequency),
        wrap(phase, 360),
        np.exp(along),
        np.exp(across),
        np.hypot(even, odd),
    )
    return dict(zip(COLUMNS, columns, strict=True)) | {"r2": r2}


def _starts(patterns):
    """Return `(n, starts, 8)` parameters of the filters that explain most.

    At each frequency one filter is chosen, at its best place.
    """
    size = patterns.shape[1:]
    spectra = fft.rfft2(patterns, workers=-1)
    down, right = offsets(size)
    groups = []
    for frequency in np.geomspace(1 / max(size), _HIGHEST_FREQUENCY, _FREQUENCIES):
        group = []
        for angle in np.pi * np.arange(_ORIENTATIONS) / _ORIENTATIONS:
            across = right * np.sin(angle) + down * np.cos(angle)
            wave = 2 * np.pi * frequency * across
            for cycles in _CYCLES_PER_WIDTH:
                width = min(cycles / frequency, max(size) / 4)
                envelope = np.exp(-(down**2 + right**2) / (2 * width**2))
                explained, row, column, (even, odd) = best_places(
                    spectra, [envelope * np.cos(wave), envelope * np.sin(wave)]
                )
                widths = (np.log(width), np.log(width))
                place = (row, column, angle, np.log(frequency), *widths)
                group.append((explained, *place, even, odd))
        groups.append(group)
    return best_candidates(groups, _STARTS)


def phases_at(patterns: np.ndarray, fits: dict[str, Any]) -> np.ndarray:
    """Fit the phase of several patterns in one Gabor function.

    Args:
        patterns: `(n, k, height, width)`, zero at grey: k stimuli per neuron.
        fits: Dict of `(n,)` columns from `fit_gabors`, of one stimulus per neuron. Its
            place, orientation, frequency and widths stay fixed; phase and amplitude are
            fitted.

    Returns:
        `(n, k)` phases in degrees, below 360.

    Example:

    >>> place = {"row": 7, "column": 8, "width_along": 4, "width_across": 3}
    >>> one = place | {"orientation_deg": 30, "frequency": 0.15, "amplitude": 1}
    >>> stimuli = [gabor(one | {"phase_deg": phase}, (16, 16)) for phase in (10, 350)]
    >>> phases_at(np.stack(stimuli, axis=1), one).round(3).tolist()
    [[10.0, 350.0]]
    """
    patterns = np.asarray(patterns, float)
    size = patterns.shape[2:]
    even_wave = gabor(fits | {"phase_deg": 0, "amplitude": 1}, size)
    odd_wave = gabor(fits | {"phase_deg": -90, "amplitude": 1}, size)
    waves = np.stack([even_wave, odd_wave], axis=1).reshape(len(patterns), 2, -1)
    flat = patterns.reshape(*patterns.shape[:2], -1)
    products = waves @ waves.transpose(0, 2, 1)
    amplitudes = np.linalg.solve(products, waves @ flat.transpose(0, 2, 1))
    even, odd = amplitudes.transpose(1, 0, 2)
    return wrap(np.degrees(np.arctan2(-odd, even)), 360)


def phase_spread(phases_deg: np.ndarray) -> np.ndarray:
    """Return the circular variance of the phases of a neuron's stimuli.

    It is 1 - |mean of exp(i phase)|. The diverse stimuli of a complex cell have all
    phases, those of a simple cell one.

    Args:
        phases_deg: `(..., k)` phases in degrees, as `phases_at` returns them.

    Returns:
        `(...,)`, from 0 (all equal) to 1 (evenly around the circle, or in opposite
        pairs).

    Example:

    >>> phase_spread([[10, 10, 10, 10], [0, 90, 180, 270]]).round(3).tolist()
    [0.0, 1.0]
    """
    vectors = np.exp(1j * np.radians(np.asarray(phases_deg, float)))
    return 1 - np.abs(vectors.mean(axis=-1))

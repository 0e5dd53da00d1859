"""Gabor functions, and their fits to stimuli.

An orientation is that of the stripes, in degrees counter-clockwise from horizontal,
from 0 (horizontal) through 90 (vertical) up to 180. `across` is the distance from the
centre across the stripes: downward at 0 degrees, to the right at 90.
"""

from typing import Any

import numpy as np
from scipy import fft

from v1keras.characterization.least_squares import best_places, fit_from_starts, offsets

# Candidates for the start: orientations, cycles under one standard deviation of the
# envelope, and cycles per pixel.
_ORIENTATIONS, _FREQUENCIES, _HIGHEST, _CYCLES_PER_WIDTH = 8, 8, 0.4, (0.25, 0.5)
_STARTS = 4
COLUMNS = (
    "row",
    "column",
    "orientation_deg",
    "frequency",
    "phase_deg",
    "width_along",
    "width_across",
    "amplitude",
)


def gabor(fits: dict[str, Any], image_size: tuple[int, ...]) -> np.ndarray:
    """Renders Gabor functions: a grating under a Gaussian.

    amplitude * exp(-along^2 / (2 width_along^2) - across^2 / (2 width_across^2)) *
    cos(2 pi frequency across + phase)

    Args:
        fits: dict of `(n,)` columns: `row` and `column` of the centre, pixels from the
            first pixel's; `orientation_deg` of the stripes (see above); `frequency`,
            cycles per pixel; `phase_deg`, 0 where a bright stripe is at the centre;
            `width_along` and `width_across` the stripes, standard deviations in pixels;
            `amplitude`.
        image_size: (height, width), pixels.

    Returns:
        `(n, height, width)`.

    Reference: Jones & Palmer 1987 (Journal of Neurophysiology 58:1233), equation 1,
    with the phase at the centre of the Gaussian.

    Example:

    >>> import numpy as np
    >>> one = {
    ...     "row": 4,
    ...     "column": 4,
    ...     "orientation_deg": 90,
    ...     "frequency": 0.25,
    ...     "phase_deg": 0,
    ...     "width_along": 9,
    ...     "width_across": 9,
    ...     "amplitude": 1,
    ... }
    >>> np.sign(gabor(one, (9, 9))[0, 4].round(9)).astype(
    ...     int
    ... ).tolist()  # vertical stripes, four pixels a cycle
    [1, 0, -1, 0, 1, 0, -1, 0, 1]
    """
    row, column, angle, frequency, phase, along, across, amplitude = (
        np.atleast_1d(np.asarray(fits[name], float)) for name in COLUMNS
    )
    angle, phase = np.radians(angle), np.radians(phase)
    parameters = [
        row,
        column,
        angle,
        np.log(frequency),
        np.log(along),
        np.log(across),
        amplitude * np.cos(phase),
        -amplitude * np.sin(phase),
    ]
    return _Gabors(image_size)(np.stack(np.broadcast_arrays(*parameters), axis=1))[
        0
    ].reshape(-1, *image_size)


def fit_gabors(patterns: np.ndarray) -> dict[str, np.ndarray]:
    """The Gabor function nearest to each pattern in squared error.

    The starts are the best of a bank of Gabor filters at every place; each is refined
    by Levenberg & Marquardt's method.

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        dict of `(n,)` columns as `gabor` takes them, and `r2`, the explained variance
        around grey.

    Raises:
        ValueError: the patterns are no such array, not finite, or one is grey
            throughout.

    Example:

    >>> import numpy as np
    >>> true = {
    ...     "row": 7.2,
    ...     "column": 9.5,
    ...     "orientation_deg": 30,
    ...     "frequency": 0.15,
    ...     "phase_deg": 80,
    ...     "width_along": 4,
    ...     "width_across": 3,
    ... }
    >>> true |= {"amplitude": 50}
    >>> found = fit_gabors(gabor(true, (18, 20)))
    >>> {name: round(float(column[0]), 2) for name, column in found.items()}
    {'row': 7.2, 'column': 9.5, 'orientation_deg': 30.0, 'frequency': 0.15, 'phase_deg':
    80.0, 'width_along': 4.0, 'width_across': 3.0,
     'amplitude': 50.0, 'r2': 1.0}
    """
    patterns = checked(patterns)
    size = patterns.shape[1:]
    limits = np.array(
        [
            (-0.5, size[0] - 0.5),
            (-0.5, size[1] - 0.5),
            (-np.inf, np.inf),
            np.log([0.25 / max(size), 0.5]),
        ]
        + 2 * [np.log([0.5, 2 * max(size)])]
        + 2 * [(-np.inf, np.inf)],
    )
    found, r2 = fit_from_starts(
        _Gabors(size), patterns.reshape(len(patterns), -1), _starts(patterns), limits.T
    )
    row, column, angle, frequency, along, across, even, odd = found.T
    orientation, phase = (
        around(np.degrees(angle), 360),
        np.degrees(np.arctan2(-odd, even)),
    )
    phase = around(
        np.where(orientation >= 180, -phase, phase), 360
    )  # the same stripes counted from the other side
    columns = (
        row,
        column,
        around(orientation, 180),
        np.exp(frequency),
        phase,
        np.exp(along),
        np.exp(across),
    )
    return dict(zip(COLUMNS, (*columns, np.hypot(even, odd)), strict=True)) | {"r2": r2}


def in_degrees(
    fits: dict[str, np.ndarray], pixels_per_degree: float
) -> dict[str, np.ndarray]:
    """The columns of a fit that are lengths or frequencies, in degrees of visual angle.

    Args:
        fits: as `fit_gabors` or `fit_center_surrounds` gives them.
        pixels_per_degree: of the images.

    Returns:
        dict of `frequency_cpd` (cycles per degree) and `width_..._deg`, `row_deg` and
        `column_deg`, where `fits` has them.

    Raises:
        ValueError: `pixels_per_degree` is not above 0.

    Example:

    >>> in_degrees({"frequency": np.array([0.1]), "width_along": np.array([5.0])}, 20)
    {'frequency_cpd': array([2.]), 'width_along_deg': array([0.25])}
    """
    if not pixels_per_degree > 0:
        raise ValueError(
            f"pixels_per_degree: found {pixels_per_degree}, expected a number above 0"
        )
    lengths = {
        f"{name}_deg": column / pixels_per_degree
        for name, column in fits.items()
        if name in ("row", "column") or "width" in name
    }
    return {
        f"{name}_cpd": fits[name] * pixels_per_degree
        for name in ("frequency",)
        if name in fits
    } | lengths


def phases_at(patterns: np.ndarray, fits: dict[str, Any]) -> np.ndarray:
    """The phase that each of several patterns has in one Gabor: what tells the stimuli
    of one neuron apart.

    Args:
        patterns: `(n, k, height, width)`, zero at grey: k stimuli of each neuron.
        fits: dict of `(n,)` columns as `fit_gabors` gives them, of one stimulus of each
            neuron; its place, orientation, frequency and widths are held, phase and
            amplitude fitted.

    Returns:
        `(n, k)` degrees, below 360.

    Example:

    >>> one = {
    ...     "row": 7,
    ...     "column": 8,
    ...     "orientation_deg": 30,
    ...     "frequency": 0.15,
    ...     "width_along": 4,
    ...     "width_across": 3,
    ...     "amplitude": 1,
    ... }
    >>> stimuli = np.stack(
    ...     [gabor(one | {"phase_deg": phase}, (16, 16)) for phase in (10, 100, 350)],
    ...     axis=1,
    ... )
    >>> phases_at(stimuli, one).round(3).tolist()
    [[10.0, 100.0, 350.0]]
    """
    patterns = np.asarray(patterns, float)
    waves = [
        gabor(fits | {"phase_deg": phase, "amplitude": 1}, patterns.shape[2:])
        for phase in (0, -90)
    ]
    pair = np.stack(waves, axis=1).reshape(len(patterns), 2, -1)
    flat = patterns.reshape(*patterns.shape[:2], -1)
    even, odd = np.linalg.solve(
        pair @ pair.transpose(0, 2, 1), pair @ flat.transpose(0, 2, 1)
    ).transpose(1, 0, 2)
    return around(np.degrees(np.arctan2(-odd, even)), 360)


def phase_spread(phases_deg: np.ndarray) -> np.ndarray:
    """How far the phases of several stimuli of one neuron lie apart: 1 - |mean of exp(i
    phase)|, their circular variance.

    The diverse stimuli of a complex cell have all phases, those of a simple cell one.

    Args:
        phases_deg: `(..., k)`, as `phases_at` gives them.

    Returns:
        `(...,)`, from 0 (all alike) to 1 (evenly around the circle, or in opposite
        pairs).

    Example:

    >>> phase_spread([[10, 10, 10, 10], [0, 90, 180, 270]]).round(3).tolist()
    [0.0, 1.0]
    """
    return 1 - np.abs(
        np.exp(1j * np.radians(np.asarray(phases_deg, float))).mean(axis=-1)
    )


def around(angles, period):
    """Angles from 0 to below `period`; `%` alone makes the period itself of an angle
    just below 0.
    """
    return angles % period % period


def checked(patterns):
    """`patterns` as floats.

    Raises:
        ValueError: they are not `(n, height, width)`, not finite, or one is grey
            throughout.
    """
    patterns = np.asarray(patterns, float)
    if patterns.ndim != 3 or not patterns.size:
        raise ValueError(
            f"patterns of shape {patterns.shape}; expected (n, height, width)"
        )
    energy = np.square(patterns).sum(axis=(1, 2))
    if not (np.isfinite(energy) & (energy > 0)).all():
        bad = np.flatnonzero(~(np.isfinite(energy) & (energy > 0)))[0]
        raise ValueError(
            f"pattern {bad} is grey throughout or not finite; leave it out"
        )
    return patterns


class _Gabors:
    """Parameters `(n, 8)` (row, column, radians, log frequency, log widths, even and
    odd amplitude) -> values and derivatives.
    """

    def __init__(self, size):
        self.rows, self.columns = (
            grid.ravel() for grid in np.mgrid[: size[0], : size[1]].astype(float)
        )

    def __call__(self, parameters):
        row, column, angle, frequency, width_along, width_across, even, odd = (
            parameters.T[:, :, None]
        )
        sine, cosine = np.sin(angle), np.cos(angle)
        down, right = self.rows - row, self.columns - column
        across, along = right * sine + down * cosine, right * cosine - down * sine
        cycles = 2 * np.pi * np.exp(frequency)
        along_scaled, across_scaled = (
            along * np.exp(-2 * width_along),
            across * np.exp(-2 * width_across),
        )
        bump = np.exp(-0.5 * (along * along_scaled + across * across_scaled))
        wave = cycles * across
        even_wave, odd_wave = bump * np.cos(wave), bump * np.sin(wave)
        value = even * even_wave + odd * odd_wave
        slope = cycles * (odd * even_wave - even * odd_wave)
        by_across, by_along = slope - value * across_scaled, -value * along_scaled
        derivatives = (
            -by_across * cosine + by_along * sine,
            -by_across * sine - by_along * cosine,
            by_across * along - by_along * across,
            slope * across,
            value * along * along_scaled,
            value * across * across_scaled,
            even_wave,
            odd_wave,
        )
        return value, np.stack(derivatives, axis=1)


def _starts(patterns):
    """`(n, starts, 8)`: at each frequency the filter and the place that explain most,
    of these the best.
    """
    size = patterns.shape[1:]
    spectra = fft.rfft2(patterns, workers=-1)
    down, right = offsets(size)
    candidates = []  # one a frequency: explained energy and parameters
    for frequency in np.geomspace(1 / max(size), _HIGHEST, _FREQUENCIES):
        best = np.full((len(patterns), 9), -np.inf)
        for angle in np.pi * np.arange(_ORIENTATIONS) / _ORIENTATIONS:
            for cycles in _CYCLES_PER_WIDTH:
                width = min(cycles / frequency, max(size) / 4)
                bump = np.exp(-(down**2 + right**2) / (2 * width**2))
                wave = (
                    2
                    * np.pi
                    * frequency
                    * (right * np.sin(angle) + down * np.cos(angle))
                )
                explained, row, column, (even, odd) = best_places(
                    spectra, [bump * np.cos(wave), bump * np.sin(wave)]
                )
                found = [
                    explained,
                    row,
                    column,
                    angle,
                    np.log(frequency),
                    np.log(width),
                    np.log(width),
                    even,
                    odd,
                ]
                found = np.stack(np.broadcast_arrays(*found), axis=1)
                best = np.where(found[:, :1] > best[:, :1], found, best)
        candidates.append(best)
    candidates = np.stack(candidates, axis=1)
    chosen = np.argsort(-candidates[..., 0], axis=1)[:, :_STARTS]
    return np.take_along_axis(candidates, chosen[..., None], axis=1)[..., 1:]

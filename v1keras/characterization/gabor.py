"""Gabor functions.

An orientation is that of the stripes, in degrees counterclockwise from horizontal: 0 is
horizontal, 90 vertical, and 180 horizontal again. `across` is the distance from the
center across the stripes: downward at 0 degrees, to the right at 90.
"""

from typing import Any

import numpy as np

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
    """Render Gabor functions: gratings under a Gaussian.

    amplitude * exp(-along^2 / (2 width_along^2) - across^2 / (2 width_across^2)) *
    cos(2 pi frequency across + phase)

    Args:
        fits: Dict of `(n,)` columns: `row` and `column` of the center, in pixels from
            the first pixel's center; `orientation_deg` of the stripes (see the module);
            `frequency` in cycles per pixel; `phase_deg`, 0 where a bright stripe is at
            the center; `width_along` and `width_across` the stripes, standard
            deviations in pixels; `amplitude`.
        image_size: Tuple (height, width) in pixels.

    Returns:
        `(n, height, width)`.

    Reference: Jones & Palmer 1987 (Journal of Neurophysiology 58:1233), equation 1,
        with the phase at the center of the Gaussian.

    Example:

    >>> place = {"row": 4, "column": 4, "width_along": 9, "width_across": 9}
    >>> wave = {"orientation_deg": 90, "frequency": 0.25, "phase_deg": 0}
    >>> stripes = gabor(place | wave | {"amplitude": 1}, (9, 9))
    >>> np.sign(stripes[0, 4].round(9)).astype(int).tolist()  # four pixels per cycle
    [1, 0, -1, 0, 1, 0, -1, 0, 1]
    """
    columns = [np.atleast_1d(np.asarray(fits[name], float)) for name in COLUMNS]
    row, column, angle, frequency, phase, along, across, amplitude = columns
    phase = np.radians(phase)
    parameters = [
        row,
        column,
        np.radians(angle),
        np.log(frequency),
        np.log(along),
        np.log(across),
        amplitude * np.cos(phase),
        -amplitude * np.sin(phase),
    ]
    stacked = np.stack(np.broadcast_arrays(*parameters), axis=1)
    values, _ = GaborModel(image_size)(stacked)
    return values.reshape(-1, *image_size)


class GaborModel:
    """Gabor functions of the parameters that are fitted, and their derivatives.

    Called with parameters `(n, 8)` (row, column, orientation in radians, logarithms of
    the frequency and of the widths along and across, even and odd amplitude) it returns
    values `(n, pixels)` and derivatives `(n, 8, pixels)`.
    """

    def __init__(self, image_size):
        rows, columns = np.mgrid[: image_size[0], : image_size[1]].astype(float)
        self.rows, self.columns = rows.ravel(), columns.ravel()

    def __call__(self, parameters):
        row, column, angle, frequency, width_along, width_across, even, odd = (
            parameters.T[:, :, None]
        )
        sine, cosine = np.sin(angle), np.cos(angle)
        down, right = self.rows - row, self.columns - column
        across = right * sine + down * cosine
        along = right * cosine - down * sine
        cycles = 2 * np.pi * np.exp(frequency)
        along_scaled = along * np.exp(-2 * width_along)
        across_scaled = across * np.exp(-2 * width_across)
        envelope = np.exp(-0.5 * (along * along_scaled + across * across_scaled))
        wave = cycles * across
        even_wave, odd_wave = envelope * np.cos(wave), envelope * np.sin(wave)
        value = even * even_wave + odd * odd_wave
        slope = cycles * (odd * even_wave - even * odd_wave)
        by_across = slope - value * across_scaled
        by_along = -value * along_scaled
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


def in_degrees(
    fits: dict[str, np.ndarray], pixels_per_degree: float
) -> dict[str, np.ndarray]:
    """Return the lengths and frequencies of a fit in degrees of visual angle.

    Args:
        fits: Dict of columns from `fit_gabors` or `fit_center_surrounds`.
        pixels_per_degree: Float, pixels of the images per degree.

    Returns:
        Dict of `frequency_cpd` (cycles per degree), `row_deg`, `column_deg` and
        `width_..._deg`, as far as `fits` has these columns.

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
    columns = {}
    if "frequency" in fits:
        columns["frequency_cpd"] = fits["frequency"] * pixels_per_degree
    for name, column in fits.items():
        if name in ("row", "column") or "width" in name:
            columns[f"{name}_deg"] = column / pixels_per_degree
    return columns


def wrap(angles: np.ndarray, period: float) -> np.ndarray:
    """Return angles from 0 to below a period.

    The second `%` is needed: the first maps an angle just below 0 to the period itself.
    """
    return angles % period % period

"""Differences of Gaussians, and their fits to stimuli."""

from typing import Any

import numpy as np
from scipy import fft

from v1keras.characterization.least_squares import (
    best_candidates,
    best_places,
    check_patterns,
    fit_from_starts,
    offsets,
)

COLUMNS = (
    "row",
    "column",
    "width_center",
    "width_surround",
    "amplitude_center",
    "amplitude_surround",
)
# Limits of the surround's width over the center's. Below the lower one the fit cannot
# tell the two apart.
_NARROWEST, _WIDEST = 1.2, 8.0
# The bank of filters to start from.
_CANDIDATE_RATIOS = (1.5, 3.0)
_CANDIDATE_WIDTHS = 8
_STARTS = 3  # filters that are refined


def center_surround(fits: dict[str, Any], image_size: tuple[int, ...]) -> np.ndarray:
    """Render differences of circular Gaussians.

    amplitude_center * exp(-d^2 / (2 width_center^2)) - amplitude_surround * exp(-d^2 /
    (2 width_surround^2)), d the distance from the center

    Args:
        fits: Dict of `(n,)` columns: `row` and `column` of the center, in pixels from
            the first pixel's center; `width_center` and `width_surround`, standard
            deviations in pixels; `amplitude_center` and `amplitude_surround`, both
            above 0 for an on-center, below for an off-center.
        image_size: Tuple (height, width) in pixels.

    Returns:
        `(n, height, width)`.

    Reference: Rodieck 1965 (Vision Research 5:583).

    Example:

    >>> widths = {"width_center": 1, "width_surround": 2}
    >>> amplitudes = {"amplitude_center": 2, "amplitude_surround": 1}
    >>> one = {"row": 1, "column": 1} | widths | amplitudes
    >>> center_surround(one, (3, 3))[0, 1].round(3).tolist()
    [0.331, 1.0, 0.331]
    """
    columns = [np.atleast_1d(np.asarray(fits[name], float)) for name in COLUMNS]
    row, column, center, surround, inner, outer = columns
    ratio = np.log(surround / center)
    parameters = np.broadcast_arrays(row, column, np.log(center), ratio, inner, -outer)
    values, _ = _CenterSurroundModel(image_size)(np.stack(parameters, axis=1))
    return values.reshape(-1, *image_size)


def fit_center_surrounds(patterns: np.ndarray) -> dict[str, np.ndarray]:
    """Fit a difference of Gaussians to each pattern by least squares.

    The surround is 1.2 to 8 times as wide as the center. The fits start from the
    filters of a bank, at any place, that explain most; the Levenberg-Marquardt method
    refines them.

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        Dict of `(n,)` columns for `center_surround`, and `r2`, the explained variance
        around grey.

    Raises:
        ValueError: The patterns are not such an array or not finite, or one is grey
            throughout.

    Example:

    >>> widths = {"width_center": 2, "width_surround": 4}
    >>> amplitudes = {"amplitude_center": -50, "amplitude_surround": -12}
    >>> true = {"row": 7.2, "column": 9.5} | widths | amplitudes
    >>> fits = fit_center_surrounds(center_surround(true, (18, 20)))
    >>> [round(float(fits[name][0]), 2) for name in (*COLUMNS, "r2")]
    [7.2, 9.5, 2.0, 4.0, -50.0, -12.0, 1.0]
    """
    patterns = check_patterns(patterns)
    height, width = patterns.shape[1:]
    limits = [
        (-0.5, height - 0.5),
        (-0.5, width - 0.5),
        np.log([0.4, max(height, width)]),
        np.log([_NARROWEST, _WIDEST]),
        (-np.inf, np.inf),
        (-np.inf, np.inf),
    ]
    parameters, r2 = fit_from_starts(
        _CenterSurroundModel((height, width)),
        patterns.reshape(len(patterns), -1),
        _starts(patterns),
        np.array(limits).T,
    )
    row, column, center, ratio, inner, outer = parameters.T
    columns = (row, column, np.exp(center), np.exp(center + ratio), inner, -outer)
    return dict(zip(COLUMNS, columns, strict=True)) | {"r2": r2}


class _CenterSurroundModel:
    """Differences of Gaussians of the parameters that are fitted, with derivatives.

    Parameters are `(n, 6)`: row, column, logarithm of the center's width, logarithm of
    the ratio of widths, two amplitudes.
    """

    def __init__(self, image_size):
        rows, columns = np.mgrid[: image_size[0], : image_size[1]].astype(float)
        self.rows, self.columns = rows.ravel(), columns.ravel()

    def __call__(self, parameters):
        row, column, width, ratio, inner, outer = parameters.T[:, :, None]
        down, right = self.rows - row, self.columns - column
        distance = down**2 + right**2
        narrow, wide = np.exp(-2 * width), np.exp(-2 * (width + ratio))
        center = np.exp(-0.5 * distance * narrow)
        surround = np.exp(-0.5 * distance * wide)
        inward = inner * center * narrow + outer * surround * wide
        by_ratio = outer * surround * distance * wide
        by_width = inner * center * distance * narrow + by_ratio
        derivatives = [
            inward * down,
            inward * right,
            by_width,
            by_ratio,
            center,
            surround,
        ]
        value = inner * center + outer * surround
        return value, np.stack(derivatives, axis=1)


def _starts(patterns):
    """Return `(n, starts, 6)` parameters of the filters that explain most.

    Of each width one filter is chosen, at its best place.
    """
    size = patterns.shape[1:]
    spectra = fft.rfft2(patterns, workers=-1)
    down, right = offsets(size)
    distance = down**2 + right**2
    groups = []
    for width in np.geomspace(0.7, max(size) / 5, _CANDIDATE_WIDTHS):
        group = []
        for ratio in _CANDIDATE_RATIOS:
            center = np.exp(-0.5 * distance / width**2)
            surround = np.exp(-0.5 * distance / (ratio * width) ** 2)
            # The filter does not respond to mean luminance.
            share = center.sum() / surround.sum()
            explained, row, column, (inner,) = best_places(
                spectra, [center - share * surround]
            )
            amplitudes = (inner, -share * inner)
            widths = (np.log(width), np.log(ratio))
            group.append((explained, row, column, *widths, *amplitudes))
        groups.append(group)
    return best_candidates(groups, _STARTS)

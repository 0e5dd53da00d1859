"""Differences of Gaussians, and their fits to stimuli."""

from typing import Any

import numpy as np
from scipy import fft

from v1keras.characterization.gabor import checked
from v1keras.characterization.least_squares import best_places, fit_from_starts, offsets

COLUMNS = (
    "row",
    "column",
    "width_center",
    "width_surround",
    "amplitude_center",
    "amplitude_surround",
)
_NARROWEST, _WIDEST = 1.2, 8.0  # surround over centre: at less the two are one
_CANDIDATE_RATIOS, _CANDIDATE_WIDTHS, _STARTS = (1.5, 3.0), 8, 3


def center_surround(fits: dict[str, Any], image_size: tuple[int, ...]) -> np.ndarray:
    """Renders differences of circular Gaussians.

    amplitude_center * exp(-d^2 / (2 width_center^2)) - amplitude_surround * exp(-d^2 /
    (2 width_surround^2)), d the distance from the centre

    Args:
        fits: dict of `(n,)` columns: `row` and `column` of the centre, pixels from the
            first pixel's; `width_center` and `width_surround`, standard deviations in
            pixels; `amplitude_center` and `amplitude_surround`, both above 0 for an
            on-centre, below for an off-centre.
        image_size: (height, width), pixels.

    Returns:
        `(n, height, width)`.

    Reference: Rodieck 1965 (Vision Research 5:583).

    Example:

    >>> one = {
    ...     "row": 1,
    ...     "column": 1,
    ...     "width_center": 1,
    ...     "width_surround": 2,
    ...     "amplitude_center": 2,
    ...     "amplitude_surround": 1,
    ... }
    >>> center_surround(one, (3, 3))[0, 1].round(3).tolist()
    [0.331, 1.0, 0.331]
    """
    row, column, center, surround, inner, outer = (
        np.atleast_1d(np.asarray(fits[name], float)) for name in COLUMNS
    )
    parameters = np.broadcast_arrays(
        row, column, np.log(center), np.log(surround / center), inner, -outer
    )
    return _CenterSurrounds(image_size)(np.stack(parameters, axis=1))[0].reshape(
        -1, *image_size
    )


def fit_center_surrounds(patterns: np.ndarray) -> dict[str, np.ndarray]:
    """The difference of Gaussians nearest to each pattern in squared error.

    The surround is 1.2 to 8 times as wide as the centre. The starts are the best of a
    bank of such filters at every place; each is refined by Levenberg & Marquardt's
    method.

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        dict of `(n,)` columns as `center_surround` takes them, and `r2`, the explained
        variance around grey.

    Raises:
        ValueError: the patterns are no such array, not finite, or one is grey
            throughout.

    Example:

    >>> true = {
    ...     "row": 7.2,
    ...     "column": 9.5,
    ...     "width_center": 2,
    ...     "width_surround": 4,
    ...     "amplitude_center": -50,
    ...     "amplitude_surround": -12,
    ... }
    >>> found = fit_center_surrounds(center_surround(true, (18, 20)))
    >>> [round(float(found[name][0]), 2) for name in (*COLUMNS, "r2")]
    [7.2, 9.5, 2.0, 4.0, -50.0, -12.0, 1.0]
    """
    patterns = checked(patterns)
    size = patterns.shape[1:]
    limits = np.array(
        [
            (-0.5, size[0] - 0.5),
            (-0.5, size[1] - 0.5),
            np.log([0.4, max(size)]),
            np.log([_NARROWEST, _WIDEST]),
            (-np.inf, np.inf),
            (-np.inf, np.inf),
        ]
    )
    found, r2 = fit_from_starts(
        _CenterSurrounds(size),
        patterns.reshape(len(patterns), -1),
        _starts(patterns),
        limits.T,
    )
    row, column, center, ratio, inner, outer = found.T
    return dict(
        zip(
            COLUMNS,
            (row, column, np.exp(center), np.exp(center + ratio), inner, -outer),
            strict=True,
        )
    ) | {"r2": r2}


class _CenterSurrounds:
    """Parameters `(n, 6)` (row, column, log width of the centre, log ratio of widths,
    two amplitudes) -> values and derivatives.
    """

    def __init__(self, size):
        self.rows, self.columns = (
            grid.ravel() for grid in np.mgrid[: size[0], : size[1]].astype(float)
        )

    def __call__(self, parameters):
        row, column, width, ratio, inner, outer = parameters.T[:, :, None]
        down, right = self.rows - row, self.columns - column
        distance = down**2 + right**2
        narrow, wide = np.exp(-2 * width), np.exp(-2 * (width + ratio))
        center, surround = (
            np.exp(-0.5 * distance * narrow),
            np.exp(-0.5 * distance * wide),
        )
        inward, by_surround = (
            inner * center * narrow + outer * surround * wide,
            outer * surround * distance * wide,
        )
        by_width = inner * center * distance * narrow + by_surround
        return inner * center + outer * surround, np.stack(
            [inward * down, inward * right, by_width, by_surround, center, surround],
            axis=1,
        )


def _starts(patterns):
    """`(n, starts, 6)`: for each width the filter and the place that explain most, of
    these the best.
    """
    size = patterns.shape[1:]
    spectra = fft.rfft2(patterns, workers=-1)
    down, right = offsets(size)
    distance = down**2 + right**2
    candidates = []
    for width in np.geomspace(0.7, max(size) / 5, _CANDIDATE_WIDTHS):
        best = np.full((len(patterns), 7), -np.inf)
        for ratio in _CANDIDATE_RATIOS:
            center, surround = (
                np.exp(-0.5 * distance / w**2) for w in (width, ratio * width)
            )
            share = center.sum() / surround.sum()  # blind to mean luminance
            explained, row, column, (inner,) = best_places(
                spectra, [center - share * surround]
            )
            found = [
                explained,
                row,
                column,
                np.log(width),
                np.log(ratio),
                inner,
                -share * inner,
            ]
            found = np.stack(np.broadcast_arrays(*found), axis=1)
            best = np.where(found[:, :1] > best[:, :1], found, best)
        candidates.append(best)
    candidates = np.stack(candidates, axis=1)
    chosen = np.argsort(-candidates[..., 0], axis=1)[:, :_STARTS]
    return np.take_along_axis(candidates, chosen[..., None], axis=1)[..., 1:]

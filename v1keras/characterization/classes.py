"""Classes of preferred stimuli: localized or not, striped or round."""

import numpy as np
from scipy import fft

from v1keras.characterization.center_surround import fit_center_surrounds
from v1keras.characterization.gabor_fit import fit_gabors
from v1keras.characterization.least_squares import check_patterns

CLASSES = ("gabor", "center-surround", "texture", "unclassified")
# Chosen on one simulated population and tested on another: docs/known_cells.md.
LOCALIZED_BELOW, EXPLAINED_FROM, ROUND_FROM = 0.2, 0.5, 0.9
_RADIUS_STEP = 0.25  # pixels


def spatial_extent(patterns: np.ndarray) -> np.ndarray:
    """Measure how far a pattern's energy extends over the image.

    It is the area of the smallest disk that holds half of the squared pattern, over
    half of the image's area: near 0 for a point, 1 for the same contrast everywhere. A
    Gaussian envelope of standard deviation s in an image of height x width has 2 pi
    ln(2) s^2 / (height width): 0.044 if s is a tenth of the side. Weak contrast
    elsewhere hardly changes it, unlike the energy's standard deviation.

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        `(n,)`.

    Raises:
        ValueError: The patterns are not such an array or not finite, or one is grey
            throughout.

    Example:

    >>> import numpy as np
    >>> point, even = np.zeros((20, 20)), np.ones((20, 20))
    >>> point[7, 9] = 3
    >>> spatial_extent([point, even]).round(2).tolist()
    [0.0, 1.0]
    """
    patterns = check_patterns(patterns)
    height, width = patterns.shape[1:]
    squares = np.square(patterns)
    energy = squares / squares.sum(axis=(1, 2), keepdims=True)
    # Padding lets a disk reach beyond the image.
    padded = [fft.next_fast_len(2 * side, real=True) for side in (height, width)]
    spectrum = fft.rfft2(energy, s=padded, workers=-1)
    down, right = (np.minimum(np.arange(n), n - np.arange(n)) for n in padded)
    distance = np.hypot(down[:, None], right[None])
    area = np.full(len(patterns), np.nan)
    smaller_area, smaller_share = 0.0, np.zeros(len(patterns))
    for radius in np.arange(0, np.hypot(height, width), _RADIUS_STEP):
        disk = distance <= radius
        disk_area = disk.sum()
        if disk_area == smaller_area:
            continue
        product = spectrum * fft.rfft2(disk.astype(float))
        sums = fft.irfft2(product, s=padded, workers=-1)[:, :height, :width]
        share = sums.max(axis=(1, 2))
        crossed = np.isnan(area) & (share >= 0.5 - 1e-9)
        slope = np.maximum(share - smaller_share, 1e-12)
        part = np.clip((0.5 - smaller_share) / slope, 0, 1)
        area[crossed] = (smaller_area + part * (disk_area - smaller_area))[crossed]
        smaller_area, smaller_share = disk_area, share
        if np.isfinite(area).all():
            break
    return area / (height * width / 2)


def classify(patterns: np.ndarray) -> dict[str, np.ndarray]:
    """Sort preferred stimuli into Gabor, center-surround, texture and neither.

    The class is the first of these that applies:

    1. "texture": `spatial_extent` is 0.2 or more, so the contrast is not localized;
       half of it needs a tenth of the image or more.
    2. "unclassified": neither the Gabor nor the difference of Gaussians explains half
       of the pattern.
    3. "center-surround": the difference of Gaussians explains at least 0.9 times what
       the Gabor explains. Three broad stripes of a Gabor can imitate a ring; a ring
       cannot imitate a Gabor.
    4. "gabor".

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        Dict of `(n,)` columns: `class`, and its evidence: `spatial_extent`, the columns
        of `fit_gabors` as `gabor_...` and those of `fit_center_surrounds` as
        `center_surround_...`.

    Raises:
        ValueError: The patterns are not such an array or not finite, or one is grey
            throughout.

    Example:

    >>> rows, columns = np.mgrid[:20, :20] - 9.5
    >>> blob = lambda width: np.exp(-(rows**2 + columns**2) / (2 * width**2))
    >>> stripes = np.cos(columns)
    >>> patterns = [blob(3) * stripes, blob(2) - 0.25 * blob(4), stripes]
    >>> classify(patterns)["class"].tolist()
    ['gabor', 'center-surround', 'texture']
    """
    patterns = check_patterns(patterns)
    evidence = {"spatial_extent": spatial_extent(patterns)}
    for name, column in fit_gabors(patterns).items():
        evidence[f"gabor_{name}"] = column
    for name, column in fit_center_surrounds(patterns).items():
        evidence[f"center_surround_{name}"] = column
    return {"class": class_of(evidence)} | evidence


def class_of(evidence: dict[str, np.ndarray]) -> np.ndarray:
    """Apply the rule of `classify` to its evidence.

    Args:
        evidence: Dict of `(n,)` columns `spatial_extent`, `gabor_r2` and
            `center_surround_r2`.

    Returns:
        `(n,)` classes.

    Example:

    >>> evidence = {
    ...     "spatial_extent": np.array([0.05, 0.05, 0.6, 0.1]),
    ...     "gabor_r2": np.array([0.9, 0.8, 0.9, 0.4]),
    ...     "center_surround_r2": np.array([0.5, 0.95, 0.1, 0.3]),
    ... }
    >>> class_of(evidence).tolist()
    ['gabor', 'center-surround', 'texture', 'unclassified']
    """
    striped, circular = evidence["gabor_r2"], evidence["center_surround_r2"]
    rules = [
        evidence["spatial_extent"] >= LOCALIZED_BELOW,
        np.maximum(striped, circular) < EXPLAINED_FROM,
        circular >= ROUND_FROM * striped,
    ]
    return np.select(rules, ["texture", "unclassified", "center-surround"], "gabor")

"""What a preferred stimulus looks like: localised or not, striped or round."""

import numpy as np
from scipy import fft

from v1keras.characterization.center_surround import fit_center_surrounds
from v1keras.characterization.gabor import checked, fit_gabors

CLASSES = ("gabor", "center-surround", "texture", "unclassified")
# Chosen on one simulated population, judged on another: docs/known_cells.md.
LOCALISED_BELOW, EXPLAINED_FROM, ROUND_FROM = 0.2, 0.5, 0.9
_RADIUS_STEP = 0.25  # pixels


def spread(patterns: np.ndarray) -> np.ndarray:
    """How far a pattern's energy is spread over the image: near 0 for a point, 1 for
    contrast that is everywhere the same.

    The area of the smallest disc that holds half of the squared pattern, over half of
    the image's area. A Gaussian envelope of standard deviation s in an image of height
    x width has 2 pi ln(2) s^2 / (height width): 0.044 where s is a tenth of the side.
    Weak contrast elsewhere hardly changes it, unlike the energy's standard deviation.

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        `(n,)`.

    Raises:
        ValueError: the patterns are no such array, not finite, or one is grey
            throughout.

    Example:

    >>> import numpy as np
    >>> point, even = np.zeros((20, 20)), np.ones((20, 20))
    >>> point[7, 9] = 3
    >>> spread([point, even]).round(2).tolist()
    [0.0, 1.0]
    """
    patterns = checked(patterns)
    size = np.array(patterns.shape[1:])
    energy = np.square(patterns) / np.square(patterns).sum(axis=(1, 2), keepdims=True)
    padded = [
        fft.next_fast_len(int(2 * n), real=True) for n in size
    ]  # so that a disc may reach beyond the image
    spectrum = fft.rfft2(energy, s=padded, workers=-1)
    down, right = (np.minimum(np.arange(n), n - np.arange(n)) for n in padded)
    distance = np.hypot(down[:, None], right[None])
    area, before, held = np.full(len(patterns), np.nan), 0.0, np.zeros(len(patterns))
    for radius in np.arange(0, np.hypot(*size), _RADIUS_STEP):
        disc = distance <= radius
        if disc.sum() == before:
            continue
        within = fft.irfft2(
            spectrum * fft.rfft2(disc.astype(float)), s=padded, workers=-1
        )[:, : size[0], : size[1]].max(axis=(1, 2))
        crossed = np.isnan(area) & (within >= 0.5 - 1e-9)
        part = np.clip((0.5 - held) / np.maximum(within - held, 1e-12), 0, 1)
        area[crossed] = (before + part * (disc.sum() - before))[crossed]
        before, held = disc.sum(), within
        if np.isfinite(area).all():
            break
    return area / (size.prod() / 2)


def classify(patterns: np.ndarray) -> dict[str, np.ndarray]:
    """Sorts preferred stimuli into Gabor-like, centre-surround, texture and neither.

    The first of these that is true:

    1. "texture": `spread` is 0.2 or more, the contrast is not localised: half of it
    needs a tenth of the image or more; 2. "unclassified": neither the Gabor nor the
    difference of Gaussians explains half of the pattern; 3. "center-surround": the
    difference of Gaussians explains 0.9 times what the Gabor explains, or more. A Gabor
    can imitate a ring by three
       broad stripes, a ring can't imitate a Gabor;
    4. "gabor".

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Returns:
        dict of `(n,)` columns: `class`, and the evidence: `spread`, the columns of
        `fit_gabors` as `gabor_...` and those of `fit_center_surrounds` as
        `center_surround_...`.

    Raises:
        ValueError: the patterns are no such array, not finite, or one is grey
            throughout.

    Example:

    >>> rows, columns = np.mgrid[:20, :20] - 9.5
    >>> blob = lambda width: np.exp(-(rows**2 + columns**2) / (2 * width**2))
    >>> classify(
    ...     [blob(3) * np.cos(columns), blob(2) - 0.25 * blob(4), np.cos(columns)]
    ... )["class"].tolist()
    ['gabor', 'center-surround', 'texture']
    """
    patterns = checked(patterns)
    gabors, rounds = fit_gabors(patterns), fit_center_surrounds(patterns)
    evidence = {"spread": spread(patterns)}
    evidence |= {f"gabor_{name}": column for name, column in gabors.items()}
    evidence |= {f"center_surround_{name}": column for name, column in rounds.items()}
    return {"class": class_of(evidence)} | evidence


def class_of(evidence: dict[str, np.ndarray]) -> np.ndarray:
    """The rule of `classify` alone: `(n,)` classes from the columns `spread`,
    `gabor_r2` and `center_surround_r2`.

    Example:

    >>> columns = {
    ...     "spread": [0.05, 0.05, 0.6, 0.1],
    ...     "gabor_r2": [0.9, 0.8, 0.9, 0.4],
    ...     "center_surround_r2": [0.5, 0.95, 0.1, 0.3],
    ... }
    >>> class_of({name: np.array(column) for name, column in columns.items()}).tolist()
    ['gabor', 'center-surround', 'texture', 'unclassified']
    """
    striped, circular = evidence["gabor_r2"], evidence["center_surround_r2"]
    rules = [
        evidence["spread"] >= LOCALISED_BELOW,
        np.maximum(striped, circular) < EXPLAINED_FROM,
        circular >= ROUND_FROM * striped,
    ]
    return np.select(rules, ["texture", "unclassified", "center-surround"], "gabor")

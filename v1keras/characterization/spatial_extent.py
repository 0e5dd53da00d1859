"""How far a pattern's energy extends over the image."""

import numpy as np
from scipy import fft

from v1keras.characterization.least_squares import check_patterns

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

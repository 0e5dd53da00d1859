"""Images with the statistics of natural scenes, made from a seed."""

import numpy as np


def dead_leaves(count, size, rng):
    """Draw opaque discs of all sizes on one another, with 1/f texture.

    Edges and occlusion come from the dead leaves model (Lee, Mumford & Huang 2001:
    radii distributed as r^-3), surfaces from 1/f noise, a patch of its own for every
    disc. RMS contrast varies from image to image as it does in photographs.

    Args:
        count: Integer, number of images.
        size: Integer, pixels a side.
        rng: `numpy.random.Generator`.

    Returns:
        Uint8 array `(count, size, size)` of pixels.

    Example:

    >>> import numpy as np
    >>> dead_leaves(2, 16, np.random.default_rng(0)).shape
    (2, 16, 16)
    """
    return np.stack([_image(size, rng) for _ in range(count)])


def _image(size, rng):
    """Return one image."""
    rows, columns = np.mgrid[:size, :size]
    texture = rng.uniform(0.2, 0.8)  # share of surface texture in the contrast
    image = pink_noise(size, rng)
    for radius in _radii(size, rng):  # from the bottom of the pile to its top
        row, column = rng.uniform(-radius, size + radius, 2)
        inside = (rows - row) ** 2 + (columns - column) ** 2 < radius**2
        if inside.any():
            image[inside] = rng.normal() + texture * pink_noise(size, rng)[inside]
    image = (image - image.mean()) / (image.std() + 1e-9)
    # RMS in grey levels: median 0.35 of the mean luminance.
    contrast = np.exp(rng.normal(np.log(45), 0.35))
    return np.clip(np.round(127 + contrast * image), 0, 255).astype(np.uint8)


def _radii(size, rng):
    """Return radii of density r^-3, in pixels."""
    smallest, largest = 1.5, size / 1.5
    uniform = rng.random(12 + size // 2)
    return (smallest**-2 - uniform * (smallest**-2 - largest**-2)) ** -0.5


def pink_noise(size, rng):
    """Return noise whose amplitude falls as 1/frequency.

    Args:
        size: Integer, pixels a side.
        rng: `numpy.random.Generator`.

    Returns:
        Array `(size, size)` of zero mean and unit variance.
    """
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(size, size))) / frequency
    noise = np.fft.irfft2(spectrum, s=(size, size))
    return noise / noise.std()

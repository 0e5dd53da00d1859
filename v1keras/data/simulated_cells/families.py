"""The families of simulated cells, and one cell drawn from a family."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from v1keras.data.simulated_cells import circular, odd, oriented, unlocalized
from v1keras.data.simulated_cells.cell import SimulatedCell


class Family(NamedTuple):
    """A family of simulated cells.

    Attributes:
        expected_class: String, class that its cells should be given.
        judging: Boolean, true if rules are judged on it, and never chosen.
        draw: Callable that draws a cell.
    """

    expected_class: str
    judging: bool
    draw: Callable[..., SimulatedCell]


FAMILIES = {
    "simple": Family("gabor", False, oriented.simple),
    "border": Family("gabor", True, oriented.simple),
    "threshold": Family("gabor", True, oriented.simple),
    "complex_2": Family("gabor", False, oriented.complex_),
    "complex_4": Family("gabor", True, oriented.complex_),
    "surround_suppressed": Family("gabor", False, oriented.suppressed),
    "cross_suppressed": Family("gabor", True, oriented.suppressed),
    "end_stopped": Family("gabor", True, oriented.suppressed),
    "pool_small": Family("gabor", False, unlocalized.pooled),
    "blob_on": Family("center-surround", False, circular.circular),
    "blob_off": Family("center-surround", True, circular.circular),
    "difference_of_gaussians": Family("center-surround", False, circular.circular),
    "elongated": Family("center-surround", True, circular.circular),
    "pool_large": Family("texture", True, unlocalized.pooled),
    "pool_whole": Family("texture", False, unlocalized.pooled),
    "spectrum": Family("texture", True, unlocalized.spectrum),
    "contrast": Family("texture", False, unlocalized.contrast),
    "side_stopped": Family("gabor", False, oriented.suppressed),
    "luminance": Family("unclassified", False, odd.luminance),
    "curvature": Family("unclassified", True, odd.curvature),
    "second_order": Family("unclassified", True, odd.second_order),
    "plaid": Family("unclassified", False, odd.plaid),
    "gabor_and_blob": Family("unclassified", True, odd.gabor_and_blob),
    "arc": Family("unclassified", False, odd.arc),
    "contrast_border": Family("unclassified", False, odd.contrast_border),
    "corner": Family("unclassified", False, odd.two_gabors),
    "two_gabors": Family("unclassified", False, odd.two_gabors),
    "single_image": Family("unclassified", False, odd.single_image),
}


def draw_cell(
    family: str, size: int, rng: np.random.Generator, images: np.ndarray
) -> SimulatedCell:
    """Draw one cell of a family.

    Args:
        family: String, a key of `FAMILIES`.
        size: Integer, pixels per side of the images.
        rng: `numpy.random.Generator`.
        images: `(n, size, size)` contrast, of which a "single_image" cell prefers one.

    Raises:
        ValueError: There is no such family.

    Example:

    >>> images = np.ones((1, 32, 32))
    >>> cell = draw_cell("complex_4", 32, np.random.default_rng(0), images)
    >>> cell.filters.shape, round(float((cell.filters[0] ** 2).sum()), 6)
    ((4, 32, 32), 1.0)
    """
    if family not in FAMILIES:
        raise ValueError(f"family: found {family!r}, expected one of {list(FAMILIES)}")
    if family == "single_image":
        return odd.single_image(family, size, rng, images)
    return FAMILIES[family].draw(family, size, rng)

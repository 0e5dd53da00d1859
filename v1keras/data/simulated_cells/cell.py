"""`SimulatedCell`: what one simulated cell computes."""

import dataclasses

import numpy as np

SEMISATURATION = 0.5  # in squared contrast


@dataclasses.dataclass
class SimulatedCell:
    """What one simulated cell computes.

    Its drive is `max(weights @ s - threshold, 0)`, where the squares `s` of the
    filters' outputs are half-rectified or not; with `partner_weights`, the drive is the
    geometric mean of two such sums. The rate is the drive over semisaturation,
    suppressing squares and contrast in the `pool`, to a `power` (Heeger 1992).

    Attributes:
        family: String, a key of `EXPECTED_CLASS`.
        filters: `(k, size, size)`, each of unit norm.
        rectified: `(k,)` bool, filters of which only positive outputs count.
        weights: `(k,)`.
        partner_weights: `(k,)`; all zero for cells that sum.
        suppression: `(k,)` weights of suppressing squares.
        pool: `(size, size)` weights of squared contrast.
        power: Float.
        threshold: Float, subtracted before rectification.
        truth: Dict of floats: `row`, `column`, `orientation_deg`, `frequency`; NaN or
            missing where a family has none.
    """

    family: str
    filters: np.ndarray
    rectified: np.ndarray
    weights: np.ndarray
    partner_weights: np.ndarray
    suppression: np.ndarray
    pool: np.ndarray
    power: float = 1.0
    threshold: float = 0.0
    truth: dict = dataclasses.field(default_factory=dict)


def rates_of(cell: SimulatedCell, contrast: np.ndarray) -> np.ndarray:
    """Compute the unscaled rate of one cell.

    Args:
        cell: `SimulatedCell`.
        contrast: `(n, size, size)` images, zero at grey.

    Returns:
        `(n,)` rates, at least 0.
    """
    flat = contrast.reshape(len(contrast), -1)
    outputs = flat @ cell.filters.reshape(len(cell.filters), -1).T
    outputs = np.where(cell.rectified, np.maximum(outputs, 0), outputs)
    squares = np.square(outputs)
    drive = np.maximum(squares @ cell.weights - cell.threshold, 0)
    if cell.partner_weights.any():
        drive = np.sqrt(drive * np.maximum(squares @ cell.partner_weights, 0))
    contrast_energy = np.square(flat) @ cell.pool.ravel()
    suppression = SEMISATURATION + squares @ cell.suppression + contrast_energy
    return (drive / suppression) ** cell.power


def summing_cell(family, filters, pool, truth, rectified=False, **changes):
    """Return a cell that sums the squares of its filters, but for the changes."""
    count = len(filters)
    values = {
        "rectified": np.full(count, rectified),
        "weights": np.ones(count),
        "partner_weights": np.zeros(count),
        "suppression": np.zeros(count),
    }
    return SimulatedCell(family, filters, pool=pool, truth=truth, **values | changes)

"""`TrueRates`: the rates of simulated cells, as inversion takes a model's."""

import numpy as np
import tensorflow as tf

from v1keras.data.simulated_cells import SimulatedCell
from v1keras.data.simulated_cells.cell import SEMISATURATION
from v1keras.data.simulated_cells.population import PIXEL_MEAN, PIXEL_SCALE

_TINY = 1e-12


class TrueRates:
    """Callable, images in pixel units -> rates of simulated cells.

    Args:
        cells: List of `SimulatedCell`.
        scales: `(cells,)` factors that turn their rates into spikes per presentation.
    """

    def __init__(self, cells: list[SimulatedCell], scales: np.ndarray) -> None:
        self.image_size = cells[0].pool.shape
        self.neuron_count = len(cells)
        self.pixel_mean = PIXEL_MEAN
        owners = np.repeat(np.arange(len(cells)), [len(cell.filters) for cell in cells])
        self._filters = _constant(np.concatenate([cell.filters for cell in cells]))
        self._rectified = tf.constant(np.concatenate([c.rectified for c in cells]))
        self._sums = {}
        for name in ("weights", "partner_weights", "suppression"):
            values = np.concatenate([getattr(cell, name) for cell in cells])
            matrix = np.zeros((len(values), len(cells)), "float32")
            matrix[np.arange(len(values)), owners] = values
            self._sums[name] = tf.constant(matrix)
        self._pools = _constant(np.stack([cell.pool for cell in cells]))
        self._threshold = _row([cell.threshold for cell in cells])
        self._power = _row([cell.power for cell in cells])
        self._pairs = _row([cell.partner_weights.any() for cell in cells])
        self._scales = _row(scales)

    def __call__(self, images, training=False):
        contrast = (images[..., 0] - PIXEL_MEAN) / PIXEL_SCALE
        flat = tf.reshape(contrast, (-1, np.prod(self.image_size)))
        outputs = tf.matmul(flat, self._filters, transpose_b=True)
        outputs = tf.where(self._rectified, tf.nn.relu(outputs), outputs)
        squares = tf.square(outputs)
        drive = tf.nn.relu(squares @ self._sums["weights"] - self._threshold)
        partner = tf.nn.relu(squares @ self._sums["partner_weights"])
        product = _power(drive * partner, 0.5)
        drive = tf.where(self._pairs > 0, product, drive)
        energy = tf.matmul(tf.square(flat), self._pools, transpose_b=True)
        suppression = SEMISATURATION + squares @ self._sums["suppression"] + energy
        return self._scales * _power(drive / suppression, self._power)

    def halves(self):
        """Return None: there are no two halves, as an ensemble has."""
        return None


def _power(values, power):
    """Return powers of values; the gradient at 0 is 0 instead of infinite."""
    positive = values > _TINY
    return tf.where(positive, tf.where(positive, values, 1.0) ** power, 0.0)


def _constant(patterns):
    """Return patterns `(n, height, width)` as a float32 matrix, a row per pattern."""
    return tf.constant(patterns.reshape(len(patterns), -1).astype("float32"))


def _row(values):
    return tf.constant(np.asarray(values, "float32"))

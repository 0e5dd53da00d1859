"""Divisive normalisation."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="v1keras")
class DivisiveNormalization(keras.layers.Layer):
    """Divides every channel by a pool of channels around it: y_c = x_c^n / (s_c^n +
    sum_k w_ck pooled(x_k^n)), x half-rectified.

    The pool's weights w >= 0 between channels, the semi-saturation s > 0 and the
    exponent n >= 1 are learned; the pool reaches `pool_size` pixels, all counting
    alike.

    Args:
        pool_size: side of the square that is pooled over, pixels; 1 pools over channels
            alone.

    Call arguments:
        features: `(batch, h, w, channels)`.

    Returns:
        The same shape, >= 0.

    Reference: Burg et al. 2021 (PLoS Computational Biology 17:e1009028); Heeger 1992
    (Visual Neuroscience 9:181).

    Example:

    >>> import numpy as np
    >>> tuple(DivisiveNormalization(3)(np.ones((2, 8, 8, 4), "float32")).shape)
    (2, 8, 8, 4)
    """

    def __init__(self, pool_size: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size = pool_size

    def build(self, input_shape):
        channels = input_shape[-1]
        start = keras.initializers.Constant(1 / channels)
        self.pool = self.add_weight(
            shape=(channels, channels),
            initializer=start,
            constraint="non_neg",
            name="pool",
        )
        self.saturation = self.add_weight(
            shape=(channels,), initializer="ones", name="saturation"
        )
        self.exponent = self.add_weight(
            shape=(channels,), initializer="ones", name="exponent"
        )

    def call(self, features):
        # 1 + softplus keeps the exponent above 1; it starts near 2, the energy model's.
        exponent = 1 + ops.softplus(self.exponent - 0.46)
        driven = ops.power(ops.relu(features) + 1e-6, exponent)
        around = ops.average_pool(driven, self.pool_size, strides=1, padding="same")
        pooled = ops.matmul(around, ops.transpose(self.pool))  # (batch, h, w, channels)
        return driven / (ops.power(ops.softplus(self.saturation), exponent) + pooled)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"pool_size": self.pool_size}

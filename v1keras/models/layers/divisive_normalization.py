"""`DivisiveNormalization`: every channel over the activity around it."""

from typing import Any

import keras
from keras import ops

from v1keras.models.argument_checks import MAX_PIXELS, check_integer


@keras.saving.register_keras_serializable(package="v1keras")
class DivisiveNormalization(keras.layers.Layer):
    """Divide every channel by a pool of channels around it.

    The output is y_c = x_c^n / (s_c^n + sum_k w_ck pooled(x_k^n)) with half-rectified
    x. The pool's weights w >= 0 between channels, the semi-saturation s > 0 and the
    exponent n >= 1 are learned; the pool covers a square of `pool_size` pixels, all of
    one weight.

    Args:
        pool_size: Integer, side of the square that is pooled over, in pixels; 1 pools
            over channels alone.

    Call arguments:
        features: `(batch, h, w, channels)`.

    Returns:
        The same shape, >= 0.

    Raises:
        ValueError: `pool_size` below 1.

    Reference: Burg et al. 2021 (PLoS Computational Biology 17:e1009028); Heeger 1992
    (Visual Neuroscience 9:181).

    Example:

    >>> import numpy as np
    >>> tuple(DivisiveNormalization(3)(np.ones((2, 8, 8, 4), "float32")).shape)
    (2, 8, 8, 4)
    """

    def __init__(self, pool_size: int = 5, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.pool_size = check_integer("pool_size", pool_size, 1, MAX_PIXELS)

    def build(self, input_shape):
        channels = input_shape[-1]
        self.pool = self.add_weight(
            shape=(channels, channels),
            initializer=keras.initializers.Constant(1 / channels),
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
        around = ops.average_pool(
            driven,
            self.pool_size,
            strides=1,
            padding="same",
            data_format="channels_last",
        )
        pooled = ops.matmul(around, ops.transpose(self.pool))  # (batch, h, w, channels)
        return driven / (ops.power(ops.softplus(self.saturation), exponent) + pooled)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"pool_size": self.pool_size}

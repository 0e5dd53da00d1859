"""`WeightedMean`: the weighted sum of several inputs."""

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="v1keras")
class WeightedMean(keras.layers.Layer):
    """Sum the inputs, each times its weight.

    Args:
        weights: Sequence of floats, one per input; they sum to 1 for a mean.

    Call arguments:
        inputs: List of tensors of one shape.

    Returns:
        A tensor of that shape.

    Example:

    >>> import numpy as np
    >>> float(WeightedMean([0.25, 0.75])([np.array([4.0]), np.array([8.0])])[0])
    7.0
    """

    def __init__(self, weights: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.coefficients = list(weights)

    def call(self, inputs):
        weighted = zip(self.coefficients, inputs, strict=True)
        return sum(weight * values for weight, values in weighted)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return super().get_config() | {"weights": self.coefficients}

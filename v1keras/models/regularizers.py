"""Penalties on convolution kernels."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="v1keras")
class Laplacian(keras.regularizers.Regularizer):
    """Penalises rough kernels: `strength` times the summed square of each kernel's
    discrete Laplacian (zeros beyond its edge).

    Args:
        strength: factor, >= 0.

    Reference: Klindt et al. 2017 (arXiv 1711.02653).

    Example:

    >>> import numpy as np
    >>> impulse = np.zeros((3, 3, 1, 1), "float32")
    ... impulse[1, 1] = 1
    >>> float(Laplacian(1.0)(impulse))  # 4^2 + 4 * 1^2
    20.0
    """

    def __init__(self, strength: float) -> None:
        self.strength = float(strength)

    def __call__(self, kernel):
        # kernel (height, width, in, out)
        padded = ops.pad(kernel, ((1, 1), (1, 1), (0, 0), (0, 0)))
        neighbours = (
            padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2]
        )
        return self.strength * ops.sum(ops.square(neighbours - 4 * kernel))

    def get_config(self):
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="v1keras")
class GroupSparsity(keras.regularizers.Regularizer):
    """Penalises the number of used channel pairs: `strength` times the sum over in and
    out channels of the kernel's norm.

    Args:
        strength: factor, >= 0.

    Reference: Klindt et al. 2017 (arXiv 1711.02653).

    Example:

    >>> import numpy as np
    >>> float(
    ...     GroupSparsity(1.0)(np.full((2, 2, 1, 3), 0.5, "float32"))
    ... )  # three pairs, each of norm 1
    3.0
    """

    def __init__(self, strength: float) -> None:
        self.strength = float(strength)

    def __call__(self, kernel):
        # The small constant keeps the gradient finite at zero.
        return self.strength * ops.sum(
            ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 1)) + 1e-12)
        )

    def get_config(self):
        return {"strength": self.strength}

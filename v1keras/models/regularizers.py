"""Penalties on convolution kernels."""

import keras
from keras import ops

from v1keras.models.argument_checks import check_number


@keras.saving.register_keras_serializable(package="v1keras")
class Laplacian(keras.regularizers.Regularizer):
    """Penalize rough kernels.

    The penalty is `strength` times the summed square of each kernel's discrete
    Laplacian, with zeros beyond its edge.

    Args:
        strength: Float, factor, >= 0.

    Raises:
        ValueError: A negative strength.

    Reference: Klindt et al. 2017 (arXiv 1711.02653).

    Example:

    >>> import numpy as np
    >>> impulse = np.zeros((3, 3, 1, 1), "float32")
    >>> impulse[1, 1] = 1
    >>> float(Laplacian(1.0)(impulse))  # 4^2 + 4 * 1^2
    20.0
    """

    def __init__(self, strength: float) -> None:
        check_number("strength", strength)
        self.strength = float(strength)

    def __call__(self, kernel):
        # The kernel is (height, width, in, out).
        padded = ops.pad(kernel, ((1, 1), (1, 1), (0, 0), (0, 0)))
        neighbors = padded[2:, 1:-1] + padded[:-2, 1:-1]
        neighbors = neighbors + padded[1:-1, 2:] + padded[1:-1, :-2]
        return self.strength * ops.sum(ops.square(neighbors - 4 * kernel))

    def get_config(self):
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="v1keras")
class GroupSparsity(keras.regularizers.Regularizer):
    """Penalize the number of channel pairs that a kernel connects.

    The penalty is `strength` times the sum over pairs of an input and an output channel
    of the kernel's norm.

    Args:
        strength: Float, factor, >= 0.

    Raises:
        ValueError: A negative strength.

    Reference: Klindt et al. 2017 (arXiv 1711.02653).

    Example:

    >>> import numpy as np
    >>> kernel = np.full((2, 2, 1, 3), 0.5, "float32")  # three pairs, each of norm 1
    >>> float(GroupSparsity(1.0)(kernel))
    3.0
    """

    def __init__(self, strength: float) -> None:
        check_number("strength", strength)
        self.strength = float(strength)

    def __call__(self, kernel):
        # The small constant keeps the gradient finite at zero.
        norms = ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 1)) + 1e-12)
        return self.strength * ops.sum(norms)

    def get_config(self):
        return {"strength": self.strength}

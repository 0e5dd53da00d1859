"""`Shifter`: the eye's position moves the places that neurons read."""

from collections.abc import Sequence
from typing import Any

import keras

from v1keras.models.layers.behavior_network import BehaviorNetwork


@keras.saving.register_keras_serializable(package="v1keras")
class Shifter(BehaviorNetwork):
    """Compute from the eye's position how far the places of all neurons move.

    The shift is f(z) - f(0), where f is a perceptron with tanh in every layer, and z
    the position less its mean over the training images, divided by its standard
    deviation. So the shift is zero at the mean position.

    Args:
        column: String, name of the recording's column, `(n, 2)` in any unit, and of the
            model's input.
        mean: Sequence of two floats, mean of the column over the training images.
        std: Sequence of two floats, its standard deviation over them, > 0.
        hidden: Sequence of integers, units of each hidden layer.
        seed: Integer, seed of the initial weights.

    Call arguments:
        position: `(batch, 2)` in the column's unit.

    Returns:
        `(batch, 2)` rows and columns, where the features reach from -1 to 1.

    Raises:
        ValueError: Means and standard deviations that do not match, or no units.

    Reference: Lurz et al. 2021 (ICLR) for the readout; Willeke et al. 2022 (arXiv
        2206.08666), whose baseline has two hidden layers of five.

    Example:

    >>> import numpy as np
    >>> shifter = Shifter("pupil_center", mean=[300.0, 200.0], std=[20.0, 10.0])
    >>> np.asarray(shifter(np.array([[300.0, 200.0]], "float32"))).tolist()
    [[0.0, 0.0]]
    """

    def __init__(
        self,
        column: str,
        mean: Sequence[float],
        std: Sequence[float],
        hidden: Sequence[int] = (5, 5),
        seed: int = 0,
        name: str = "shifter",
        **kwargs: Any,
    ) -> None:
        super().__init__(2, column, mean, std, hidden, "tanh", seed, name, **kwargs)

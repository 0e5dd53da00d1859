"""`GainModulator`: behavior scales the rates of neurons."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from v1keras.models.argument_checks import check_neuron_count
from v1keras.models.layers.behavior_network import BehaviorNetwork


@keras.saving.register_keras_serializable(package="v1keras")
class GainModulator(BehaviorNetwork):
    """Compute from behavior the factor of each neuron's rate.

    The gain is exp(f(z) - f(0)), where f is a perceptron, tanh except in the last
    layer, and z the behavior less its mean over the training images, divided by its
    standard deviation. So the gain is 1 at the mean behavior.

    Args:
        neurons: Integer, number of neurons.
        column: String, name of the recording's column, `(n, k)` in any units (pupil
            dilation, its derivative, running speed), and of the model's input.
        mean: Sequence of k floats, mean of the column over the training images.
        std: Sequence of k floats, its standard deviation over them, > 0.
        hidden: Sequence of integers, units of each hidden layer.
        seed: Integer, seed of the initial weights.

    Call arguments:
        behavior: `(batch, k)` in the column's units.

    Returns:
        Gains `(batch, neurons)`, > 0.

    Raises:
        ValueError: `neurons` below 1, means and standard deviations that do not match,
            or no units.

    Reference: Sinz et al. 2018 (NeurIPS), who modulate a network's output by a
        perceptron of pupil and running; Niell & Stryker 2010 (Neuron 65:472) for the
        gain of running mice.

    Example:

    >>> import numpy as np
    >>> modulator = GainModulator(3, "running", mean=[2.0], std=[5.0])
    >>> gains = modulator(np.array([[2.0], [9.0]], "float32"))
    >>> np.asarray(gains).tolist()  # all 1 before training
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        neurons: int,
        column: str,
        mean: Sequence[float],
        std: Sequence[float],
        hidden: Sequence[int] = (5,),
        seed: int = 0,
        name: str = "modulator",
        **kwargs: Any,
    ) -> None:
        neurons = check_neuron_count(neurons)
        super().__init__(
            neurons, column, mean, std, hidden, "linear", seed, name, **kwargs
        )
        self.neurons = neurons

    def call(self, behavior):
        return ops.exp(super().call(behavior))

    def get_config(self):
        return super().get_config() | {"neurons": self.neurons}

"""`DenseReadout`: a weight for every feature at every place."""

from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.argument_checks import (
    check_activation,
    check_number,
)
from v1keras.models.readouts.initial_rates import inverse_softplus
from v1keras.models.readouts.readout import Readout


@keras.saving.register_keras_serializable(package="v1keras")
class DenseReadout(Readout):
    """Weigh every feature at every place, as in Kindel et al. 2019.

    rate = activation(sum_xyc weight feature + bias).

    Args:
        neurons: Integer, number of neurons.
        activation: String, name of a Keras activation; its rates must be >= 0.
        l1: Float, strength of the penalty on the summed absolute weights.
        l2: Float, strength of the penalty on the summed squared weights.
        seed: Integer, seed of the initial weights, which are truncated normal with a
            standard deviation of 0.1 / sqrt(features).

    Call arguments:
        features: `(batch, h, w, channels)`, or `(batch, features)`.

    Returns:
        Rates `(batch, neurons)`, expected spikes per presentation.

    Raises:
        ValueError: `neurons` below 1, an unknown activation, or a negative penalty.

    Example:

    >>> import numpy as np
    >>> tuple(DenseReadout(3)(np.zeros((2, 8, 8, 16), "float32")).shape)
    (2, 3)
    """

    def __init__(
        self,
        neurons: int,
        activation: str = "softplus",
        l1: float = 0.0,
        l2: float = 0.0,
        seed: int = 0,
        name: str = "readout",
        **kwargs: Any,
    ) -> None:
        super().__init__(neurons, name=name, **kwargs)
        check_activation("activation", activation)
        check_number("l1", l1)
        check_number("l2", l2)
        self.activation, self.l1, self.l2, self.seed = activation, l1, l2, seed
        self._function = keras.activations.get(activation)

    def build(self, input_shape):
        sizes = (None, *input_shape[1:])
        self.input_spec = keras.layers.InputSpec(shape=sizes, name="features")
        count = int(np.prod(input_shape[1:]))
        penalty = None
        if self.l1 or self.l2:
            penalty = keras.regularizers.L1L2(self.l1, self.l2)
        self.weight = self.add_weight(
            shape=(count, self.neurons),
            initializer=keras.initializers.TruncatedNormal(
                stddev=0.1 * count**-0.5, seed=self.seed
            ),
            regularizer=penalty,
            name="weight",
        )
        self.bias = self.add_weight(
            shape=(self.neurons,), initializer="zeros", name="bias"
        )

    def initialize_rates(self, mean_rates: np.ndarray) -> None:
        """Set the biases so that the untrained readout responds near given rates.

        Args:
            mean_rates: `(neurons,)` rates in the unit of the responses; NaN counts as
                1 spike.
        """
        rates = self.initial_rates(mean_rates)
        softplus = self.activation == "softplus"
        self.bias.assign(inverse_softplus(rates) if softplus else rates)

    def call(self, features):
        flat = ops.reshape(features, (-1, self.weight.shape[0]))
        rates = self._function(ops.matmul(flat, self.weight) + self.bias)
        return self.in_unit(rates)

    def call_for_neurons(self, features: Any, neurons: Any) -> Any:
        """Compute the rate of one neuron per row of the features.

        Args:
            features: `(batch, ...)`.
            neurons: `(batch,)` integers, index of the neuron of each row.

        Returns:
            Rates `(batch,)`.
        """
        flat = ops.reshape(features, (-1, self.weight.shape[0]))
        weights = ops.take(ops.transpose(self.weight), neurons, axis=0)
        drive = ops.sum(flat * weights, axis=1)
        rates = self._function(drive + ops.take(self.bias, neurons))
        return self.in_unit(rates, neurons)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        return super().get_config() | {
            "activation": self.activation,
            "l1": self.l1,
            "l2": self.l2,
            "seed": self.seed,
        }

"""`DenseReadout`: a weight for every feature at every place."""

from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.readouts.initial_rates import clip_rates, inverse_softplus


@keras.saving.register_keras_serializable(package="v1keras")
class DenseReadout(keras.layers.Layer):
    """A weight for every feature at every place: rate = activation(sum_xyc weight
    feature + bias), as in Kindel et al. 2019.

    Args:
        neurons: how many.
        activation: of Keras, by name; its rates must be >= 0.
        l1: strength of the penalty on the summed absolute weights.
        l2: strength of the penalty on the summed squared weights.
        seed: of the initial weights, truncated normal with a standard deviation of 0.1
            / sqrt(features).

    Call arguments:
        features: `(batch, h, w, channels)`, or `(batch, features)`.

    Returns:
        Rates `(batch, neurons)`, expected spikes per presentation.

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
        super().__init__(name=name, **kwargs)
        self.neurons, self.activation, self.l1, self.l2, self.seed = (
            neurons,
            activation,
            l1,
            l2,
            seed,
        )
        self._function = keras.activations.get(activation)

    def build(self, input_shape):
        count = int(np.prod(input_shape[1:]))
        self.weight = self.add_weight(
            shape=(count, self.neurons),
            initializer=keras.initializers.TruncatedNormal(
                stddev=0.1 * count**-0.5, seed=self.seed
            ),
            regularizer=(
                keras.regularizers.L1L2(self.l1, self.l2)
                if self.l1 or self.l2
                else None
            ),
            name="weight",
        )
        self.bias = self.add_weight(
            shape=(self.neurons,), initializer="zeros", name="bias"
        )

    def start_at(self, mean_rates: np.ndarray) -> None:
        """Sets the biases so that the untrained readout answers near `mean_rates`
        `(neurons,)`; NaN counts as 1.
        """
        self.bias.assign(
            inverse_softplus(mean_rates)
            if self.activation == "softplus"
            else clip_rates(mean_rates)
        )

    def call(self, features):
        flat = ops.reshape(features, (-1, self.weight.shape[0]))
        return self._function(ops.matmul(flat, self.weight) + self.bias)

    def call_for_neurons(self, features: Any, neurons: Any) -> Any:
        """Rates `(batch,)`, of one neuron `(batch,)` for each row of features `(batch,
        ...)`.
        """
        flat = ops.reshape(features, (-1, self.weight.shape[0]))
        drive = ops.sum(
            flat * ops.take(ops.transpose(self.weight), neurons, axis=0), axis=1
        )
        return self._function(drive + ops.take(self.bias, neurons))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        own = {
            "neurons": self.neurons,
            "activation": self.activation,
            "l1": self.l1,
            "l2": self.l2,
            "seed": self.seed,
        }
        return super().get_config() | own

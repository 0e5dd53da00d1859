"""Readouts: features -> one rate a neuron."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="v1keras")
class FactorizedReadout(keras.layers.Layer):
    """A spatial mask and feature weights for each neuron: rate = softplus(sum_xy mask sum_c weight feature + bias).

    Args:
        neurons: how many.
        l1: strength of the penalty on the product of the two L1 norms, summed over neurons. The product is what the rate depends
            on: scaling a mask up and its weights down changes neither.
        nonnegative: whether masks are kept at 0 or above, so that a feature has one sign all over a receptive field.
        seed: of the initial masks; that of the initial feature weights is the next one.

    Call arguments:
        features: `(batch, h, w, channels)`.

    Returns:
        Rates `(batch, neurons)`, > 0, expected spikes per presentation.

    Reference: Klindt et al. 2017 (arXiv 1711.02653).

    Example:

    >>> import numpy as np
    >>> tuple(FactorizedReadout(3)(np.zeros((2, 8, 8, 16), "float32")).shape)
    (2, 3)
    """

    def __init__(
        self,
        neurons: int,
        l1: float = 0.0,
        nonnegative: bool = False,
        seed: int = 0,
        name: str = "readout",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.neurons, self.l1, self.nonnegative = neurons, l1, nonnegative
        self.seed = seed

    def build(self, input_shape):
        _, height, width, channels = input_shape
        self.mask = self.add_weight(
            shape=(height * width, self.neurons),
            initializer=keras.initializers.RandomUniform(0, 0.02, seed=self.seed)
            if self.nonnegative
            else keras.initializers.RandomNormal(stddev=0.01, seed=self.seed),
            constraint=keras.constraints.NonNeg() if self.nonnegative else None,
            name="mask",
        )
        self.features = self.add_weight(
            shape=(channels, self.neurons),
            initializer=keras.initializers.RandomNormal(stddev=0.1, seed=self.seed + 1),
            name="features",
        )
        self.bias = self.add_weight(
            shape=(self.neurons,), initializer="zeros", name="bias"
        )

    def start_at(self, mean_rates: np.ndarray) -> None:
        """Sets the biases so that the untrained readout answers near `mean_rates` `(neurons,)`; NaN counts as 1."""
        self.bias.assign(inverse_softplus(mean_rates))

    def call(self, features):
        if self.l1:
            norms = ops.sum(ops.abs(self.mask), axis=0) * ops.sum(
                ops.abs(self.features), axis=0
            )
            self.add_loss(self.l1 * ops.sum(norms))
        _, height, width, channels = features.shape
        flat = ops.reshape(features, (-1, height * width, channels))
        pooled = ops.einsum("bpc,pn->bcn", flat, self.mask)
        drive = ops.sum(pooled * self.features, axis=1) + self.bias  # (batch, neurons)
        return ops.softplus(drive)

    def of_each(self, features: Any, neurons: Any) -> Any:
        """Rates `(batch,)`, of one neuron `(batch,)` for each row of features `(batch, h, w, channels)`."""
        flat = ops.reshape(
            features, (-1, features.shape[1] * features.shape[2], features.shape[3])
        )
        pooled = ops.einsum(
            "bpc,bp->bc", flat, ops.take(ops.transpose(self.mask), neurons, axis=0)
        )
        drive = ops.sum(
            pooled * ops.take(ops.transpose(self.features), neurons, axis=0), axis=1
        )
        return ops.softplus(drive + ops.take(self.bias, neurons))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        return super().get_config() | {
            "neurons": self.neurons,
            "l1": self.l1,
            "nonnegative": self.nonnegative,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="v1keras")
class DenseReadout(keras.layers.Layer):
    """A weight for every feature at every place: rate = activation(sum_xyc weight feature + bias), as in Kindel et al. 2019.

    Args:
        neurons: how many.
        activation: of Keras, by name; its rates must be >= 0.
        l1: strength of the penalty on the summed absolute weights.
        l2: strength of the penalty on the summed squared weights.
        seed: of the initial weights, truncated normal with a standard deviation of 0.1 / sqrt(features).

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
            regularizer=keras.regularizers.L1L2(self.l1, self.l2)
            if self.l1 or self.l2
            else None,
            name="weight",
        )
        self.bias = self.add_weight(
            shape=(self.neurons,), initializer="zeros", name="bias"
        )

    def start_at(self, mean_rates: np.ndarray) -> None:
        """Sets the biases so that the untrained readout answers near `mean_rates` `(neurons,)`; NaN counts as 1."""
        self.bias.assign(
            inverse_softplus(mean_rates)
            if self.activation == "softplus"
            else known_rates(mean_rates)
        )

    def call(self, features):
        flat = ops.reshape(features, (-1, self.weight.shape[0]))
        return self._function(ops.matmul(flat, self.weight) + self.bias)

    def of_each(self, features: Any, neurons: Any) -> Any:
        """Rates `(batch,)`, of one neuron `(batch,)` for each row of features `(batch, ...)`."""
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


def known_rates(mean_rates):
    """`(neurons,)` mean rates that a readout can start at: above 0, and 1 where unknown."""
    return np.clip(
        np.nan_to_num(np.asarray(mean_rates, "float64"), nan=1.0), 1e-3, None
    )


def inverse_softplus(mean_rates):
    """The drives whose softplus is `mean_rates` `(neurons,)`."""
    rates = known_rates(mean_rates)
    return np.where(rates > 30, rates, np.log(np.expm1(np.minimum(rates, 30))))

"""Readouts: features -> one rate a neuron."""

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

    Call arguments:
        features: `(batch, h, w, channels)`.

    Returns:
        Rates `(batch, neurons)`, > 0, expected spikes per presentation.

    Reference: Klindt et al. 2017 (arXiv 1711.02653), eq. 3-4.

    Example:

    >>> import numpy as np
    >>> tuple(FactorizedReadout(3)(np.zeros((2, 8, 8, 16), "float32")).shape)
    (2, 3)
    """

    def __init__(self, neurons, l1=0.0, name="readout", **kwargs):
        super().__init__(name=name, **kwargs)
        self.neurons, self.l1 = neurons, l1

    def build(self, input_shape):
        _, height, width, channels = input_shape
        self.mask = self.add_weight(
            shape=(height * width, self.neurons),
            initializer=keras.initializers.RandomNormal(stddev=0.01, seed=0),
            name="mask",
        )
        self.features = self.add_weight(
            shape=(channels, self.neurons),
            initializer=keras.initializers.RandomNormal(stddev=0.1, seed=1),
            name="features",
        )
        self.bias = self.add_weight(shape=(self.neurons,), initializer="zeros", name="bias")

    def start_at(self, mean_rates):
        """Sets the biases so that the untrained readout answers near `mean_rates` `(neurons,)`; NaN counts as 1."""
        rates = np.clip(np.nan_to_num(np.asarray(mean_rates, "float64"), nan=1.0), 1e-3, None)
        self.bias.assign(np.where(rates > 30, rates, np.log(np.expm1(np.minimum(rates, 30)))))

    def call(self, features):
        if self.l1:
            norms = ops.sum(ops.abs(self.mask), axis=0) * ops.sum(ops.abs(self.features), axis=0)
            self.add_loss(self.l1 * ops.sum(norms))
        _, height, width, channels = features.shape
        flat = ops.reshape(features, (-1, height * width, channels))
        pooled = ops.einsum("bpc,pn->bcn", flat, self.mask)
        drive = ops.sum(pooled * self.features, axis=1) + self.bias  # (batch, neurons)
        return ops.softplus(drive)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        return super().get_config() | {"neurons": self.neurons, "l1": self.l1}

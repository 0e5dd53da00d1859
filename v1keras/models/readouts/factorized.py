"""`FactorizedReadout`: a spatial mask and feature weights per neuron."""

from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.readouts.initial_rates import inverse_softplus


@keras.saving.register_keras_serializable(package="v1keras")
class FactorizedReadout(keras.layers.Layer):
    """A spatial mask and feature weights for each neuron: rate = softplus(sum_xy mask
    sum_c weight feature + bias).

    Args:
        neurons: how many.
        l1: strength of the penalty on the product of the two L1 norms, summed over
            neurons. The product is what the rate depends on: scaling a mask up and its
            weights down changes neither.
        nonnegative: whether masks are kept at 0 or above, so that a feature has one
            sign all over a receptive field.
        seed: Integer, seed of the initial masks; the initial feature weights have the
            next one.

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
            initializer=(
                keras.initializers.RandomUniform(0, 0.02, seed=self.seed)
                if self.nonnegative
                else keras.initializers.RandomNormal(stddev=0.01, seed=self.seed)
            ),
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
        """Sets the biases so that the untrained readout answers near `mean_rates`
        `(neurons,)`; NaN counts as 1.
        """
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

    def call_for_neurons(self, features: Any, neurons: Any) -> Any:
        """Rates `(batch,)`, of one neuron `(batch,)` for each row of features `(batch,
        h, w, channels)`.
        """
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

    def receptive_field_centers(self, feature_size: tuple[int, int]) -> np.ndarray:
        """Return the center of mass of each mask.

        Args:
            feature_size: Tuple `(height, width)` of the feature maps.

        Returns:
            `(neurons, 2)` rows and columns, from -1 to 1 across the features.
        """
        mask = np.abs(ops.convert_to_numpy(self.mask)).reshape(*feature_size, -1)
        mask = mask / np.maximum(mask.sum(axis=(0, 1)), 1e-12)
        rows, columns = map(_axis, feature_size)
        row = np.einsum("h,hwn->n", rows, mask)
        column = np.einsum("w,hwn->n", columns, mask)
        return np.stack([row, column], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        return super().get_config() | {
            "neurons": self.neurons,
            "l1": self.l1,
            "nonnegative": self.nonnegative,
            "seed": self.seed,
        }


def _axis(size):
    return np.linspace(-1, 1, size) if size > 1 else np.zeros(1)

"""`FactorizedReadout`: a spatial mask and feature weights per neuron."""

from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.argument_checks import check_number
from v1keras.models.readouts.initial_rates import inverse_softplus
from v1keras.models.readouts.readout import Readout


@keras.saving.register_keras_serializable(package="v1keras")
class FactorizedReadout(Readout):
    """Read features through a spatial mask and feature weights for each neuron.

    rate = softplus(sum_xy mask sum_c weight feature + bias).

    Args:
        neurons: Integer, number of neurons.
        l1: Float, strength of the penalty on the product of the two L1 norms, summed
            over neurons. The rate depends on this product: scaling a mask up and its
            weights down changes neither.
        nonnegative: Boolean, whether masks are constrained to >= 0, so that a feature
            has one sign all over a receptive field.
        seed: Integer, seed of the initial masks; the initial feature weights have the
            next one.

    Call arguments:
        features: `(batch, h, w, channels)`.

    Returns:
        Rates `(batch, neurons)`, > 0, expected spikes per presentation.

    Raises:
        ValueError: `neurons` below 1, or a negative `l1`.

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
        super().__init__(neurons, name=name, **kwargs)
        check_number("l1", l1)
        self.l1, self.nonnegative, self.seed = l1, nonnegative, seed
        self.input_spec = keras.layers.InputSpec(ndim=4, name="features")

    def build(self, input_shape):
        sizes = (None, *input_shape[1:])
        self.input_spec = keras.layers.InputSpec(shape=sizes, name="features")
        _, height, width, channels = input_shape
        initializer = keras.initializers.RandomNormal(stddev=0.01, seed=self.seed)
        constraint = None
        if self.nonnegative:
            initializer = keras.initializers.RandomUniform(0, 0.02, seed=self.seed)
            constraint = keras.constraints.NonNeg()
        self.mask = self.add_weight(
            shape=(height * width, self.neurons),
            initializer=initializer,
            constraint=constraint,
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

    def initialize_rates(self, mean_rates: np.ndarray) -> None:
        """Set the biases so that the untrained readout responds near given rates.

        Args:
            mean_rates: `(neurons,)` rates in the unit of the responses; NaN counts as
                1 spike.
        """
        self.bias.assign(inverse_softplus(self.initial_rates(mean_rates)))

    def call(self, features):
        if self.l1:
            mask_norms = ops.sum(ops.abs(self.mask), axis=0)
            feature_norms = ops.sum(ops.abs(self.features), axis=0)
            self.add_loss(self.l1 * ops.sum(mask_norms * feature_norms))
        # One product of two matrices, faster than one per image.
        by_channel = ops.transpose(_flatten_places(features), (0, 2, 1))
        channels, places = by_channel.shape[1:]
        pooled = ops.matmul(ops.reshape(by_channel, (-1, places)), self.mask)
        pooled = ops.reshape(pooled, (-1, channels, self.neurons))
        drive = ops.sum(pooled * self.features, axis=1) + self.bias  # (batch, neurons)
        return self.in_unit(ops.softplus(drive))

    def call_for_neurons(self, features: Any, neurons: Any) -> Any:
        """Compute the rate of one neuron per row of the features.

        Args:
            features: `(batch, h, w, channels)`.
            neurons: `(batch,)` integers, index of the neuron of each row.

        Returns:
            Rates `(batch,)`.
        """
        mask = ops.take(ops.transpose(self.mask), neurons, axis=0)
        weights = ops.take(ops.transpose(self.features), neurons, axis=0)
        pooled = ops.einsum("bpc,bp->bc", _flatten_places(features), mask)
        drive = ops.sum(pooled * weights, axis=1)
        rates = ops.softplus(drive + ops.take(self.bias, neurons))
        return self.in_unit(rates, neurons)

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
            "l1": self.l1,
            "nonnegative": self.nonnegative,
            "seed": self.seed,
        }


def _flatten_places(features):
    _, height, width, channels = features.shape
    return ops.reshape(features, (-1, height * width, channels))


def _axis(size):
    return np.linspace(-1, 1, size) if size > 1 else np.zeros(1)

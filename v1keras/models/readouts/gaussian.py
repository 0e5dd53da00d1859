"""`GaussianReadout`: features at one place per neuron."""

from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.argument_checks import (
    check_choice,
    check_number,
)
from v1keras.models.layers.bilinear import bilinear, bilinear_drive
from v1keras.models.readouts.initial_rates import inverse_softplus
from v1keras.models.readouts.readout import Readout


@keras.saving.register_keras_serializable(package="v1keras")
class GaussianReadout(Readout):
    """Read the features at one place for each neuron, by bilinear interpolation.

    rate = softplus(weights features + bias). In training the place is drawn from a
    Gaussian around the neuron's position, again for each image, so that the gradient
    reaches beyond four pixels; its spread is learned and shrinks as the position gets
    certain. Otherwise the position itself is read.

    Args:
        neurons: Integer, number of neurons.
        covariance: String, "isotropic" for one width per neuron, or "full" for a matrix
            per neuron.
        width: Float, initial standard deviation, >= 0, where positions run from -1 to 1
            across the features.
        l1: Float, strength of the penalty on the summed absolute feature weights.
        coordinates: `(neurons, d)` cortical coordinates, scaled to about -1 to 1:
            positions then are one affine map of them, shared by all neurons
            (retinotopy); None for free positions.
        seed: Integer, seed of the initial weights and of the places drawn.

    Call arguments:
        features: `(batch, h, w, channels)`.
        shift: `(batch, 2)` rows and columns by which the places of all neurons are
            moved, up to the edge; None for no shift.
        training: Boolean, whether places are drawn.

    Returns:
        Rates `(batch, neurons)`, > 0, expected spikes per presentation.

    Raises:
        ValueError: `neurons` below 1, an unknown covariance, a
            negative width or `l1`, or coordinates of another number of neurons.

    Reference: Lurz et al. 2021 (ICLR), section 3.

    Example:

    >>> import numpy as np
    >>> tuple(GaussianReadout(3)(np.zeros((2, 8, 8, 16), "float32")).shape)
    (2, 3)
    """

    def __init__(
        self,
        neurons: int,
        covariance: str = "isotropic",
        width: float = 0.3,
        l1: float = 0.0,
        coordinates: np.ndarray | None = None,
        seed: int = 0,
        name: str = "readout",
        **kwargs: Any,
    ) -> None:
        super().__init__(neurons, name=name, **kwargs)
        check_choice("covariance", covariance, ("isotropic", "full"))
        check_number("width", width)
        check_number("l1", l1)
        self.covariance, self.width, self.l1 = covariance, width, l1
        self.seed, self.coordinates = seed, None
        if coordinates is not None:
            self.coordinates = np.asarray(coordinates, "float32")
            if self.coordinates.ndim != 2 or len(self.coordinates) != neurons:
                raise ValueError(
                    f"coordinates: found {self.coordinates.shape}, expected"
                    f" ({neurons}, d): a row per neuron"
                )
        self._draws = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        axes = {-1: input_shape[-1]}
        self.input_spec = keras.layers.InputSpec(ndim=4, axes=axes, name="features")
        self._build_positions()
        self.features = self.add_weight(
            shape=(input_shape[-1], self.neurons),
            initializer=keras.initializers.RandomNormal(stddev=0.1, seed=self.seed + 1),
            regularizer=keras.regularizers.L1(self.l1) if self.l1 else None,
            name="features",
        )
        self.bias = self.add_weight(
            shape=(self.neurons,), initializer="zeros", name="bias"
        )

    def _build_positions(self):
        if self.coordinates is None:
            # Without the constraint, a position that left the image would have no
            # gradient to return by.
            self.mean = self.add_weight(
                shape=(self.neurons, 2),
                initializer=keras.initializers.RandomUniform(
                    -0.05, 0.05, seed=self.seed
                ),
                constraint=_clip_positions,
                name="mean",
            )
        else:
            self.map = self.add_weight(
                shape=(self.coordinates.shape[1], 2),
                initializer=keras.initializers.RandomNormal(
                    stddev=0.05, seed=self.seed
                ),
                name="map",
            )
            self.origin = self.add_weight(
                shape=(2,), initializer="zeros", name="origin"
            )
        if self.covariance == "full":
            # The lower triangle L of a Cholesky factor; places are mean + L noise.
            shape, initializer = (self.neurons, 2, 2), _diagonal(self.width)
        else:
            shape = (self.neurons,)
            initializer = keras.initializers.Constant(self.width)
        self.spread = self.add_weight(
            shape=shape, initializer=initializer, name="spread"
        )

    def positions(self) -> Any:
        """Return rows and columns `(neurons, 2)`, from -1 to 1 across the features."""
        if self.coordinates is None:
            return self.mean
        positions = ops.matmul(self.coordinates, self.map) + self.origin
        return _clip_positions(positions)

    def receptive_field_centers(self, feature_size: tuple[int, int]) -> np.ndarray:
        """Return `positions()` as an array; `feature_size` does not matter."""
        return ops.convert_to_numpy(self.positions())

    def initialize_rates(self, mean_rates: np.ndarray) -> None:
        """Set the biases so that the untrained readout responds near given rates.

        Args:
            mean_rates: `(neurons,)` rates in the unit of the responses; NaN counts as
                1 spike.
        """
        self.bias.assign(inverse_softplus(self.initial_rates(mean_rates)))

    def call(self, features, shift=None, training=False):
        places = self.positions()[None]  # (1, neurons, 2)
        if shift is not None:
            places = _clip_positions(places + shift[:, None])  # (batch, neurons, 2)
        rows, columns = places[..., 0], places[..., 1]
        if training:
            rows, columns = self._draw(ops.shape(features)[0], rows, columns)
        weights = ops.transpose(self.features)
        drive = bilinear_drive(features, rows, columns, weights) + self.bias
        return self.in_unit(ops.softplus(drive))

    def _draw(self, images, rows, columns):
        """Return places `(batch, neurons)` drawn around rows and columns."""
        shape = (images, self.neurons, 2)
        noise = keras.random.normal(shape, dtype=self.compute_dtype, seed=self._draws)
        row_noise, column_noise = noise[..., 0], noise[..., 1]
        if self.covariance == "full":
            rows = rows + self.spread[:, 0, 0] * row_noise
            columns = columns + self.spread[:, 1, 0] * row_noise
            columns = columns + self.spread[:, 1, 1] * column_noise
        else:
            rows = rows + self.spread * row_noise
            columns = columns + self.spread * column_noise
        return _clip_positions(rows), _clip_positions(columns)

    def call_for_neurons(self, features: Any, neurons: Any) -> Any:
        """Compute the rate of one neuron per row of the features.

        Args:
            features: `(batch, h, w, channels)`.
            neurons: `(batch,)` integers, index of the neuron of each row.

        Returns:
            Rates `(batch,)`.
        """
        place = ops.take(self.positions(), neurons, axis=0)[:, None]
        return self.rates_from_values(bilinear(features, place)[:, 0], neurons)

    def rates_from_values(self, values: Any, neurons: Any) -> Any:
        """Compute the rate of one neuron per row, from the features at its place.

        Args:
            values: `(batch, channels)` features at the place.
            neurons: `(batch,)` integers, index of the neuron of each row.

        Returns:
            Rates `(batch,)`.
        """
        weights = ops.take(ops.transpose(self.features), neurons, axis=0)
        drive = ops.sum(values * weights, axis=-1)
        rates = ops.softplus(drive + ops.take(self.bias, neurons))
        return self.in_unit(rates, neurons)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        return super().get_config() | {
            "covariance": self.covariance,
            "width": self.width,
            "l1": self.l1,
            "coordinates": (
                None if self.coordinates is None else self.coordinates.tolist()
            ),
            "seed": self.seed,
        }


def _clip_positions(positions):
    return ops.clip(positions, -1, 1)


def _diagonal(width):
    """Return an initializer: `width` times the unit matrix, for every neuron."""

    def initialize(shape, dtype=None):
        return ops.broadcast_to(width * ops.eye(shape[-1], dtype=dtype), shape)

    return initialize

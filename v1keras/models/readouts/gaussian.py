"""The Gaussian readout: features at one place -> one rate a neuron."""

from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.layers.depthwise_conv import on_processors
from v1keras.models.readouts.initial_rates import inverse_softplus

# So many neurons read at once where all images are read at the same places.
_FEW = 4096


@keras.saving.register_keras_serializable(package="v1keras")
class GaussianReadout(keras.layers.Layer):
    """Reads the features at one place for each neuron, between pixels by bilinear
    interpolation; rate = softplus(weights features + bias).

    In training the place is drawn from a Gaussian around the neuron's position, anew
    for each image, so that the gradient sees farther than four pixels; its spread is
    learned and shrinks as the position gets certain. Otherwise the position itself is
    read.

    Args:
        neurons: how many.
        covariance: "isotropic", one width a neuron, or "full", a matrix a neuron.
        width: standard deviation at the start; positions run from -1 to 1 across the
            features.
        l1: strength of the penalty on the summed absolute feature weights.
        coordinates: `(neurons, d)` cortical coordinates, scaled to about -1 to 1:
            positions then are one affine map of them, shared by all neurons
            (retinotopy); None for free positions.
        seed: of the drawn places.

    Call arguments:
        features: `(batch, h, w, channels)`.
        shift: `(batch, 2)` rows and columns that the places of all neurons are moved
            by, as far as the edge; None for none.
        training: whether places are drawn.

    Returns:
        Rates `(batch, neurons)`, > 0, expected spikes per presentation.

    Raises:
        ValueError: unknown covariance, or coordinates of another number of neurons.

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
        super().__init__(name=name, **kwargs)
        if covariance not in ("isotropic", "full"):
            raise ValueError(
                f"covariance: found {covariance!r}, expected isotropic or full"
            )
        self.neurons, self.covariance, self.width, self.l1, self.seed = (
            neurons,
            covariance,
            width,
            l1,
            seed,
        )
        self.coordinates = (
            None if coordinates is None else np.asarray(coordinates, "float32")
        )
        if self.coordinates is not None and (
            self.coordinates.ndim != 2 or len(self.coordinates) != neurons
        ):
            raise ValueError(
                f"coordinates: found {self.coordinates.shape}, expected ({neurons}, d):"
                " a row a neuron"
            )
        self._draws = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        channels = input_shape[-1]
        if self.coordinates is None:
            start = keras.initializers.RandomUniform(-0.05, 0.05, seed=self.seed)
            # A constraint, since a position that left the image would have no gradient
            # to come back by.
            self.mean = self.add_weight(
                shape=(self.neurons, 2),
                initializer=start,
                constraint=_inside,
                name="mean",
            )
        else:
            start = keras.initializers.RandomNormal(stddev=0.05, seed=self.seed)
            self.map = self.add_weight(
                shape=(self.coordinates.shape[1], 2), initializer=start, name="map"
            )
            self.origin = self.add_weight(
                shape=(2,), initializer="zeros", name="origin"
            )
        if self.covariance == "full":
            # The lower triangle L of a Cholesky factor; places are mean + L noise.
            self.spread = self.add_weight(
                shape=(self.neurons, 2, 2),
                initializer=_diagonal(self.width),
                name="spread",
            )
        else:
            self.spread = self.add_weight(
                shape=(self.neurons,),
                initializer=keras.initializers.Constant(self.width),
                name="spread",
            )
        self.features = self.add_weight(
            shape=(channels, self.neurons),
            initializer=keras.initializers.RandomNormal(stddev=0.1, seed=self.seed + 1),
            regularizer=keras.regularizers.L1(self.l1) if self.l1 else None,
            name="features",
        )
        self.bias = self.add_weight(
            shape=(self.neurons,), initializer="zeros", name="bias"
        )

    def positions(self) -> Any:
        """`(neurons, 2)` rows and columns, from -1 to 1 across the features."""
        if self.coordinates is None:
            return self.mean
        return ops.clip(ops.matmul(self.coordinates, self.map) + self.origin, -1, 1)

    def receptive_field_centers(self, feature_size: tuple[int, int]) -> np.ndarray:
        """Return `positions()` as an array; `feature_size` does not matter."""
        return ops.convert_to_numpy(self.positions())

    def start_at(self, mean_rates: np.ndarray) -> None:
        """Sets the biases so that the untrained readout answers near `mean_rates`
        `(neurons,)`; NaN counts as 1.
        """
        self.bias.assign(inverse_softplus(mean_rates))

    def call(self, features, shift=None, training=False):
        places = self.positions()[None]  # (1, neurons, 2), or moved (batch, neurons, 2)
        places = places if shift is None else ops.clip(places + shift[:, None], -1, 1)
        rows, columns = ops.split(places, 2, axis=-1)
        rows, columns = rows[..., 0], columns[..., 0]
        if training:
            noise = keras.random.normal(
                (ops.shape(features)[0], self.neurons, 2), seed=self._draws
            )
            across, along = noise[..., 0], noise[..., 1]  # (batch, neurons) each
            if self.covariance == "full":
                rows = rows + self.spread[:, 0, 0] * across
                columns = (
                    columns
                    + self.spread[:, 1, 0] * across
                    + self.spread[:, 1, 1] * along
                )
            else:
                rows, columns = (
                    rows + self.spread * across,
                    columns + self.spread * along,
                )
            rows, columns = ops.clip(rows, -1, 1), ops.clip(columns, -1, 1)
        drive = _drive(features, rows, columns, ops.transpose(self.features))
        return ops.softplus(drive + self.bias)

    def call_for_neurons(self, features: Any, neurons: Any) -> Any:
        """Rates `(batch,)`, of one neuron `(batch,)` for each row of features `(batch,
        h, w, channels)`.
        """
        read = bilinear(features, ops.take(self.positions(), neurons, axis=0)[:, None])[
            :, 0
        ]
        return self.rates_of(read, neurons)

    def rates_of(self, read: Any, neurons: Any) -> Any:
        """Rates `(batch,)` of neurons `(batch,)` from the features `(batch, channels)`
        read at their places.
        """
        drive = ops.sum(
            read * ops.take(ops.transpose(self.features), neurons, axis=0), axis=-1
        )
        return ops.softplus(drive + ops.take(self.bias, neurons))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        return super().get_config() | {
            "neurons": self.neurons,
            "covariance": self.covariance,
            "width": self.width,
            "l1": self.l1,
            "coordinates": (
                None if self.coordinates is None else self.coordinates.tolist()
            ),
            "seed": self.seed,
        }


def _drive(features, rows, columns, weights):
    """`(batch, neurons)`, what neurons with weights `(neurons, channels)` read at rows
    and columns `(1 or batch, neurons)`.
    """
    if on_processors() and (rows.shape[0] != 1 or weights.shape[0] > _FEW):
        from v1keras.models.layers.bilinear_cpu import drive_at

        at = (ops.shape(features)[0], weights.shape[0])
        rows, columns = (
            ops.broadcast_to((ops.cast(place, "float32") + 1) / 2, at)
            for place in (rows, columns)
        )
        return drive_at(
            ops.cast(features, "float32"), rows, columns, ops.cast(weights, "float32")
        )
    read = bilinear(
        features, ops.stack([rows, columns], axis=-1)
    )  # (batch, neurons, channels)
    return ops.sum(read * weights[None], axis=-1)


def bilinear(features, place):
    """Features between pixels.

    Args:
        features: `(batch, h, w, channels)`.
        place: `(batch or 1, neurons, 2)` rows and columns, -1 the first pixel's centre
            and 1 the last's.

    Returns:
        `(batch, neurons, channels)`.

    Example:

    >>> import numpy as np
    >>> float(
    ...     bilinear(
    ...         np.array([[[[0.0], [2.0]]]], "float32"),
    ...         np.array([[[0.0, -0.5]]], "float32"),
    ...     )[0, 0, 0]
    ... )
    0.5
    """
    _, height, width, channels = features.shape
    flat = ops.reshape(features, (-1, height * width, channels))
    top, left, shares = corners(place, height, width)
    shared = place.shape[0] == 1  # one place for all images is a plain gather
    read = 0
    for (below, beside), share in shares.items():
        index = ops.cast((top + below) * width + left + beside, "int32")
        at = (
            ops.take(flat, index[0], axis=1)
            if shared
            else ops.take_along_axis(flat, index[..., None], axis=1)
        )
        read = read + share[..., None] * at
    return read


def corners(place, height, width):
    """The pixels around a place, and what each counts.

    Args:
        place: `(..., 2)` as for `bilinear`.
        height: of the features.
        width: of the features.

    Returns:
        (top, left, shares): `(...)` row and column of the pixel above and to the left,
        and a dict (rows below it, columns beside it) -> `(...)` share.
    """
    row, column = (
        (place[..., i] + 1) / 2 * (size - 1) for i, size in ((0, height), (1, width))
    )
    top = ops.clip(ops.floor(row), 0, max(height - 2, 0))
    left = ops.clip(ops.floor(column), 0, max(width - 2, 0))
    down, right = row - top, column - left  # shares of the farther pixel
    shares = {}
    for below in range(min(height, 2)):
        for beside in range(min(width, 2)):
            shares[below, beside] = (
                down if below else 1 - down if height > 1 else 1.0
            ) * (right if beside else 1 - right if width > 1 else 1.0)
    return top, left, shares


def _inside(positions):
    return ops.clip(positions, -1, 1)


def _diagonal(width):
    """Initializer: `width` times the unit matrix, for every neuron."""
    return lambda shape, dtype=None: ops.broadcast_to(
        width * ops.eye(shape[-1], dtype=dtype), shape
    )

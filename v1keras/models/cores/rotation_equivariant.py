"""A core whose kernels are shared over orientations."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy import ndimage

from v1keras.models.cores.stacked import check_image_size
from v1keras.models.layers.batch_normalization import batch_norm


@keras.saving.register_keras_serializable(package="v1keras")
class RotationEquivariantCore(keras.layers.Layer):
    """Convolutions whose every kernel comes in all orientations: V1 neurons compute
    alike, turned against one another.

    The first layer applies each kernel in `orientations` turns; a later layer's kernel
    looks at all turns of the channels below, and when it is turned, so is what it looks
    at. An image turned by 360/`orientations` degrees gives the same features, turned
    and moved on by one orientation: exactly at multiples of 90 degrees, and up to
    interpolation between pixels otherwise.

    Args:
        filters: kernels of each layer; a layer has `filters * orientations` channels.
        kernel_sizes: side of each layer's kernels, pixels. The first is `valid`, the
            others keep the size.
        orientations: turns over 360 degrees; a multiple of 4.
        activation: name of a Keras activation.
        pool_size: average pooling after the first layer; 1 for none.
        seed: of the first layer's initial kernels; each further layer takes the next.

    Call arguments:
        images: `(batch, height, width, 1)`.
        training: whether batch statistics are used and updated; they are shared by all
            orientations of a kernel.

    Returns:
        Features `(batch, h, w, filters[-1] * orientations)`; the orientations of a
        kernel lie side by side.

    Raises:
        ValueError: `filters` and `kernel_sizes` differ in length, or `orientations` is
            no multiple of 4.

    Reference: Ecker et al. 2019 (ICLR, arXiv 1809.10504), section 3; Cohen & Welling
        2016 (arXiv 1602.07576).

    Example:

    >>> import numpy as np
    >>> tuple(
    ...     RotationEquivariantCore((3, 4), (5, 3), orientations=4)(
    ...         np.zeros((2, 20, 20, 1), "float32")
    ...     ).shape
    ... )
    (2, 8, 8, 16)
    """

    def __init__(
        self,
        filters: Sequence[int] = (8, 8, 8),
        kernel_sizes: Sequence[int] = (11, 3, 3),
        orientations: int = 8,
        activation: str = "elu",
        pool_size: int = 2,
        seed: int = 0,
        name: str = "core",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if len(filters) != len(kernel_sizes) or not len(filters):
            raise ValueError(
                f"filters {filters} and kernel_sizes {kernel_sizes}: expected one entry"
                " a layer in both"
            )
        if orientations < 4 or orientations % 4:
            raise ValueError(
                f"orientations: found {orientations}, expected a multiple of 4"
            )
        self.filters, self.kernel_sizes = tuple(filters), tuple(kernel_sizes)
        self.orientations, self.activation, self.pool_size = (
            orientations,
            activation,
            pool_size,
        )
        self.seed = seed
        self.norms = [batch_norm(f"norm_{i}") for i in range(len(filters))]
        self._function = keras.activations.get(activation)

    def build(self, input_shape):
        check_image_size(input_shape, self.kernel_sizes[0], self.pool_size)
        self.kernels, self._turns = [], []
        channels, turns_below = input_shape[-1], 1
        for i, (count, side) in enumerate(
            zip(self.filters, self.kernel_sizes, strict=True)
        ):
            fan_in = side**2 * channels * turns_below
            self.kernels.append(
                self.add_weight(
                    shape=(side, side, turns_below * channels, count),
                    initializer=keras.initializers.RandomNormal(
                        stddev=fan_in**-0.5, seed=self.seed + i
                    ),
                    name=f"kernel_{i}",
                )
            )
            self._turns.append(
                np.stack(
                    [
                        _turn(side, turn * 360 / self.orientations)
                        for turn in range(self.orientations)
                    ]
                )
            )
            self.norms[i].build((None, None, None, None, count))
            channels, turns_below = count, self.orientations

    def call(self, images, training=False):
        features = images
        for i, (kernel, turns, norm) in enumerate(
            zip(self.kernels, self._turns, self.norms, strict=True)
        ):
            features = ops.conv(
                features,
                self._all_turns(kernel, turns, i),
                padding="same" if i else "valid",
            )
            shape = features.shape
            split = ops.reshape(
                features, (-1, shape[1], shape[2], self.filters[i], self.orientations)
            )
            # One mean and variance a kernel, over all its orientations.
            split = norm(ops.moveaxis(split, -1, 1), training=training)
            split = self._function(ops.moveaxis(split, 1, -1))
            features = ops.reshape(
                split, (-1, shape[1], shape[2], self.filters[i] * self.orientations)
            )
            if i == 0 and self.pool_size > 1:
                features = ops.average_pool(
                    features, self.pool_size, strides=self.pool_size
                )
        return features

    def _all_turns(self, kernel, turns, layer):
        """`(side, side, channels below, filters * orientations)`: the kernel in every
        orientation.
        """
        side, _, below, count = kernel.shape
        turns_below = self.orientations if layer else 1
        channels = below // turns_below
        kernel, turns = (
            ops.cast(values, self.compute_dtype) for values in (kernel, turns)
        )
        kernel = ops.reshape(kernel, (side * side, turns_below, channels, count))
        every = []
        for turn in range(self.orientations):
            turned = ops.tensordot(
                turns[turn], kernel, axes=1
            )  # (side^2, turns below, channels, filters)
            if layer:  # what it looks at is turned as well
                turned = ops.roll(turned, turn, axis=1)
            every.append(turned)
        stacked = ops.stack(
            every, axis=-1
        )  # (side^2, turns below, channels, filters, orientations)
        stacked = ops.transpose(
            stacked, (0, 2, 1, 3, 4)
        )  # channels below are ordered kernel by kernel, its turns side by side
        return ops.reshape(
            stacked, (side, side, channels * turns_below, count * self.orientations)
        )

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        height, width = (
            (size - self.kernel_sizes[0] + 1) // self.pool_size
            for size in (height, width)
        )
        return (batch, height, width, self.filters[-1] * self.orientations)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_sizes": self.kernel_sizes,
            "orientations": self.orientations,
            "activation": self.activation,
            "pool_size": self.pool_size,
            "seed": self.seed,
        }


def _turn(side, degrees):
    """`(side^2, side^2)` matrix that turns a kernel counter-clockwise around its
    centre; what comes from beyond its edge is 0.
    """
    unit = np.eye(side * side).reshape(-1, side, side)
    if degrees % 90 == 0:
        turned = np.rot90(unit, round(degrees / 90), axes=(1, 2))
    else:
        turned = ndimage.rotate(unit, degrees, axes=(1, 2), reshape=False, order=1)
    return turned.reshape(side * side, -1).T.astype("float32")

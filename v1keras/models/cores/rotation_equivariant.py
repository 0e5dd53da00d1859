"""`RotationEquivariantCore`: a core whose kernels are shared over orientations."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from scipy import ndimage

from v1keras.models.argument_checks import (
    MAX_PIXELS,
    check_activation,
    check_integer,
    check_layers,
    check_smallest_image,
)
from v1keras.models.layers.batch_normalization import batch_norm
from v1keras.models.layers.composite_layer import CompositeLayer


@keras.saving.register_keras_serializable(package="v1keras")
class RotationEquivariantCore(CompositeLayer):
    """Convolve with every kernel in all orientations.

    V1 neurons compute alike, rotated against one another. The first layer applies each
    kernel in `orientations` rotations; a later layer's kernel reads all rotations of
    the channels below, which are rotated with it. An image rotated by
    360/`orientations` degrees gives the same features, rotated and shifted by one
    orientation: exactly at multiples of 90 degrees, and up to interpolation between
    pixels otherwise.

    Args:
        filters: Sequence of integers, kernels of each layer; a layer has
            `filters * orientations` channels.
        kernel_sizes: Sequence of integers, side of each layer's kernels in pixels. The
            first is `valid`, the others keep the size.
        orientations: Integer, rotations over 360 degrees; a multiple of 4.
        activation: String, name of a Keras activation.
        pool_size: Integer, side of the average pooling after the first layer; 1 for
            none.
        seed: Integer, seed of the first layer's initial kernels; each further layer
            takes the next.

    Call arguments:
        images: `(batch, height, width, 1)`.
        training: Boolean, whether batch statistics are used and updated; they are
            shared by all orientations of a kernel.

    Returns:
        Features `(batch, h, w, filters[-1] * orientations)`; the orientations of a
        kernel lie side by side.

    Raises:
        ValueError: Sizes out of range, `filters` and `kernel_sizes` of different
            lengths, an unknown activation, or `orientations` that is not a multiple of
            4.

    Reference: Ecker et al. 2019 (ICLR, arXiv 1809.10504), section 3; Cohen & Welling
        2016 (arXiv 1602.07576).

    Example:

    >>> import numpy as np
    >>> core = RotationEquivariantCore((3, 4), (5, 3), orientations=4)
    >>> tuple(core(np.zeros((2, 20, 20, 1), "float32")).shape)
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
        self.filters, self.kernel_sizes = check_layers(filters, kernel_sizes)
        self.orientations = check_integer("orientations", orientations, 4, 360)
        if orientations % 4:
            raise ValueError(
                f"orientations: found {orientations}, expected a multiple of 4"
            )
        check_activation("activation", activation)
        self.activation, self.seed = activation, seed
        self.pool_size = check_integer("pool_size", pool_size, 1, MAX_PIXELS)
        self.norms = []
        for i in range(len(filters)):
            self.norms.append(batch_norm(f"norm_{i}", self.dtype_policy))
        self._function = keras.activations.get(activation)

    def sub_layers(self) -> list[keras.layers.Layer]:
        return self.norms

    def build(self, input_shape):
        check_smallest_image(input_shape, self.kernel_sizes[0], self.pool_size)
        self.kernels, self._rotations = [], []
        channels = input_shape[-1]
        axes = {-1: channels}
        self.input_spec = keras.layers.InputSpec(ndim=4, axes=axes, name="images")
        sizes = zip(self.filters, self.kernel_sizes, strict=True)
        for i, (count, side) in enumerate(sizes):
            initializer = keras.initializers.RandomNormal(
                stddev=(side**2 * channels) ** -0.5, seed=self.seed + i
            )
            kernel = self.add_weight(
                shape=(side, side, channels, count),
                initializer=initializer,
                name=f"kernel_{i}",
            )
            self.kernels.append(kernel)
            self._rotations.append(_rotations(side, self.orientations))
            self.norms[i].build((None, None, None, None, count))
            channels = count * self.orientations

    def call(self, images, training=False):
        features = images
        for i, norm in enumerate(self.norms):
            features = ops.conv(
                features,
                self._oriented_kernels(i),
                padding="same" if i else "valid",
                data_format="channels_last",
            )
            _, height, width, channels = features.shape
            by_kernel = (-1, height, width, self.filters[i], self.orientations)
            features = ops.reshape(features, by_kernel)
            # One mean and variance per kernel, over all its orientations.
            features = norm(ops.moveaxis(features, -1, 1), training=training)
            features = self._function(ops.moveaxis(features, 1, -1))
            features = ops.reshape(features, (-1, height, width, channels))
            if i == 0 and self.pool_size > 1:
                features = ops.average_pool(
                    features,
                    self.pool_size,
                    strides=self.pool_size,
                    data_format="channels_last",
                )
        return features

    def _oriented_kernels(self, i):
        """Return the kernels of layer `i` in every orientation.

        The shape is `(side, side, channels below, filters * orientations)`.
        """
        side, _, below, count = self.kernels[i].shape
        orientations_below = self.orientations if i else 1
        kernel = ops.cast(self.kernels[i], self.compute_dtype)
        rotations = ops.cast(self._rotations[i], self.compute_dtype)
        # (side^2, orientations below, kernels below, filters)
        shape = (side**2, orientations_below, below // orientations_below, count)
        kernel = ops.reshape(kernel, shape)
        oriented = []
        for orientation in range(self.orientations):
            rotated = ops.tensordot(rotations[orientation], kernel, axes=1)
            if i:
                # What a kernel reads is rotated with it.
                rotated = ops.roll(rotated, orientation, axis=1)
            oriented.append(rotated)
        stacked = ops.stack(oriented, axis=-1)
        # The orientations of a kernel below lie side by side.
        stacked = ops.transpose(stacked, (0, 2, 1, 3, 4))
        return ops.reshape(stacked, (side, side, below, count * self.orientations))

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        lost = self.kernel_sizes[0] - 1
        height = (height - lost) // self.pool_size
        width = (width - lost) // self.pool_size
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


def _rotations(side, orientations):
    """Return a matrix for each orientation, `(orientations, side^2, side^2)`."""
    angles = 360 * np.arange(orientations) / orientations
    return np.stack([_rotation(side, angle) for angle in angles])


def _rotation(side, degrees):
    """Return the matrix that rotates a kernel counter-clockwise around its center.

    Pixels from beyond the kernel's edge are 0.
    """
    unit = np.eye(side * side).reshape(-1, side, side)
    if degrees % 90 == 0:
        rotated = np.rot90(unit, round(degrees / 90), axes=(1, 2))
    else:
        rotated = ndimage.rotate(unit, degrees, axes=(1, 2), reshape=False, order=1)
    return rotated.reshape(side * side, -1).T.astype("float32")

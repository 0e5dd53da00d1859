"""`StackedCore`: a stack of convolutions, features shared by all neurons."""

from collections.abc import Sequence
from typing import Any

import keras

from v1keras.models.argument_checks import (
    MAX_PIXELS,
    check_activation,
    check_integer,
    check_layers,
    check_number,
    check_smallest_image,
)
from v1keras.models.layers.batch_normalization import batch_norm
from v1keras.models.layers.composite_layer import CompositeLayer
from v1keras.models.layers.depthwise_conv import DepthwiseConv2D
from v1keras.models.layers.divisive_normalization import DivisiveNormalization
from v1keras.models.layers.on_off import OnOffRectification
from v1keras.models.regularizers import GroupSparsity, Laplacian

# Nonlinearities that are layers of their own.
_LAYERS = {"on_off": OnOffRectification, "divisive": DivisiveNormalization}


@keras.saving.register_keras_serializable(package="v1keras")
class StackedCore(CompositeLayer):
    """Stack convolutions, each followed by batch normalization and a nonlinearity.

    Features are pooled after the first layer.

    Args:
        filters: Sequence of integers, channels of each layer.
        kernel_sizes: Sequence of integers, side of each layer's square kernels in
            pixels. The first is `valid`, the others keep the size.
        activation: String, name of a Keras activation.
        first_activation: String, activation of the first layer: such a name, or
            "on_off" for `OnOffRectification`, which doubles its channels, or "divisive"
            for `DivisiveNormalization`.
        pool_size: Integer, side of the average pooling after the first layer; 1 for
            none.
        laplacian: Float, strength of the `Laplacian` penalty on the first layer's
            kernels.
        group_sparsity: Float, strength of the `GroupSparsity` penalty on the later
            layers' kernels.
        separable: Boolean, whether later layers convolve each channel by itself and
            then mix channels at each place (depth-separable).
        dilation: Integer, dilation rate of the later layers' kernels.
        skip: Boolean, whether later layers add their input to their output; all
            `filters` must be equal.

    Call arguments:
        images: `(batch, height, width, channels)`.
        training: Boolean, whether batch statistics are used and updated.

    Returns:
        Features `(batch, h, w, filters[-1])`.

    Raises:
        ValueError: Sizes or strengths out of range, `filters` and `kernel_sizes` of
            different lengths, an unknown activation, `skip` where the layers' channels
            differ, or an image that is smaller than the first kernel.

    Reference: Klindt et al. 2017 (arXiv 1711.02653); Lurz et al. 2021 (ICLR), section
        3, for depth-separable layers.

    Example:

    >>> import numpy as np
    >>> tuple(StackedCore((8, 16), (5, 3))(np.zeros((2, 20, 20, 1), "float32")).shape)
    (2, 8, 8, 16)
    """

    def __init__(
        self,
        filters: Sequence[int] = (32, 32, 32),
        kernel_sizes: Sequence[int] = (9, 3, 3),
        activation: str = "elu",
        first_activation: str = "elu",
        pool_size: int = 2,
        laplacian: float = 0.0,
        group_sparsity: float = 0.0,
        separable: bool = False,
        dilation: int = 1,
        skip: bool = False,
        name: str = "core",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.filters, self.kernel_sizes = check_layers(filters, kernel_sizes)
        check_activation("activation", activation)
        check_activation("first_activation", first_activation, tuple(_LAYERS))
        check_number("laplacian", laplacian)
        check_number("group_sparsity", group_sparsity)
        self.activation, self.first_activation = activation, first_activation
        self.laplacian, self.group_sparsity = laplacian, group_sparsity
        self.pool_size = check_integer("pool_size", pool_size, 1, MAX_PIXELS)
        self.dilation = check_integer("dilation", dilation, 1, MAX_PIXELS)
        self.separable, self.skip = separable, skip
        channels = list(self.filters)
        if first_activation == "on_off":
            channels[0] *= 2
        if skip and len(set(channels)) != 1:
            raise ValueError(
                f"skip: the layers' channels are {tuple(channels)}; expected all equal"
            )
        self.stages = self._first_layer()
        for i in range(1, len(self.filters)):
            self.stages += self._later_layer(i)

    def _first_layer(self):
        penalty = Laplacian(self.laplacian) if self.laplacian else None
        stages = [
            keras.layers.Conv2D(
                self.filters[0],
                self.kernel_sizes[0],
                use_bias=False,
                kernel_regularizer=penalty,
                data_format="channels_last",
                dtype=self.dtype_policy,
                name="conv_0",
            ),
            batch_norm("norm_0", self.dtype_policy),
            self._nonlinearity(self.first_activation, "activation_0"),
        ]
        if self.pool_size > 1:
            stages.append(
                keras.layers.AveragePooling2D(
                    self.pool_size,
                    data_format="channels_last",
                    dtype=self.dtype_policy,
                    name="pool",
                )
            )
        return stages

    def _later_layer(self, i):
        channels, side = self.filters[i], self.kernel_sizes[i]
        common = {
            "use_bias": False,
            "data_format": "channels_last",
            "dtype": self.dtype_policy,
        }
        spatial = {"padding": "same", "dilation_rate": self.dilation} | common
        penalty = GroupSparsity(self.group_sparsity) if self.group_sparsity else None
        mixing = {"kernel_regularizer": penalty, "name": f"conv_{i}"}
        if self.separable:
            stages = [
                DepthwiseConv2D(side, name=f"depth_{i}", **spatial),
                keras.layers.Conv2D(channels, 1, **mixing, **common),
            ]
        else:
            stages = [keras.layers.Conv2D(channels, side, **mixing, **spatial)]
        stages.append(batch_norm(f"norm_{i}", self.dtype_policy))
        stages.append(self._nonlinearity(self.activation, f"activation_{i}"))
        return stages

    def _nonlinearity(self, activation, name):
        if activation in _LAYERS:
            return _LAYERS[activation](name=name, dtype=self.dtype_policy)
        return keras.layers.Activation(activation, name=name, dtype=self.dtype_policy)

    def sub_layers(self) -> list[keras.layers.Layer]:
        return self.stages

    def build(self, input_shape):
        check_smallest_image(input_shape, self.kernel_sizes[0], self.pool_size)
        axes = {-1: input_shape[-1]}
        self.input_spec = keras.layers.InputSpec(ndim=4, axes=axes, name="images")
        for stage in self.stages:
            stage.build(input_shape)
            input_shape = stage.compute_output_shape(input_shape)

    def call(self, images, training=False):
        return self.call_after_first_layer(self.stages[0](images), training)

    def call_after_first_layer(self, features: Any, training: bool = False) -> Any:
        """Compute everything that follows the first convolution.

        Args:
            features: `(batch, h, w, channels)`, output of the first convolution.
            training: Boolean, whether batch statistics are used and updated.

        Returns:
            Features `(batch, h, w, filters[-1])`.
        """
        first, *later = self.stages_by_layer()
        features = _apply(first[1:], features, training)
        for stages in later:
            inputs = features
            features = _apply(stages, inputs, training)
            if self.skip:
                features = features + inputs
        return features

    def stages_by_layer(self) -> list[list[keras.layers.Layer]]:
        """Return the list of stages of each layer."""
        per_layer = 4 if self.separable else 3
        first = len(self.stages) - per_layer * (len(self.filters) - 1)
        layers = [self.stages[:first]]
        for start in range(first, len(self.stages), per_layer):
            layers.append(self.stages[start : start + per_layer])
        return layers

    def compute_output_shape(self, input_shape):
        for stage in self.stages:
            input_shape = stage.compute_output_shape(input_shape)
        return input_shape

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_sizes": self.kernel_sizes,
            "activation": self.activation,
            "first_activation": self.first_activation,
            "pool_size": self.pool_size,
            "laplacian": self.laplacian,
            "group_sparsity": self.group_sparsity,
            "separable": self.separable,
            "dilation": self.dilation,
            "skip": self.skip,
        }


def _apply(stages, features, training):
    for stage in stages:
        if isinstance(stage, keras.layers.BatchNormalization):
            features = stage(features, training=training)
        else:
            features = stage(features)
    return features

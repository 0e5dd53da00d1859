"""Cores: images -> features shared by all neurons."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from v1keras.models.layers.batch_normalization import batch_norm
from v1keras.models.layers.depthwise_conv import DepthwiseConv2D
from v1keras.models.layers.divisive_normalization import DivisiveNormalization
from v1keras.models.regularizers import GroupSparsity, Laplacian


@keras.saving.register_keras_serializable(package="v1keras")
class OnOff(keras.layers.Layer):
    """Both signs of a linear filter, half-squared and compressed: log(1 + max(x, 0)^2)
    and log(1 + max(-x, 0)^2), side by side.

    Half-squaring is how a simple cell's membrane potential becomes spikes (Heeger 1992,
    Half-squaring in responses of cat striate cells, Visual Neuroscience 9); pooled over
    places, both signs together are the energy of a complex cell (Adelson & Bergen
    1985). The logarithm keeps strong contrasts in bounds.

    Call arguments:
        features: `(batch, h, w, channels)`.

    Returns:
        `(batch, h, w, 2 * channels)`: first the positive signs, then the negative.

    Example:

    >>> import numpy as np
    >>> np.asarray(OnOff()(np.array([[[[1.0, -1.0]]]])), float).ravel().round(
    ...     3
    ... ).tolist()
    [0.693, 0.0, 0.0, 0.693]
    """

    def call(self, features):
        power = ops.log(
            1 + ops.square(features)
        )  # one logarithm serves both signs; ONNX has no log1p
        nothing = ops.zeros_like(power)
        return ops.concatenate(
            [
                ops.where(features > 0, power, nothing),
                ops.where(features < 0, power, nothing),
            ],
            axis=-1,
        )

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])


@keras.saving.register_keras_serializable(package="v1keras")
class StackedCore(keras.layers.Layer):
    """A stack of convolutions, each followed by batch normalisation and a nonlinearity;
    pooling after the first.

    Args:
        filters: channels of each layer.
        kernel_sizes: side of each layer's square kernels, pixels. The first is `valid`,
            the others keep the size.
        activation: name of a Keras activation.
        first_activation: of the first layer: the same, or "on_off" for `OnOff`, which
            doubles its channels, or "divisive" for `DivisiveNormalization`.
        pool_size: average pooling after the first layer; 1 for none.
        separable: whether later layers convolve each channel by itself and then mix
            channels at each place (depth-separable).
        dilation: of the later layers' kernels: every how many pixels they look.
        skip: whether later layers add what they compute to their input; all `filters`
            must be alike.
        laplacian: strength of the `Laplacian` penalty on the first layer's kernels.
        group_sparsity: strength of the `GroupSparsity` penalty on the later layers'
            kernels.

    Call arguments:
        images: `(batch, height, width, channels)`.
        training: whether batch statistics are used and updated.

    Returns:
        Features `(batch, h, w, filters[-1])`.

    Raises:
        ValueError: `filters` and `kernel_sizes` differ in length, `skip` where the
            layers' channels differ, or the image is smaller than the first kernel.

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
        if len(filters) != len(kernel_sizes) or not len(filters):
            raise ValueError(
                f"filters {filters} and kernel_sizes {kernel_sizes}: expected one entry"
                " a layer in both"
            )
        self.filters, self.kernel_sizes = tuple(filters), tuple(kernel_sizes)
        self.activation, self.first_activation, self.pool_size = (
            activation,
            first_activation,
            pool_size,
        )
        self.laplacian, self.group_sparsity = laplacian, group_sparsity
        self.separable, self.dilation, self.skip = separable, dilation, skip
        doubled = self.filters[0] * (2 if first_activation == "on_off" else 1)
        if skip and len({doubled, *self.filters[1:]}) != 1:
            raise ValueError(
                f"skip: the layers' channels are {(doubled, *self.filters[1:])};"
                " expected all alike"
            )
        self.stages = self._first_layer(self.filters[0], self.kernel_sizes[0])
        for i in range(1, len(self.filters)):
            self.stages += self._later_layer(i, self.filters[i], self.kernel_sizes[i])

    def _first_layer(self, channels, side):
        penalty = Laplacian(self.laplacian) if self.laplacian else None
        stages = [
            keras.layers.Conv2D(
                channels,
                side,
                use_bias=False,
                kernel_regularizer=penalty,
                name="conv_0",
            ),
            batch_norm("norm_0"),
            _nonlinearity(self.first_activation, "activation_0"),
        ]
        return stages + (
            [keras.layers.AveragePooling2D(self.pool_size, name="pool")]
            if self.pool_size > 1
            else []
        )

    def _later_layer(self, i, channels, side):
        penalty = GroupSparsity(self.group_sparsity) if self.group_sparsity else None
        wide = {"padding": "same", "use_bias": False, "dilation_rate": self.dilation}
        if self.separable:
            stages = [
                DepthwiseConv2D(side, name=f"depth_{i}", **wide),
                keras.layers.Conv2D(
                    channels,
                    1,
                    use_bias=False,
                    kernel_regularizer=penalty,
                    name=f"conv_{i}",
                ),
            ]
        else:
            stages = [
                keras.layers.Conv2D(
                    channels, side, kernel_regularizer=penalty, name=f"conv_{i}", **wide
                )
            ]
        return [
            *stages,
            batch_norm(f"norm_{i}"),
            _nonlinearity(self.activation, f"activation_{i}"),
        ]

    def build(self, input_shape):
        check_image_size(input_shape, self.kernel_sizes[0], self.pool_size)
        for stage in self.stages:
            stage.build(input_shape)
            input_shape = stage.compute_output_shape(input_shape)

    def call(self, images, training=False):
        return self.after_first(self.stages[0](images), training)

    def after_first(self, features: Any, training: bool = False) -> Any:
        """All that follows the first convolution, from its output `(batch, h, w,
        channels)`.
        """
        for i, layer in enumerate(self.by_layer()):
            before = features
            for stage in layer if i else layer[1:]:
                norm = isinstance(stage, keras.layers.BatchNormalization)
                features = (
                    stage(features, training=training) if norm else stage(features)
                )
            if self.skip and i:
                features = features + before
        return features

    def by_layer(self) -> keras.Model:
        """The stages of each layer, a list of lists."""
        each = 4 if self.separable else 3
        first = len(self.stages) - each * (len(self.filters) - 1)
        return [
            self.stages[:first],
            *(self.stages[i : i + each] for i in range(first, len(self.stages), each)),
        ]

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


def check_image_size(shape, kernel_size, pool_size):
    """Refuses images `(batch, height, width, channels)` that a first kernel and the
    pooling after it leave nothing of.

    Raises:
        ValueError: says how large they must be.
    """
    least = kernel_size + pool_size - 1
    if min(shape[1:3]) < least:
        raise ValueError(
            f"images of {shape[1]} x {shape[2]} pixels; a first kernel of {kernel_size}"
            f" and pooling of {pool_size} need at least {least}"
        )


def _nonlinearity(name, layer_name):
    own = {"on_off": OnOff, "divisive": DivisiveNormalization}
    return (
        own[name](name=layer_name)
        if name in own
        else keras.layers.Activation(name, name=layer_name)
    )

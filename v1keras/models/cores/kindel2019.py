"""`KindelCore`: the network of Kindel et al. 2019, as in their code."""

from typing import Any

import keras

from v1keras.models.argument_checks import (
    MAX_PIXELS,
    check_integer,
    check_number,
    check_smallest_image,
)
from v1keras.models.layers.composite_layer import CompositeLayer


@keras.saving.register_keras_serializable(package="v1keras")
class KindelCore(CompositeLayer):
    """Two convolutions and a dense layer on raw pixels.

    With a `DenseReadout` of ReLU it is the paper's network, one for each session: conv
    16, ReLU, max-pool 3/2, conv 32, ReLU, max-pool 3/2, dense 300, ReLU, dropout.
    Convolution weights start truncated normal with a standard deviation of 0.1, the
    dense layer's with 0.1 / sqrt(inputs), biases at 0.

    Args:
        kernel_size: Integer, side of both convolutions' kernels in pixels: 3 in the
            paper of 2019, 7 in the code of 2018.
        dropout: Float, fraction of the dense layer's outputs that is dropped in
            training: 0.35 in 2019, 0 in 2018.
        seed: Integer, seed of the initial weights and of the dropout.

    Call arguments:
        images: `(batch, height, width, 1)`.
        training: Boolean, whether outputs are dropped.

    Returns:
        Features `(batch, 300)`.

    Raises:
        ValueError: `kernel_size` below 1, `dropout` outside [0, 1), or an image that is
            smaller than the first kernel.

    Reference: Kindel, Christensen & Zylberberg 2019 (Journal of Vision 19(4):29), and
    github.com/jzlab/v1_predictor.

    Example:

    >>> import numpy as np
    >>> tuple(KindelCore()(np.zeros((2, 33, 33, 1), "float32")).shape)
    (2, 300)
    """

    def __init__(
        self,
        kernel_size: int = 3,
        dropout: float = 0.35,
        seed: int = 0,
        name: str = "core",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.kernel_size = check_integer("kernel_size", kernel_size, 1, MAX_PIXELS)
        check_number("dropout", dropout)
        if dropout >= 1:
            raise ValueError(f"dropout: found {dropout}, expected a number below 1")
        self.dropout, self.seed = dropout, seed
        self.stages = []
        for i, filters in enumerate((16, 32)):
            initializer = keras.initializers.TruncatedNormal(stddev=0.1, seed=seed + i)
            self.stages += [
                keras.layers.Conv2D(
                    filters,
                    kernel_size,
                    activation="relu",
                    kernel_initializer=initializer,
                    data_format="channels_last",
                    dtype=self.dtype_policy,
                    name=f"conv_{i}",
                ),
                keras.layers.MaxPooling2D(
                    3,
                    strides=2,
                    data_format="channels_last",
                    dtype=self.dtype_policy,
                    name=f"pool_{i}",
                ),
            ]
        flatten = keras.layers.Flatten(
            data_format="channels_last", dtype=self.dtype_policy, name="flat"
        )
        self.stages.append(flatten)
        self.dense = keras.layers.Dense(
            300, activation="relu", dtype=self.dtype_policy, name="dense"
        )
        self.drop = keras.layers.Dropout(
            dropout, seed=seed, dtype=self.dtype_policy, name="drop"
        )

    def sub_layers(self) -> list[keras.layers.Layer]:
        return [*self.stages, self.dense, self.drop]

    def build(self, input_shape):
        check_smallest_image(input_shape, self.kernel_size, 3)
        sizes = (None, *input_shape[1:])
        self.input_spec = keras.layers.InputSpec(shape=sizes, name="images")
        for stage in self.stages:
            stage.build(input_shape)
            input_shape = stage.compute_output_shape(input_shape)
        self.dense.kernel_initializer = keras.initializers.TruncatedNormal(
            stddev=0.1 * input_shape[-1] ** -0.5, seed=self.seed + 2
        )
        self.dense.build(input_shape)
        self.drop.build((None, 300))

    def call(self, images, training=False):
        features = images
        for stage in self.stages:
            features = stage(features)
        return self.drop(self.dense(features), training=training)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 300)

    def get_config(self):
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "dropout": self.dropout,
            "seed": self.seed,
        }

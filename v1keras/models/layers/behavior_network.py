"""The network in `Shifter` and `GainModulator`."""

import keras
import numpy as np
from keras import ops

from v1keras.models.argument_checks import MAX_CHANNELS, check_integers
from v1keras.models.layers.composite_layer import CompositeLayer


class BehaviorNetwork(CompositeLayer):
    """A perceptron of a covariate, less its output at the covariate's mean.

    Without that difference a shift could not be distinguished from other places, nor a
    gain from larger weights. The last layer starts at zero.

    Args:
        outputs: Integer, number of outputs.
        column: String, name of the covariate.
        mean: Sequence of floats, mean of each value over the training images.
        std: Sequence of floats, their standard deviations, > 0.
        hidden: Sequence of integers, units of each hidden layer.
        last_activation: String, name of the last layer's Keras activation.
        seed: Integer, seed of the initial weights.
    """

    def __init__(
        self, outputs, column, mean, std, hidden, last_activation, seed, name, **kwargs
    ):
        super().__init__(name=name, **kwargs)
        self.column, self.seed = column, seed
        self.hidden = check_integers("hidden", hidden, 1, MAX_CHANNELS)
        self.mean = np.atleast_1d(np.asarray(mean, "float32"))
        self.std = np.atleast_1d(np.asarray(std, "float32"))
        matching = self.mean.ndim == 1 and self.std.shape == self.mean.shape
        if not matching or not (self.std > 0).all():
            raise ValueError(
                f"mean {self.mean.tolist()} and std {self.std.tolist()} of {column}:"
                " expected one of each per value, std above 0"
            )
        self.width = self.mean.size
        self.stages = []
        for i, units in enumerate(self.hidden):
            initializer = keras.initializers.GlorotUniform(seed=seed + i)
            layer = keras.layers.Dense(
                units,
                "tanh",
                kernel_initializer=initializer,
                dtype=self.dtype_policy,
                name=f"hidden_{i}",
            )
            self.stages.append(layer)
        # Without a bias, which the difference would cancel.
        last = keras.layers.Dense(
            outputs,
            last_activation,
            use_bias=False,
            kernel_initializer="zeros",
            dtype=self.dtype_policy,
            name="last",
        )
        self.stages.append(last)

    def sub_layers(self) -> list[keras.layers.Layer]:
        return self.stages

    def build(self, input_shape):
        shape = (None, self.width)
        for stage in self.stages:
            stage.build(shape)
            shape = (None, stage.units)

    def call(self, behavior):
        outputs = (behavior - self.mean) / self.std
        mean_outputs = ops.zeros((1, self.width), self.compute_dtype)
        for stage in self.stages:
            outputs, mean_outputs = stage(outputs), stage(mean_outputs)
        return outputs - mean_outputs

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.stages[-1].units)

    def get_config(self):
        return super().get_config() | {
            "column": self.column,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "hidden": self.hidden,
            "seed": self.seed,
        }

"""Behaviour in a model: a readout whose places move with the eye, and whose rates are
scaled by what the animal does.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


class _BehaviorNetwork(keras.layers.Layer):
    """A small network of what was measured beside an image, less what it gives for the
    mean of the training images.

    Without that difference a shift could not be told from other places, nor a gain from
    larger weights. The last layer begins at zero.
    """

    def __init__(
        self, outputs, column, mean, std, hidden, last_activation, seed, name, **kwargs
    ):
        super().__init__(name=name, **kwargs)
        self.column, self.hidden, self.seed = column, tuple(hidden), seed
        self.mean, self.std = (
            np.atleast_1d(np.asarray(each, "float32")) for each in (mean, std)
        )
        if (
            self.mean.ndim != 1
            or self.std.shape != self.mean.shape
            or not (self.std > 0).all()
        ):
            raise ValueError(
                f"mean {self.mean.tolist()} and std {self.std.tolist()} of {column}:"
                " expected one each a value, std above 0"
            )
        self.width = self.mean.size
        starts = [
            keras.initializers.GlorotUniform(seed=seed + i)
            for i in range(len(self.hidden))
        ]
        self.stages = [
            keras.layers.Dense(
                count, "tanh", kernel_initializer=start, name=f"hidden_{i}"
            )
            for i, (count, start) in enumerate(zip(self.hidden, starts, strict=True))
        ]
        # Without a bias, which the difference would cancel.
        self.stages.append(
            keras.layers.Dense(
                outputs,
                last_activation,
                use_bias=False,
                kernel_initializer="zeros",
                name="last",
            )
        )

    def build(self, input_shape):
        shape = (None, self.width)
        for stage in self.stages:
            stage.build(shape)
            shape = (None, stage.units)

    def call(self, behavior):
        found, mean = (behavior - self.mean) / self.std, ops.zeros((1, self.width))
        for stage in self.stages:
            found, mean = stage(found), stage(mean)
        return found - mean

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.stages[-1].units)

    def get_config(self):
        own = {
            "column": self.column,
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "hidden": self.hidden,
            "seed": self.seed,
        }
        return super().get_config() | own


@keras.saving.register_keras_serializable(package="v1keras")
class Shifter(_BehaviorNetwork):
    """Where the eye looks -> how far the places that all neurons read move: f(z) -
    f(0), f a perceptron with tanh in every layer.

    z is the position less its mean over the training images, over its standard
    deviation. So the shift is zero at the mean position.

    Args:
        column: name of the recording's column, `(n, 2)` in any unit, and of the model's
            input.
        mean: `(2,)` of the training images ...
        std: `(2,)` ... and their standard deviation, > 0.
        hidden: units of each hidden layer.
        seed: of the initial weights.

    Call arguments:
        position: `(batch, 2)` in the column's unit.

    Returns:
        `(batch, 2)` rows and columns, where the features reach from -1 to 1.

    Raises:
        ValueError: mean and standard deviation don't fit.

    Reference: Lurz et al. 2021 (ICLR) for the readout; Willeke et al. 2022 (arXiv
        2206.08666), whose baseline has two hidden layers of five.

    Example:

    >>> import numpy as np
    >>> shifter = Shifter("pupil_center", mean=[300.0, 200.0], std=[20.0, 10.0])
    >>> np.asarray(shifter(np.array([[300.0, 200.0]], "float32"))).tolist()
    [[0.0, 0.0]]
    """

    def __init__(
        self,
        column: str,
        mean: Sequence[float],
        std: Sequence[float],
        hidden: Sequence[int] = (5, 5),
        seed: int = 0,
        name: str = "shifter",
        **kwargs: Any,
    ) -> None:
        super().__init__(2, column, mean, std, hidden, "tanh", seed, name, **kwargs)


@keras.saving.register_keras_serializable(package="v1keras")
class GainModulator(_BehaviorNetwork):
    """What the animal does -> by how much each neuron's rate is multiplied: exp(f(z) -
    f(0)), f a perceptron, tanh but in the last layer.

    z is the behaviour less its mean over the training images, over its standard
    deviation. So the gain is 1 at the mean behaviour.

    Args:
        neurons: how many.
        column: name of the recording's column, `(n, k)` in any units (pupil dilation,
            its derivative, running speed), and of the model's input.
        mean: `(k,)` of the training images ...
        std: `(k,)` ... and their standard deviation, > 0.
        hidden: units of each hidden layer.
        seed: of the initial weights.

    Call arguments:
        behavior: `(batch, k)` in the column's units.

    Returns:
        Gains `(batch, neurons)`, > 0.

    Raises:
        ValueError: mean and standard deviation don't fit.

    Reference: Sinz et al. 2018 (NeurIPS), who modulate a network's output by a
        perceptron of pupil and running; Niell & Stryker 2010 (Neuron 65:472) for the
        gain of running mice.

    Example:

    >>> import numpy as np
    >>> modulator = GainModulator(3, "running", mean=[2.0], std=[5.0])
    >>> np.asarray(
    ...     modulator(np.array([[2.0], [9.0]], "float32"))
    ... ).tolist()  # untrained: 1 for all
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        neurons: int,
        column: str,
        mean: Sequence[float],
        std: Sequence[float],
        hidden: Sequence[int] = (5,),
        seed: int = 0,
        name: str = "modulator",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            neurons, column, mean, std, hidden, "linear", seed, name, **kwargs
        )
        self.neurons = neurons

    def call(self, behavior):
        return ops.exp(super().call(behavior))

    def get_config(self):
        return super().get_config() | {"neurons": self.neurons}


@keras.saving.register_keras_serializable(package="v1keras", name="BehavingReadout")
class CovariateReadout(keras.layers.Layer):
    """A readout whose places are shifted by the eye's position, or whose rates are
    multiplied by a gain of behaviour, or both.

    Args:
        readout: the readout at the mean position and behaviour; with a shifter, a
            `GaussianReadout`.
        shifter: a `Shifter`, or None.
        modulator: a `GainModulator`, or None.

    Call arguments:
        features: `(batch, h, w, channels)`.
        behavior: dict, the columns of shifter and modulator -> `(batch, k)` each.
        training: whether the readout draws places.

    Returns:
        Rates `(batch, neurons)`, expected spikes per presentation.

    Raises:
        ValueError: neither is given, or they don't fit the readout.

    Example:

    >>> import numpy as np
    >>> readout = CovariateReadout(
    ...     GaussianReadout(3), Shifter("pupil_center", [0.0, 0.0], [1.0, 1.0])
    ... )
    >>> tuple(
    ...     readout(
    ...         np.zeros((2, 8, 8, 16), "float32"),
    ...         {"pupil_center": np.zeros((2, 2), "float32")},
    ...     ).shape
    ... )
    (2, 3)
    """

    def __init__(
        self,
        readout: keras.Layer,
        shifter: Shifter | None = None,
        modulator: GainModulator | None = None,
        name: str = "readout",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if shifter is None and modulator is None:
            raise ValueError(
                "neither a shifter nor a modulator: expected one of them; the readout"
                " alone needs no other around it"
            )
        if shifter is not None and not hasattr(readout, "positions"):
            raise ValueError(
                f"a shifter with a {type(readout).__name__}: expected a"
                " GaussianReadout, which reads at places"
            )
        if modulator is not None and modulator.neurons != readout.neurons:
            raise ValueError(
                f"gains of {modulator.neurons} neurons with a readout of"
                f" {readout.neurons}: expected as many"
            )
        self.readout, self.shifter, self.modulator, self.neurons = (
            readout,
            shifter,
            modulator,
            readout.neurons,
        )

    @property
    def covariates(self) -> dict[str, int]:
        """Dict, name of each covariate -> number of its values per image."""
        return {part.column: part.width for part in self._parts()}

    def covariate_statistics(self) -> dict[str, tuple[list[float], list[float]]]:
        """Return (mean, standard deviation) of each covariate over training images."""
        return {
            part.column: (part.mean.tolist(), part.std.tolist())
            for part in self._parts()
        }

    def receptive_field_centers(self, feature_size):
        """Return the centers of the readout at the mean eye position."""
        centers = getattr(self.readout, "receptive_field_centers", None)
        return None if centers is None else centers(feature_size)

    def _parts(self):
        return [part for part in (self.shifter, self.modulator) if part is not None]

    def build(self, input_shape):
        parts = [(self.readout, input_shape)]
        parts += [(part, (None, part.width)) for part in self._parts()]
        for part, shape in parts:
            if not part.built:  # one that was read from a file is
                part.build(shape)

    def start_at(self, mean_rates: np.ndarray) -> None:
        """Lets the untrained readout answer near `mean_rates` `(neurons,)` at the mean
        behaviour.
        """
        self.readout.start_at(mean_rates)

    def call(self, features, behavior, training=False):
        more = {"training": training} if hasattr(self.readout, "positions") else {}
        if self.shifter is not None:
            more["shift"] = self.shifter(behavior[self.shifter.column])
        rates = self.readout(features, **more)
        return (
            rates
            if self.modulator is None
            else rates * self.modulator(behavior[self.modulator.column])
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        parts = {
            "readout": self.readout,
            "shifter": self.shifter,
            "modulator": self.modulator,
        }
        return super().get_config() | {
            name: part and keras.saving.serialize_keras_object(part)
            for name, part in parts.items()
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            name: config[name] and keras.saving.deserialize_keras_object(config[name])
            for name in ("readout", "shifter", "modulator")
        }
        return cls(**config | parts)

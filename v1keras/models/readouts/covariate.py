"""`CovariateReadout`: a readout that eye position and behavior modulate."""

from typing import Any

import keras
import numpy as np

from v1keras.models.layers.gain_modulator import GainModulator
from v1keras.models.layers.shifter import Shifter

_PARTS = ("readout", "shifter", "modulator")


@keras.saving.register_keras_serializable(package="v1keras", name="BehavingReadout")
class CovariateReadout(keras.layers.Layer):
    """Shift a readout's places by eye position, or scale its rates by behavior.

    Args:
        readout: Layer, the readout at the mean position and behavior; with a shifter, a
            `GaussianReadout`.
        shifter: `Shifter`, or None.
        modulator: `GainModulator`, or None.

    Call arguments:
        features: `(batch, h, w, channels)`.
        behavior: Dict, the columns of shifter and modulator -> `(batch, k)` each.
        training: Boolean, whether the readout draws places.

    Returns:
        Rates `(batch, neurons)`, expected spikes per presentation.

    Raises:
        ValueError: Neither part is given, or they do not fit the readout.

    Example:

    >>> import numpy as np
    >>> shifter = Shifter("pupil_center", [0.0, 0.0], [1.0, 1.0])
    >>> readout = CovariateReadout(GaussianReadout(3), shifter)
    >>> features = np.zeros((2, 8, 8, 16), "float32")
    >>> behavior = {"pupil_center": np.zeros((2, 2), "float32")}
    >>> tuple(readout(features, behavior).shape)
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
        super().__init__(name=name, **{"dtype": "float32"} | kwargs)
        if shifter is None and modulator is None:
            raise ValueError(
                "shifter, modulator: found neither, expected at least one; the readout"
                " itself needs none"
            )
        if shifter is not None and not hasattr(readout, "positions"):
            raise ValueError(
                f"readout: found a {type(readout).__name__} with a shifter, expected a"
                " GaussianReadout, which reads at places"
            )
        if modulator is not None and modulator.neurons != readout.neurons:
            raise ValueError(
                f"modulator: found gains of {modulator.neurons} neurons with a readout"
                f" of {readout.neurons}, expected as many"
            )
        self.readout, self.shifter, self.modulator = readout, shifter, modulator
        self.neurons = readout.neurons
        self.output_scale = getattr(readout, "output_scale", None)
        self.output_offset = getattr(readout, "output_offset", None)

    @property
    def covariates(self) -> dict[str, int]:
        """Dict, name of each covariate -> number of its values per image."""
        return {part.column: part.width for part in self._networks()}

    def covariate_statistics(self) -> dict[str, tuple[list[float], list[float]]]:
        """Return (mean, standard deviation) of each covariate over training images."""
        statistics = {}
        for part in self._networks():
            statistics[part.column] = part.mean.tolist(), part.std.tolist()
        return statistics

    def receptive_field_centers(self, feature_size: tuple[int, int]) -> Any:
        """Return the centers of the readout at the mean eye position."""
        centers = getattr(self.readout, "receptive_field_centers", None)
        return None if centers is None else centers(feature_size)

    def _networks(self):
        return [part for part in (self.shifter, self.modulator) if part is not None]

    def build(self, input_shape):
        shapes = [(self.readout, input_shape)]
        shapes += [(part, (None, part.width)) for part in self._networks()]
        for part, shape in shapes:
            # Parts that were read from a file are built.
            if not part.built:
                part.build(shape)

    def initialize_rates(self, mean_rates: np.ndarray) -> None:
        """Set the biases so that the untrained readout responds near given rates.

        Args:
            mean_rates: `(neurons,)` rates at the mean behavior; NaN counts as 1.
        """
        self.readout.initialize_rates(mean_rates)

    def call(self, features, behavior, training=False):
        options = {}
        if hasattr(self.readout, "positions"):
            options["training"] = training
        if self.shifter is not None:
            options["shift"] = self.shifter(behavior[self.shifter.column])
        rates = self.readout(features, **options)
        if self.modulator is None:
            return rates
        gains = self.modulator(behavior[self.modulator.column])
        if self.output_offset is None:
            return rates * gains
        # The gain is one of activity, which is not 0 where the unit has its zero.
        return self.output_offset + (rates - self.output_offset) * gains

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.neurons)

    def get_config(self):
        config = super().get_config()
        for name in _PARTS:
            part = getattr(self, name)
            config[name] = part and keras.saving.serialize_keras_object(part)
        return config

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for name in _PARTS:
            part = config[name]
            config[name] = part and keras.saving.deserialize_keras_object(part)
        return cls(**config)


# Keras names a layer's group in files of weights after its class; files written before
# the class was renamed must still fit.
CovariateReadout.__name__ = "BehavingReadout"

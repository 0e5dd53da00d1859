"""`NoiseModel`: what all noise models share, the unit of the responses."""

from typing import Any

import keras
import numpy as np

from v1keras.training.scaled_distribution import ScaledDistribution


class NoiseModel(keras.layers.Layer):
    """The distribution of a response around its rate, in any unit.

    It is that of `(response - output_offset) / output_scale`, which is about 1 on
    average, as spike counts are: noise learned per neuron does not depend on the unit.
    """

    nonnegative: bool
    output_scale: np.ndarray | None = None
    output_offset: np.ndarray | None = None

    def __init__(self, **kwargs: Any) -> None:
        # Not the dtype of a user's global policy.
        super().__init__(**{"dtype": "float32"} | kwargs)

    def set_unit(self, output_scale: Any, output_offset: Any) -> None:
        """Set the scale and the offset of each neuron's responses, or None for none."""
        for name, values in (("scale", output_scale), ("offset", output_offset)):
            values = None if values is None else np.asarray(values, "float32")
            setattr(self, f"output_{name}", values)

    def in_spikes(self, values: Any) -> Any:
        """Return responses or rates `(batch, neurons)` less their scale and offset."""
        if self.output_offset is not None:
            values = values - self.output_offset
        if self.output_scale is not None:
            values = values / self.output_scale
        return values

    def noise(self, rates: Any) -> Any:
        """Return the distribution for rates without scale and offset."""
        raise NotImplementedError

    def distribution(self, rates: Any) -> Any:
        """Return the distribution for rates in the unit of the responses."""
        noise = self.noise(self.in_spikes(rates))
        if self.output_scale is None and self.output_offset is None:
            return noise
        scale = 1.0 if self.output_scale is None else self.output_scale
        offset = 0.0 if self.output_offset is None else self.output_offset
        return ScaledDistribution(noise, scale, offset)

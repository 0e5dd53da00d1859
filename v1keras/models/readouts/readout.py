"""`Readout`: what all readouts share, the unit of their neurons' responses."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.argument_checks import check_neuron_count
from v1keras.models.readouts.initial_rates import clip_rates


class Readout(keras.layers.Layer):
    """A layer from features to the rates of neurons, in the unit of their responses.

    A readout computes rates >= 0 that are about 1 on average, as spike counts are.
    Where responses have another unit or sign, the output is `output_offset +
    output_scale * rate`: what a readout learns, its penalties and its noise do not
    depend on the unit.

    Args:
        neurons: Integer, number of neurons.
        output_scale: Sequence of floats `(neurons,)`, not 0; None for 1.
        output_offset: Sequence of floats `(neurons,)`; None for 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: `neurons` below 1, or not a finite scale (offset) for each.
    """

    def __init__(
        self,
        neurons: int,
        output_scale: Sequence[float] | np.ndarray | None = None,
        output_offset: Sequence[float] | np.ndarray | None = None,
        **kwargs: Any,
    ) -> None:
        # Not the dtype of a user's global policy.
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.neurons = check_neuron_count(neurons)
        self.output_scale = self._per_neuron("output_scale", output_scale)
        self.output_offset = self._per_neuron("output_offset", output_offset)
        if self.output_scale is not None and not self.output_scale.all():
            raise ValueError("output_scale: found 0, expected other numbers")

    def _per_neuron(self, name, values):
        if values is None:
            return None
        values = np.asarray(values, "float32")
        if values.shape != (self.neurons,) or not np.isfinite(values).all():
            raise ValueError(
                f"{name}: found {values.shape}, expected a finite number for each of"
                f" {self.neurons} neurons"
            )
        return values

    def in_unit(self, rates: Any, neurons: Any = None) -> Any:
        """Return rates in the unit of the responses.

        Args:
            rates: `(batch, neurons)`, or `(batch,)` of one neuron per row.
            neurons: `(batch,)` integers, index of the neuron of each row, or None.
        """
        for values, combine in (
            (self.output_scale, ops.multiply),
            (self.output_offset, ops.add),
        ):
            if values is not None:
                values = ops.convert_to_tensor(values, rates.dtype)
                if neurons is not None:
                    values = ops.take(values, neurons)
                rates = combine(rates, values)
        return rates

    def in_spikes(self, responses: np.ndarray) -> np.ndarray:
        """Undo `in_unit` for responses `(..., neurons)`."""
        if self.output_offset is not None:
            responses = responses - self.output_offset
        if self.output_scale is not None:
            responses = responses / self.output_scale
        return responses

    def initial_rates(self, mean_responses: np.ndarray) -> np.ndarray:
        """Return what to compute for mean responses `(neurons,)`: above 0, NaN as 1."""
        return clip_rates(self.in_spikes(np.asarray(mean_responses, "float64")))

    def get_config(self):
        config = super().get_config() | {"neurons": self.neurons}
        for name in ("output_scale", "output_offset"):
            values = getattr(self, name)
            config[name] = None if values is None else values.tolist()
        return config


def joined_unit(
    readouts: Sequence[Any],
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the scale and the offset of the neurons of several readouts, or None."""
    unit: list[np.ndarray | None] = []
    for name, default in (("output_scale", 1.0), ("output_offset", 0.0)):
        columns = [getattr(readout, name, None) for readout in readouts]
        if all(column is None for column in columns):
            unit.append(None)
            continue
        filled = []
        for readout, column in zip(readouts, columns, strict=True):
            missing = np.full(readout.neurons, default, "float32")
            filled.append(missing if column is None else column)
        unit.append(np.concatenate(filled))
    return unit[0], unit[1]

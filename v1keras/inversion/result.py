"""`PreferredStimuli`: the result of an inversion."""

import dataclasses
import os
import pathlib
from typing import Any

import h5py
import numpy as np

from v1keras.inversion.contrast import ContrastConstraint
from v1keras.io.atomic import atomic_write, check_disk_space


@dataclasses.dataclass(repr=False)
class PreferredStimuli:
    """The stimulus that drives each neuron of a model most.

    Attributes:
        neurons: `(n,)` indices of the neurons.
        stimuli: `(n, height, width)` float32 in pixel units, the best of each neuron's
            restarts.
        rates: `(n,)` the model's rate to each neuron's stimulus.
        values: `(n,)` objective of each: the rate, unless another was given.
        trace: `(steps, n)` objective during the ascent; once a stimulus has converged,
            its last value is repeated.
        converged: `(n,)` bool.
        no_initial_gradient: `(n,)` bool, true if the objective has no gradient where
            the ascent starts. Such a stimulus is the noise it started from.
        restart_stimuli: `(n, restarts, height, width)` stimuli from all starts, the
            best included.
        restart_values: `(n, restarts)` objective of each.
        contrast: `ContrastConstraint` of the stimuli.
    """

    neurons: np.ndarray
    stimuli: np.ndarray
    rates: np.ndarray
    values: np.ndarray
    trace: np.ndarray
    converged: np.ndarray
    no_initial_gradient: np.ndarray
    restart_stimuli: np.ndarray
    restart_values: np.ndarray
    contrast: ContrastConstraint

    @property
    def patterns(self) -> np.ndarray:
        """`(n, height, width)` stimuli without the grey level."""
        return self.stimuli - self.contrast.grey

    def arrays(self) -> dict[str, np.ndarray]:
        """Return every array by its name."""
        names = [field.name for field in dataclasses.fields(self)]
        return {name: getattr(self, name) for name in names if name != "contrast"}

    def save(
        self, path: str | os.PathLike[str], fields: np.ndarray, **attributes: Any
    ) -> None:
        """Write stimuli, traces and gradient fields to HDF5, a row per neuron.

        Stimuli are in pixel units, rates in expected spikes per presentation.

        Args:
            path: File to write.
            fields: `(n, height, width)` gradient fields.
            **attributes: Values to store as attributes, in addition to the contrast.

        Raises:
            OSError: The file can't be written.
        """
        columns = {
            "stimuli": self.stimuli,
            "neurons": self.neurons,
            "rates": self.rates,
            "trace": self.trace.T,
            "gradient_fields": fields,
            "restarts": self.restart_stimuli,
            "restart_rates": self.restart_values,
        }
        contrast = {
            name: getattr(self.contrast, name)
            for name in ("grey", "norm", "low", "high")
        }
        with atomic_write(pathlib.Path(path)) as temporary:
            check_disk_space(temporary.parent, columns.values())
            with h5py.File(temporary, "w") as file:
                for name, column in columns.items():
                    file.create_dataset(
                        name, data=column, compression="gzip", track_times=False
                    )
                file.attrs.update(contrast | attributes)

    def __repr__(self):
        height, width = self.stimuli.shape[1:]
        return (
            f"<PreferredStimuli of {len(self.neurons)} neurons, {height} x {width}"
            f" pixels, {int(self.converged.sum())} converged>"
        )


def join_chunks(chunks: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join the arrays of several chunks, a row per stimulus; `trace` has columns."""
    joined = {}
    for name in chunks[0]:
        parts = [chunk[name] for chunk in chunks]
        joined[name] = np.concatenate(parts, axis=1 if name == "trace" else 0)
    return joined


def refuse_non_finite(trace: np.ndarray, neurons: np.ndarray) -> None:
    """Raise an error if a rate is not finite.

    Args:
        trace: `(steps, n)` rates.
        neurons: `(n,)` indices of the neurons.

    Raises:
        FloatingPointError: A rate is not finite; the message names neuron and step.
    """
    bad = ~np.isfinite(trace)
    if bad.any():
        step, place = np.argwhere(bad)[0]
        raise FloatingPointError(
            f"the rate of neuron {neurons[place]} is {trace[step, place]} at step"
            f" {step} of the inversion"
        )

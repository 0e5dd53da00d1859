"""What an ascent found."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Inversion:
    """What an inversion found.

    Args:
        neurons: `(n,)` indices.
        stimuli: `(n, height, width)` float32, in pixel units: the best of each neuron's
            restarts.
        rates: `(n,)` the model's rate to each neuron's stimulus.
        values: `(n,)` the objective there; the rate, unless another was given.
        trace: `(steps, n)` the objective on the way; the last value goes on once a
            stimulus has converged.
        converged: `(n,)` bool.
        dead: `(n,)` bool: the objective has no gradient where the ascent starts. The
            stimulus is the noise it started from.
        restarts: `(n, restarts, height, width)` the stimuli from all starts, the best
            included.
        restart_values: `(n, restarts)` the objective of each.
    """

    neurons: np.ndarray
    stimuli: np.ndarray
    rates: np.ndarray
    values: np.ndarray
    trace: np.ndarray
    converged: np.ndarray
    dead: np.ndarray
    restarts: np.ndarray
    restart_values: np.ndarray


def refuse_non_finite(trace: np.ndarray, neurons: np.ndarray) -> None:
    """Raises a `FloatingPointError` where a rate `(steps, neurons)` is no number."""
    bad = ~np.isfinite(trace)
    if bad.any():
        step, place = np.argwhere(bad)[0]
        raise FloatingPointError(
            f"the rate of neuron {neurons[place]} is {trace[step, place]} at step"
            f" {step} of the inversion"
        )

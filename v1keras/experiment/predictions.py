"""`Predictions`: what a model says of a set before the experiment."""

import dataclasses
import pathlib

import numpy as np

from v1keras.io.archives import Folder

PREDICTIONS = "predictions.npz"


@dataclasses.dataclass
class Predictions:
    """Rates that a model predicts for every stimulus and neuron of a set.

    Those for images that are shifted or shown by a wrong screen are what the second day
    would look like if the eye, or the screen, were not as assumed.

    Attributes:
        rates: `(stimuli, neurons)` predicted rates.
        shifts: `(k, 2)` pixels by which images are moved down and to the right.
        shifted: `(k, stimuli, neurons)` rates to them.
        exponents: `(g,)` powers of the luminance of a wrong screen.
        distorted: `(g, stimuli, neurons)` rates to what it shows.
        first_day: `(stimuli, neurons)` responses measured on the first day, NaN where a
            stimulus is no image of that day.
    """

    rates: np.ndarray
    shifts: np.ndarray
    shifted: np.ndarray
    exponents: np.ndarray
    distorted: np.ndarray
    first_day: np.ndarray

    def save(self, path: pathlib.Path) -> None:
        """Write the arrays to one .npz."""
        arrays = {}
        for field in dataclasses.fields(self):
            arrays[field.name] = getattr(self, field.name).astype(np.float32)
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: pathlib.Path, stimuli: int, neurons: int) -> "Predictions":
        """Read the arrays, which must be of so many stimuli and neurons.

        Raises:
            ValueError: The file is malformed, or of another set.
        """
        arrays = {}
        with Folder(path) as members:
            for field in dataclasses.fields(cls):
                name = f"{field.name}.npy"
                if name not in members:
                    raise ValueError(f"{path}: has no array {field.name!r}")
                arrays[field.name] = members.npy(name)
                if arrays[field.name].dtype != np.float32:
                    raise ValueError(f"{path}: {field.name}: expected float32")
        shapes = {
            "rates": (stimuli, neurons),
            "shifts": (len(arrays["shifts"]), 2),
            "shifted": (len(arrays["shifts"]), stimuli, neurons),
            "exponents": (len(arrays["exponents"]),),
            "distorted": (len(arrays["exponents"]), stimuli, neurons),
            "first_day": (stimuli, neurons),
        }
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                raise ValueError(
                    f"{path}: {name}: found {arrays[name].shape}, expected {shape}"
                )
        _check_values(path, arrays)
        return cls(**arrays)


def _check_values(path, arrays):
    """Refuse what no model predicts, or for no shift or screen."""
    for name in ("rates", "shifts", "shifted", "exponents", "distorted"):
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{path}: {name}: expected numbers, found others")
    shifts, exponents = arrays["shifts"], arrays["exponents"]
    distances = np.abs(shifts).max(axis=1)
    step = distances[distances > 0].min(initial=np.inf)
    around = np.unique(np.sign(shifts[distances <= step]), axis=0)
    if (distances == 0).sum() != 1 or len(around) != 9:
        raise ValueError(f"{path}: shifts: expected a grid around no shift")
    if not (exponents > 0).all() or not {-1, 1} <= set(np.sign(exponents - 1)):
        raise ValueError(
            f"{path}: exponents: expected numbers above 0 on both sides of 1"
        )

"""`Recording`: images and responses of one population, in memory and in HDF5."""

import copy
import dataclasses
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.data.covariates import covariate
from v1keras.data.recording_file import DATASETS, GROUPS, read, reading, write
from v1keras.data.validation import (
    ATTRIBUTES,
    SPLITS,
    validate,
    validate_split,
)


@dataclasses.dataclass(repr=False)
class Recording:
    """Images shown to a population of neurons, and what the neurons answered.

    Args:
        images: `(n, height, width)` uint8 or float32, in pixel units.
        responses: `(n, neurons)` float32, the mean over presentations; NaN = not
            recorded.
        split: `(n,)` int8: 0 train, 1 validation, 2 test, -1 unassigned (where left
            out).
        repeats: `(n_r, n_repeats, neurons)` float32, single presentations of some
            images.
        repeat_images: `(n_r,)` the index in `images` of each entry of `repeats`.
        image_group: `(n,)` integers; images of one group (crops of one photograph, say)
            belong on one side of a split.
        neuron_session: `(neurons,)` strings: in which session each neuron was recorded.
        neurons: further columns, each an array of one entry a neuron. A column
            `for_tuning` marks neurons that are trained on but left out of reported
            means.
        stimuli: further columns, each an array of one entry an image: its category, a
            grating's orientation, the animal's running speed.
        attributes: facts about the recording; `units` ("spikes per presentation"),
            `window_s` (seconds), `presentations` (how many were averaged into a
            response that has no repeats), and the others of `ATTRIBUTES`.

    Raises:
        ValueError: an array is missing, or has another shape or type than fits; names
            it, what came and what fits.

    Example:

    >>> import numpy as np
    >>> recording = Recording(
    ...     np.zeros((4, 8, 8), "uint8"),
    ...     np.arange(12.0).reshape(4, 3),
    ...     split=[0, 0, 1, 2],
    ... )
    >>> recording.indices("train")
    array([0, 1])
    >>> recording.neuron_count
    3
    """

    images: np.ndarray
    responses: np.ndarray
    split: np.ndarray | None = None
    repeats: np.ndarray | None = None
    repeat_images: np.ndarray | None = None
    image_group: np.ndarray | None = None
    neuron_session: np.ndarray | None = None
    neurons: dict = dataclasses.field(default_factory=dict)
    stimuli: dict = dataclasses.field(default_factory=dict)
    attributes: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        self.validate()

    @property
    def name(self) -> str:
        """The attribute `name`; "recording" where there is none."""
        return self.attributes.get("name", "recording")

    @property
    def neuron_count(self) -> int:
        return self.responses.shape[1]

    @property
    def included(self) -> np.ndarray:
        """`(neurons,)` bool: the neurons that scores are averaged over.

        These are all but those that the column `for_tuning` marks.
        """
        for_tuning = self.neurons.get("for_tuning", np.zeros(self.neuron_count))
        return ~np.asarray(for_tuning, bool)

    @property
    def units_are_counts(self) -> bool:
        """Whether responses are spike counts, which have a Poisson noise estimate."""
        units = self.attributes.get("units", "spikes per presentation")
        return units == "spikes per presentation"

    @property
    def mean_rates_hz(self) -> np.ndarray | None:
        """`(neurons,)` mean response over all images in spikes per second, or None
        without a `window_s`.
        """
        if "window_s" not in self.attributes:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", RuntimeWarning
            )  # an all-NaN neuron's mean is NaN
            return np.nanmean(self.responses, axis=0) / self.attributes["window_s"]

    def validate(self) -> None:
        """Check every array against the others and bring it to the format's type."""
        validate(self)

    def indices(self, split: str) -> np.ndarray:
        """Indices of the images on one side.

        Args:
            split: "train", "validation" or "test".

        Raises:
            ValueError: no image is on that side.
        """
        if split not in SPLITS:
            raise ValueError(
                f"split: found {split!r}, expected one of {', '.join(SPLITS)}"
            )
        found = np.flatnonzero(self.split == SPLITS[split])
        if not found.size:
            counts = {
                name: int(np.sum(self.split == side)) for name, side in SPLITS.items()
            }
            raise ValueError(
                f"recording {self.attributes.get('name', '')!r} has no {split} images"
                f" (it has {counts}): mark some in `split`, or let"
                " --config.data.protocol=paper draw them"
            )
        return found

    def arrays(self, split: str, covariates: Sequence[str] = ()) -> tuple[Any, Any]:
        """Return (inputs, responses) of one side, as `keras.Model.fit` takes them.

        Args:
            split: String, "train", "validation" or "test".
            covariates: Sequence of names of covariates that the model takes.

        Returns:
            Tuple of images `(m, height, width, 1)` float32 in pixel units, or a dict of
            these as `images` and of each covariate, and responses `(m, neurons)`
            float32 with NaN = missing.

        Raises:
            ValueError: No image is on that side, or there is no such covariate.
        """
        indices = self.indices(split)
        inputs = self.images[indices][..., None].astype("float32")
        if covariates:
            inputs = {"images": inputs}
            for name in covariates:
                inputs[name] = covariate(self, name)[indices]
        return inputs, self.responses[indices]

    def __repr__(self):
        count, height, width = self.images.shape
        return (
            f"<Recording {self.name!r}: {self.neuron_count} neurons, {count} images of"
            f" {height} x {width} pixels>"
        )

    def with_split(self, split: np.ndarray) -> "Recording":
        """The same recording with another `(n,)` split."""
        other = copy.copy(self)
        other.split = split
        validate_split(other)
        return other

    def select_neurons(self, chosen: np.ndarray) -> "Recording":
        """The same recording of some neurons.

        Args:
            chosen: `(neurons,)` bool.
        """
        chosen = np.asarray(chosen, bool)
        return dataclasses.replace(
            self,
            responses=self.responses[:, chosen],
            repeats=None if self.repeats is None else self.repeats[:, :, chosen],
            neuron_session=(
                None if self.neuron_session is None else self.neuron_session[chosen]
            ),
            neurons={name: column[chosen] for name, column in self.neurons.items()},
        )

    def save(self, path: str | os.PathLike[str], without: Sequence[str] = ()) -> None:
        """Writes the recording to one HDF5 file, whole or not at all.

        Args:
            path: of the file.
            without: names of datasets that are kept elsewhere.

        Raises:
            OSError: the folder can't be written to, or the disk is full.
        """
        self.validate()
        arrays = {name: getattr(self, name) for name in DATASETS if name not in without}
        arrays |= {
            f"{group}/{name}": column
            for group in GROUPS
            for name, column in getattr(self, group).items()
        }
        write(
            path,
            {name: array for name, array in arrays.items() if array is not None},
            self.attributes,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], **kept: np.ndarray) -> "Recording":
        """Reads a recording.

        Args:
            path: an HDF5 file as `save` writes it.
            **kept: arrays that are kept elsewhere.

        Raises:
            OSError: there is no such file, or it can't be read.
            ValueError: it is no HDF5 file, or breaks the format; names the file, the
                dataset, what came and what fits.
        """
        with reading(path) as file:
            arrays, attributes = read(file, kept)
            return cls(
                **arrays,
                attributes={
                    key: value for key, value in attributes.items() if key in ATTRIBUTES
                },
            )

"""`Recording`: images and responses of one population, in memory and in HDF5."""

import copy
import dataclasses
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.data import recording_file
from v1keras.data.presentations import model_data
from v1keras.data.recording_file import DATASETS, GROUPS
from v1keras.data.validation import (
    ATTRIBUTES,
    COUNTS,
    HERTZ,
    SPLITS,
    count_images,
    validate,
    validate_split,
)


@dataclasses.dataclass(repr=False)
class Recording:
    """Images presented to a population of neurons, and the responses to them.

    Args:
        images: Array `(n, height, width)`, uint8 or float32, in pixel units.
        responses: Float32 array `(n, neurons)`, mean over presentations; NaN where a
            response was not recorded.
        split: Int8 array `(n,)`: 0 train, 1 validation, 2 test, -1 unassigned. Defaults
            to -1 for all.
        repeats: Float32 array `(n_r, n_repeats, neurons)`, single presentations of
            `n_r` of the images.
        repeat_images: Integer array `(n_r,)`, index in `images` of each entry of
            `repeats`.
        image_group: Integer array `(n,)`. Images of one group, such as crops of one
            photograph, belong on one side of a split.
        neuron_session: Array of strings `(neurons,)`, session in which each neuron was
            recorded.
        neurons: Dict of further columns, arrays with one entry per neuron. A column
            `for_tuning` marks neurons that are trained on but left out of reported
            means.
        covariates: Dict of further columns, arrays with one entry per image: its
            category, a grating's orientation, the animal's running speed.
        attributes: Dict of metadata: `units` ("spikes per presentation"), `window_s`
            (seconds), `presentations` (number averaged into a response without
            repeats), and the others of `ATTRIBUTES`.
        repeat_covariates: Dict of covariates of single presentations, arrays `(n_r,
            n_repeats)` or `(n_r, n_repeats, k)`, NaN where there was none: eye position
            in each. `covariates` holds an image's mean under the same name.

    Raises:
        ValueError: An array is missing, or has an unexpected shape or type; names the
            array, what was found and what was expected.

    Example:

    >>> import numpy as np
    >>> recording = Recording(
    ...     np.zeros((4, 8, 8), "uint8"),
    ...     np.arange(12.0).reshape(4, 3),
    ...     split=[0, 0, 1, 2],
    ... )
    >>> recording
    <Recording 'recording': 3 neurons, 4 images of 8 x 8 pixels>
    >>> recording.indices("train")
    array([0, 1])
    """

    images: np.ndarray
    responses: np.ndarray
    split: np.ndarray | None = None
    repeats: np.ndarray | None = None
    repeat_images: np.ndarray | None = None
    image_group: np.ndarray | None = None
    neuron_session: np.ndarray | None = None
    neurons: dict = dataclasses.field(default_factory=dict)
    covariates: dict = dataclasses.field(default_factory=dict)
    attributes: dict = dataclasses.field(default_factory=dict)
    repeat_covariates: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        self.validate()

    @property
    def name(self) -> str:
        """The attribute `name`; "recording" where there is none."""
        return self.attributes.get("name", "recording")

    @property
    def neuron_count(self) -> int:
        """Number of neurons."""
        return self.responses.shape[1]

    @property
    def included(self) -> np.ndarray:
        """`(neurons,)` bool: the neurons that scores are averaged over.

        These are all but those that the column `for_tuning` marks.
        """
        for_tuning = self.neurons.get("for_tuning", np.zeros(self.neuron_count))
        return ~np.asarray(for_tuning, bool)

    @property
    def _units(self):
        """The attribute `units` in small letters; counts where there is none."""
        return self.attributes.get("units", COUNTS).strip().lower()

    @property
    def units_are_counts(self) -> bool:
        """True if responses are spike counts, which have a Poisson noise estimate."""
        return self._units == COUNTS

    @property
    def mean_rates_hz(self) -> np.ndarray | None:
        """`(neurons,)` mean response over all images in spikes per second.

        None unless responses are counts of a known `window_s`, or in Hz.
        """
        window = self.attributes.get("window_s")
        if self._units in HERTZ:
            window = 1.0
        elif not self.units_are_counts:
            window = None
        if window is None:
            return None
        with warnings.catch_warnings():
            # The mean of a neuron without responses is NaN.
            warnings.simplefilter("ignore", RuntimeWarning)
            return np.nanmean(self.responses, axis=0) / window

    def validate(self) -> None:
        """Check every array against the others and bring it to the format's type."""
        validate(self)

    def indices(self, split: str) -> np.ndarray:
        """Return the indices of the images on one side.

        Args:
            split: String, "train", "validation" or "test".

        Raises:
            ValueError: No image is on that side.
        """
        if split not in SPLITS:
            raise ValueError(
                f"split: found {split!r}, expected one of {', '.join(SPLITS)}"
            )
        indices = np.flatnonzero(self.split == SPLITS[split])
        if not indices.size:
            name = self.attributes.get("name", "")
            raise ValueError(
                f"recording {name!r} has no {split} images (it has"
                f" {count_images(self.split)}): mark some in `split`, or let"
                " --config.data.protocol=paper draw them"
            )
        return indices

    def arrays(self, split: str, covariates: Sequence[str] = ()) -> tuple[Any, Any]:
        """Return (inputs, responses) of one side, as `keras.Model.fit` takes them.

        Args:
            split: String, "train", "validation" or "test".
            covariates: Sequence of names of covariates that the model takes.

        Returns:
            Tuple of images `(m, height, width, 1)` float32 in pixel units, or a dict of
            these as `images` and of each covariate, and responses `(m, neurons)`
            float32 with NaN = missing. There is a row per image; or one per
            presentation, where one of the covariates is in `repeat_covariates`.

        Raises:
            ValueError: No image is on that side, or there is no such covariate.

        Example:

        >>> recording = Recording(
        ...     np.zeros((3, 8, 8)), np.arange(6.0).reshape(3, 2), split=[0, 1, 0]
        ... )
        >>> images, responses = recording.arrays("train")
        >>> images.shape, responses.tolist()
        ((2, 8, 8, 1), [[0.0, 1.0], [4.0, 5.0]])
        """
        indices = self.indices(split)
        columns: dict[str, Any] = dict.fromkeys(covariates)
        inputs, responses, _ = model_data(self, indices, columns)
        if not covariates:
            return np.asarray(inputs, "float32"), np.asarray(responses)
        arrays = {name: np.asarray(rows, "float32") for name, rows in inputs.items()}
        return arrays, np.asarray(responses)

    def __repr__(self):
        count, height, width = self.images.shape
        return (
            f"<Recording {self.name!r}: {self.neuron_count} neurons, {count} images of"
            f" {height} x {width} pixels>"
        )

    def with_split(self, split: np.ndarray) -> "Recording":
        """Return the same recording with another split.

        Args:
            split: Array `(n,)` of 0 train, 1 validation, 2 test and -1 unassigned.
        """
        other = copy.copy(self)
        other.split = split
        validate_split(other)
        return other

    def select_neurons(self, chosen: np.ndarray) -> "Recording":
        """Return the same recording of some neurons.

        Args:
            chosen: Bool array `(neurons,)`, True for neurons that remain; or integers,
                indices of the neurons in the order wanted.
        """
        chosen = np.asarray(chosen)
        repeats, sessions = self.repeats, self.neuron_session
        return dataclasses.replace(
            self,
            responses=self.responses[:, chosen],
            repeats=None if repeats is None else repeats[:, :, chosen],
            neuron_session=None if sessions is None else sessions[chosen],
            neurons={name: column[chosen] for name, column in self.neurons.items()},
        )

    def save(self, path: str | os.PathLike[str], without: Sequence[str] = ()) -> None:
        """Write the recording to one HDF5 file, whole or not at all.

        Args:
            path: Path of the file.
            without: Sequence of names of datasets that are stored elsewhere.

        Raises:
            OSError: The folder can't be written to, or the disk is full.
        """
        self.validate()
        arrays = {}
        for name in DATASETS:
            if name not in without and getattr(self, name) is not None:
                arrays[name] = getattr(self, name)
        for group in GROUPS:
            for name, column in getattr(self, group).items():
                arrays[f"{group}/{name}"] = column
        recording_file.write(path, arrays, self.attributes)

    @classmethod
    def load(cls, path: str | os.PathLike[str], **arrays: np.ndarray) -> "Recording":
        """Read a recording.

        Args:
            path: Path of an HDF5 file as `save` writes it.
            **arrays: Arrays of datasets that are stored elsewhere.

        Raises:
            OSError: There is no such file, or it can't be read.
            ValueError: It is not an HDF5 file, or breaks the format; names the file,
                the dataset, what was found and what was expected.
        """
        with recording_file.opened(path) as file:
            contents, attributes = recording_file.read(file, arrays)
            for name in attributes.keys() - ATTRIBUTES.keys():
                del attributes[name]
            return cls(**contents, attributes=attributes)

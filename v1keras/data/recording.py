"""`Recording`: images and responses of one population, in memory and in HDF5."""

import copy
import dataclasses
import os
import warnings
from collections.abc import Sequence

import numpy as np

from v1keras.data.recording_file import DATASETS, GROUPS, read, reading, write
from v1keras.io.atomic import row_blocks

TRAIN, VALIDATION, TEST, UNASSIGNED = 0, 1, 2, -1
SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
# Attributes a file may carry, with their type.
ATTRIBUTES = {
    "name": str,
    "units": str,
    "window_s": float,
    "presentations": int,
    "pixels_per_degree": float,
    "species": str,
    "area": str,
    "technique": str,
    "license": str,
    "citation": str,
    "source": str,
}


@dataclasses.dataclass
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
    def neuron_count(self) -> int:
        return self.responses.shape[1]

    @property
    def reported(self) -> np.ndarray:
        """`(neurons,)` bool: the neurons that means are reported over (all but those
        kept for tuning).
        """
        return ~np.asarray(
            self.neurons.get("for_tuning", np.zeros(self.neuron_count)), bool
        )

    @property
    def hertz(self) -> np.ndarray | None:
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
        """Checks every array against the others and brings it to the format's type."""
        self.images = np.asarray(self.images)
        if self.images.dtype != np.uint8:
            self.images = _numeric(self.images, "images", np.float32)
        expected = (
            "(n, height, width)"
            + ": one grey level a pixel; average the colours, or drop the axis"
            * (self.images.ndim == 4)
        )
        _check(
            self.images.ndim == 3 and self.images.size,
            "images",
            self.images.shape,
            expected,
        )
        if self.images.dtype != np.uint8:
            _check(
                all(np.isfinite(rows).all() for _, rows in row_blocks(self.images)),
                "images",
                "NaN or infinity",
                "finite pixels",
            )
        n = len(self.images)
        self.responses = _numeric(self.responses, "responses", np.float32)
        _check(
            self.responses.ndim == 2
            and len(self.responses) == n
            and self.responses.size,
            "responses",
            self.responses.shape,
            f"({n}, neurons): a row for each of the {n} images"
            + "; transpose them" * (self.responses.shape[1:] == (n,)),
        )
        finite = not any(np.isinf(rows).any() for _, rows in row_blocks(self.responses))
        _check(finite, "responses", "infinity", "finite numbers, or NaN for missing")
        if self.split is None:
            self.split = np.full(n, UNASSIGNED)
        self._validate_split()
        if self.image_group is not None:
            self.image_group = self._column("image_group", n, np.int64)
        self._validate_neurons()
        self._validate_repeats()
        for key, value in self.attributes.items():
            _check(
                key in ATTRIBUTES,
                f"attribute {key}",
                value,
                f"one of {', '.join(ATTRIBUTES)}",
            )
            kind = ATTRIBUTES[key]
            value = (
                value.decode() if isinstance(value, bytes) else value
            )  # as MATLAB writes strings
            try:
                self.attributes[key] = kind(value)
            except (TypeError, ValueError):
                _check(False, f"attribute {key}", repr(value), kind.__name__)
            _check(
                kind is not int or self.attributes[key] == float(value),
                f"attribute {key}",
                value,
                "a whole number",
            )
        for key in {"window_s", "presentations", "pixels_per_degree"} & set(
            self.attributes
        ):
            _check(
                self.attributes[key] > 0,
                f"attribute {key}",
                self.attributes[key],
                "a number above 0",
            )

    def _validate_split(self):
        self.split = self._column("split", len(self.images), np.int8)
        _check(
            np.isin(self.split, [-1, 0, 1, 2]).all(),
            "split",
            np.unique(self.split).tolist(),
            "-1, 0, 1 or 2",
        )

    def _validate_neurons(self):
        count = self.neuron_count
        if self.neuron_session is not None:
            self.neuron_session = np.asarray(self.neuron_session).astype(str)
            _check(
                self.neuron_session.shape == (count,),
                "neuron_session",
                self.neuron_session.shape,
                f"({count},) strings",
            )
        self.neurons = _columns(self.neurons, "neurons", count)
        self.stimuli = _columns(self.stimuli, "stimuli", len(self.images))
        least, most = np.full(count, np.nan), np.full(count, np.nan)
        for _, rows in row_blocks(self.responses):
            least, most = (
                np.fmin(least, np.fmin.reduce(rows)),
                np.fmax(most, np.fmax.reduce(rows)),
            )
        silent, constant = (
            np.flatnonzero(np.isnan(least)),
            np.flatnonzero(most == least),
        )
        if silent.size:
            warnings.warn(
                f"neurons {_some(silent)} have no response at all: kept, but left out"
                " of every mean and counted"
            )
        if constant.size and len(self.images) > 1:
            warnings.warn(
                f"neurons {_some(constant)} answer all images alike: nothing to"
                " predict; kept, left out of means"
            )

    def _validate_repeats(self):
        if (self.repeats is None) != (self.repeat_images is None):
            missing = "repeats" if self.repeats is None else "repeat_images"
            _check(
                False, missing, "nothing", "both repeats and repeat_images, or neither"
            )
        if self.repeats is None:
            return
        self.repeats = _numeric(self.repeats, "repeats", np.float32)
        self.repeat_images = _numeric(self.repeat_images, "repeat_images", np.int64)
        fits = (
            self.repeats.ndim == 3
            and self.repeats.shape[1] > 1
            and self.repeats.shape[2] == self.neuron_count
        )
        _check(
            fits,
            "repeats",
            self.repeats.shape,
            f"(images, two or more repeats, {self.neuron_count} neurons)",
        )
        count = len(self.repeats)
        _check(
            self.repeat_images.shape == (count,),
            "repeat_images",
            self.repeat_images.shape,
            f"({count},)",
        )
        fits = (
            np.unique(self.repeat_images).size == count
            and np.isin(self.repeat_images, np.arange(len(self.images))).all()
        )
        _check(
            fits,
            "repeat_images",
            self.repeat_images.tolist()[:5],
            f"different indices below {len(self.images)}",
        )

    def _column(self, name, length, dtype):
        column = _numeric(getattr(self, name), name, dtype)
        _check(column.shape == (length,), name, column.shape, f"({length},)")
        return column

    def indices(self, split: str) -> np.ndarray:
        """Indices of the images on one side.

        Args:
            split: "train", "validation" or "test".

        Raises:
            ValueError: no image is on that side.
        """
        _check(split in SPLITS, "split", repr(split), f"one of {', '.join(SPLITS)}")
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

    def with_split(self, split: np.ndarray) -> "Recording":
        """The same recording with another `(n,)` split."""
        other = copy.copy(self)
        other.split = split
        other._validate_split()
        return other

    def of_neurons(self, chosen: np.ndarray) -> "Recording":
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


def _columns(columns, group, count):
    """The columns as arrays, strings as NumPy's strings."""
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    arrays = {
        name: column.astype(str) if column.dtype.kind in "OS" else column
        for name, column in arrays.items()
    }
    for name, column in arrays.items():
        _check(
            column.ndim and len(column) == count,
            f"{group}/{name}",
            column.shape,
            f"({count}, ...)",
        )
    return arrays


def _numeric(array, name, dtype):
    array = np.asarray(array)
    _check(
        array.dtype.kind in "biuf",
        name,
        f"type {array.dtype}",
        f"numbers ({np.dtype(dtype)})",
    )
    cast = array.astype(dtype, copy=False)
    whole = np.dtype(dtype).kind != "i" or np.array_equal(cast, array)
    _check(
        whole,
        name,
        array[cast != array].ravel()[:3].tolist() if not whole else "",
        f"whole numbers ({np.dtype(dtype)})",
    )
    return cast


def _check(fits, name, found, expected):
    if not fits:
        raise ValueError(f"{name}: found {found}, expected {expected}")


def _some(indices):
    return ", ".join(map(str, indices[:5])) + (
        f", ... ({len(indices)})" if len(indices) > 5 else ""
    )

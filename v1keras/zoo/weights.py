"""The contents of a weights file, and those that a model needs."""

import contextlib
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import h5py
import keras
import numpy as np

# Keras has no public call that tells under which paths it saves a model's layers.
from keras.src.saving import saving_lib

from v1keras.io.foreign import one_line
from v1keras.zoo.checks import brief
from v1keras.zoo.layout import CONFIG

_MOST_OBJECTS = 200_000
_DEEPEST = 64
# What h5py raises on damaged files.
_DAMAGE = (
    *(OSError, RuntimeError, KeyError, TypeError, AttributeError, MemoryError),
    *(ValueError, OverflowError, RecursionError),
)

# Path of each layer -> its name and the shapes of its weights, in words.
Layers = dict[str, str]


class WeightsFile:
    """The structure of a weights file, whose values are not read.

    Only groups and plain datasets of numbers are accepted: no link but a hard one, no
    dataset in other files or of other datasets, no filter, and nothing twice.

    Args:
        path: Path of the file.

    Attributes:
        layers: Dict, path of each layer -> its name and shapes.
        groups: Set of strings, paths of all groups.
        size: Integer, number of values in all datasets.

    Raises:
        ValueError: The file holds something else, or is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path)
        self.layers: Layers = {}
        self.groups: set[str] = set()
        self.size = 0
        self._addresses: set[int] = set()
        bytes_in_file = self.path.stat().st_size
        with _one_line_errors(self.path), h5py.File(self.path, "r") as file:
            self._visit(file, "", 0)
        if self.size > bytes_in_file:
            raise ValueError(
                f"{self.path} states {self.size:,} values in {bytes_in_file:,} bytes"
            )

    def _visit(self, group, place, depth):
        self._note(group, place)
        if depth > _DEEPEST:
            raise _Refused(f"groups more than {_DEEPEST} deep")
        shapes = {}
        for key in group:
            where = f"{place}/{key}" if place else key
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise _Refused(f"{where} is a link; expected a group or a dataset")
            item = group[key]
            if isinstance(item, h5py.Group):
                self.groups.add(where)
                self._visit(item, where, depth + 1)
            elif isinstance(item, h5py.Dataset):
                self._note(item, where)
                shapes[key] = self._shape(item, where)
            else:
                raise _Refused(f"{where} is neither a group nor a dataset")
        self._add_layer(group, place, shapes)

    def _note(self, item, where):
        """Refuse an object that was met before."""
        address = h5py.h5o.get_info(item.id).addr
        if address in self._addresses or len(self._addresses) >= _MOST_OBJECTS:
            raise _Refused(f"{brief(where)} is there twice, or one of too many")
        self._addresses.add(address)

    def _shape(self, dataset, where):
        """Return the shape of a dataset that lies in this file, whole and plain."""
        creation = dataset.id.get_create_plist()
        plain = (
            creation.get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
            and creation.get_external_count() == 0
            and creation.get_nfilters() == 0
        )
        numeric = dataset.dtype.kind in "fiu" and dataset.dtype.fields is None
        if not plain or not numeric or dataset.shape is None or len(dataset.attrs):
            raise _Refused(f"{where} is not a plain dataset of numbers in this file")
        needed = dataset.size * dataset.dtype.itemsize
        if dataset.id.get_storage_size() != needed:
            raise _Refused(f"{where} lacks values")
        self.size += dataset.size
        return dataset.shape

    def _add_layer(self, group, place, shapes):
        names = dict(group.attrs)
        if place.rpartition("/")[2] != "vars":
            if names or shapes:
                raise _Refused(f"{place or 'the file'} is not a layer, but has values")
            return
        if sorted(shapes) != sorted(map(str, range(len(shapes)))):
            raise _Refused(f"{place} has the datasets {brief(sorted(shapes))}")
        if set(names) - {"name"} or not isinstance(names.get("name", ""), str):
            raise _Refused(f"{place} has attributes other than a name")
        in_order = [shapes[str(i)] for i in range(len(shapes))]
        self.layers[place.removesuffix("vars").rstrip("/")] = _in_words(
            names.get("name"), in_order
        )

    def check_model(self, model: keras.Model) -> None:
        """Check that the file holds the weights of a model, and nothing else.

        Raises:
            ValueError: A layer is missing, has another name or other shapes, or is not
                the model's.
        """
        expected = model_layers(model)
        for layer in sorted(self.layers.keys() | expected.keys()):
            stored = self.layers.get(layer, "missing")
            needed = expected.get(layer, "none")
            if stored != needed:
                raise ValueError(
                    f"{self.path}: {layer or 'the model'} is {stored}; {CONFIG} says"
                    f" {needed}"
                )
        groups = set()
        for layer in expected:
            parts = [*layer.split("/"), "vars"] if layer else ["vars"]
            groups |= {"/".join(parts[:i]) for i in range(1, len(parts) + 1)}
        if self.groups - groups:
            extra = min(self.groups - groups)
            raise ValueError(f"{self.path}: {brief(extra)} is not part of the model")


class _Refused(Exception):
    """Something in a file that is not accepted; the message says what."""


@contextlib.contextmanager
def _one_line_errors(path) -> Iterator[None]:
    try:
        yield
    except _Refused as error:
        raise ValueError(f"{path}: {error}") from None
    except _DAMAGE as error:
        raise ValueError(f"{path} can't be read as HDF5: {one_line(error)}") from None


class _Shapes(saving_lib.H5IOStore):
    """What Keras would write of a model, without the values."""

    def __init__(self):
        self.layers: dict[str, tuple[Any, dict[str, Any]]] = {}

    def __bool__(self):
        return True

    def make(self, path, metadata=None):
        values: dict[str, Any] = {}
        self.layers[path] = ((metadata or {}).get("name"), values)
        return values


def model_layers(model: keras.Model) -> Layers:
    """Return the path, name and shapes of each layer, as Keras saves a model."""
    shapes = _Shapes()
    saving_lib._save_state(model, shapes, None, "", set())
    layers = {}
    for path, (name, values) in shapes.layers.items():
        in_order = [tuple(np.shape(values[str(i)])) for i in range(len(values))]
        if name is not None or in_order:
            layers[path] = _in_words(name, in_order)
    return layers


def _in_words(name, shapes):
    return f"{name!r} with weights {shapes}"

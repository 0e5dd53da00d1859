"""The contents of a weights file, and those that a model needs."""

import os
import pathlib
from typing import Any

import h5py
import keras
import numpy as np

# Keras has no public call that tells under which paths it saves a model's layers.
from keras.src.saving import saving_lib

from v1keras.io import hdf5_file
from v1keras.io.foreign import errors_naming
from v1keras.io.json_checks import brief
from v1keras.zoo.layout import CONFIG

# Path of each layer -> its name and the shapes of its weights, in words.
Layers = dict[str, str]


class WeightsFile:
    """A weights file that may come from anyone.

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
        self._values: dict[str, dict[str, np.ndarray]] = {}
        self._addresses: set[int] = set()
        with errors_naming(self.path), hdf5_file.opened(self.path) as file:
            self._visit(file, "")

    def _visit(self, group, place):
        self._note(group, place)
        values = {}
        for key, item in group.items():
            where = f"{place}/{key}" if place else key
            if isinstance(item, hdf5_file.Group):
                self.groups.add(where)
                self._visit(item, where)
            else:
                self._note(item, where)
                values[key] = self._read(item, where)
        self._add_layer(group, place, values)

    def _note(self, item, where):
        """Refuse an object that was met before."""
        if item.address in self._addresses:
            raise ValueError(f"{brief(where)} is there twice")
        self._addresses.add(item.address)

    def _read(self, dataset, where):
        """Return the values of a dataset, which must lie in the file as they are."""
        numeric = dataset.kind == "numbers" and dataset.dtype.kind in "fiu"
        if dataset.chunks or not numeric or dataset.attrs:
            raise ValueError(f"{where} is not a plain dataset of numbers")
        self.size += dataset.size
        return dataset[...]

    def _add_layer(self, group, place, values):
        names = group.attrs
        if place.rpartition("/")[2] != "vars":
            if names or values:
                raise ValueError(
                    f"{place or 'the file'} is not a layer, but has values"
                )
            return
        if sorted(values) != sorted(map(str, range(len(values)))):
            raise ValueError(f"{place} has the datasets {brief(sorted(values))}")
        if set(names) - {"name"} or not isinstance(names.get("name", ""), str):
            raise ValueError(f"{place} has attributes other than a name")
        layer = place.removesuffix("vars").rstrip("/")
        in_order = [values[str(i)].shape for i in range(len(values))]
        self.layers[layer] = _in_words(names.get("name"), in_order)
        self._values[layer] = values

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

    def load_into(self, model: keras.Model) -> None:
        """Set the weights of a model, once `check_model` has found them to be its own.

        Raises:
            ValueError: A layer does not take its weights.
        """
        failed: set[int] = set()
        errors: dict[int, Any] = {}
        saving_lib._load_state(
            model,
            weights_store=_Values(self._values, self.groups),
            assets_store=None,
            inner_path="",
            visited_saveables=set(),
            failed_saveables=failed,
            error_msgs=errors,
        )
        if failed:
            layer, error = errors[min(failed)]
            raise ValueError(f"{self.path}: {brief(layer)}: {brief(error)}")


class _Values(saving_lib.H5IOStore):
    """What Keras reads of a weights file, from arrays."""

    def __init__(self, values, groups):
        self._values = values
        self._groups = groups

    def __bool__(self):
        return True

    def get(self, path):
        return self._values.get(path, {})

    def has_path(self, path):
        return path in self._groups


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


def round_to_half(model: keras.Model) -> None:
    """Round the weights of a model to half precision, in place.

    A preset of such a model is half as large.

    Raises:
        ValueError: A weight is too large for half precision.

    Example:

    >>> layer = keras.layers.Dense(1, bias_initializer="zeros")
    >>> layer.build((None, 2))
    >>> layer.kernel.assign([[0.1], [1.0]]) is None
    False
    >>> round_to_half(layer)
    >>> np.asarray(layer.kernel).ravel().tolist()
    [0.0999755859375, 1.0]
    """
    for variable in model.variables:
        values = keras.ops.convert_to_numpy(variable)
        if values.dtype != np.float32:
            continue
        with np.errstate(over="ignore"):
            rounded = values.astype(np.float16)
        if not np.isfinite(rounded).all():
            raise ValueError(
                f"{variable.path} has a value of {np.abs(values).max():.3g}; half"
                " precision ends at 65,504"
            )
        variable.assign(rounded.astype(np.float32))


def store_in_half(path: pathlib.Path) -> None:
    """Rewrite a weights file in half precision, if that changes no value in it."""
    scratch = path.with_suffix(".half")
    with hdf5_file.opened(path) as file:
        if not _fits_half(file):
            return
        with h5py.File(scratch, "w") as smaller:
            _copy_in_half(file, smaller)
    scratch.replace(path)


def _fits_half(group):
    """Return whether half precision holds all values of a group."""
    for item in group.values():
        if isinstance(item, hdf5_file.Group):
            fits = _fits_half(item)
        else:
            values = item[...]
            with np.errstate(over="ignore"):
                fits = np.array_equal(_in_half(values).astype(values.dtype), values)
        if not fits:
            return False
    return True


def _copy_in_half(group, target):
    target.attrs.update(group.attrs)
    for name, item in group.items():
        if isinstance(item, hdf5_file.Group):
            _copy_in_half(item, target.create_group(name))
        else:
            target[name] = _in_half(item[...])


def _in_half(values):
    """Return values of single precision in half, others as they are."""
    return values.astype(np.float16) if values.dtype == np.float32 else values

"""A model <-> its preset folder."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
from typing import Any

import keras

from v1keras._version import __version__
from v1keras.io.atomic import atomic_folder, check_disk_space, sha256
from v1keras.io.foreign import errors_naming
from v1keras.io.json_checks import read_json
from v1keras.zoo.architecture import LARGEST_MODEL, build, check_architecture
from v1keras.zoo.card import card
from v1keras.zoo.catalog import check_files, compare_hashes, find, info
from v1keras.zoo.golden import check_golden, golden_rates
from v1keras.zoo.layout import CARD, CONFIG, FORMAT_VERSION, METADATA, WEIGHTS
from v1keras.zoo.metadata import check_given, digest_of, render
from v1keras.zoo.sizes import check_sizes
from v1keras.zoo.weights import WeightsFile, store_in_half

_PACKAGES = ("tensorflow", "keras", "tensorflow-probability", "numpy", "h5py")


def load(
    name: str | os.PathLike[str], load_weights: bool = True, check: bool = False
) -> keras.Model:
    """Load a trained model.

    Nothing in the files can run code, open another file or reach the network: the
    hashes are checked first, then every class and value of the architecture, its size
    against that of the weights file, the weights' names and shapes, and last the golden
    outputs.

    Args:
        name: String, one of `names()`, a preset's folder, the workdir of a training, or
            an address; see `find`.
        load_weights: Boolean, False for the architecture with fresh weights.
        check: Boolean, whether to compute the rates for five images and compare them
            with those that the preset states.

    Returns:
        A Keras model: images `(batch, height, width, 1)` in pixel units -> rates
        `(batch, neurons)`, expected spikes per presentation. A model with `covariates`
        takes a dict of them and of the `images`. Its `preset_name` is the preset's, and
        its `predict` warns of images in other units than those it was trained on.

    Raises:
        ValueError: A file is not the one that the preset states, or describes no model
            of v1keras; says what was found and what was expected.
        FileNotFoundError: There is no such preset, or it lacks a file.

    Example:

    >>> model = load("simulated_factorized", check=True)
    >>> model.image_size, model.preset_name
    ((32, 32), 'simulated_factorized')
    """
    folder = find(name)
    metadata = info(folder)
    files = (CONFIG, WEIGHTS, CARD) if load_weights else (CONFIG, CARD)
    compare_hashes(folder, metadata, files)
    architecture = read_architecture(folder / CONFIG)
    weights = WeightsFile(folder / WEIGHTS) if load_weights else None
    with errors_naming(folder / CONFIG):
        check_sizes(architecture, weights.size if weights else LARGEST_MODEL)
        model = build(architecture)
    if weights:
        weights.check_model(model)
        weights.load_into(model)
    _check_size(model, metadata, folder)
    if weights and check:
        check_golden(model, metadata, folder)
    pixels = metadata["pixels"]
    model.preset_name = metadata["name"]
    model.pixel_range = (pixels["minimum"], pixels["maximum"])
    return model


def read_architecture(path: pathlib.Path) -> dict[str, Any]:
    """Read and check a config.json that may come from anyone.

    Raises:
        ValueError: The file holds anything but a model of v1keras.
    """
    config = read_json(path)
    with errors_naming(path):
        return check_architecture(config)


def _check_size(model, metadata, folder):
    """Compare what the metadata and the model both say."""
    stated = (tuple(metadata["image_size"]), metadata["parameters"])
    actual = (tuple(model.image_size), model.count_params())
    if stated != actual:
        raise ValueError(
            f"{folder / METADATA} states (image_size, parameters) {stated}; the model"
            f" has {actual}"
        )


def save(
    model: keras.Model, folder: str | os.PathLike[str], metadata: dict[str, Any]
) -> None:
    """Write a preset, whole or not at all; an existing one is replaced.

    Only the model is written, without optimizer, loss and metrics if it is compiled.
    Weights that half precision holds exactly (see `round_to_half`) are stored in it.
    The preset is opened once before it replaces anything.

    Args:
        model: `V1Model`, `MultiSessionModel`, `Ensemble` or `Concatenated`.
        folder: Folder to write to; its name is the preset's.
        metadata: Dict for `metadata.json`: `recording` (its attributes), `pixels`
            (`minimum` and `maximum` of its images, optionally the `mean` of the
            training images), `sessions` (neurons in each), `neuron_sessions` (pairs of
            session and count, in the order of the outputs), `command`, `commit` and
            `config` of the training, `measured_by`, `ceiling`, and `scores` (see
            `card`). Values that JSON has.

    Raises:
        ValueError: An entry of `metadata` is missing or of another type, or the model
            is not one that `load` opens.
        OSError: The folder can't be written.

    Example:

    >>> import tempfile
    >>> model, metadata = load("simulated_factorized"), info("simulated_factorized")
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "copy"
    >>> save(model, folder, metadata)
    >>> sorted(path.name for path in folder.iterdir())
    ['README.md', 'config.json', 'metadata.json', 'model.weights.h5']
    """
    check_given(metadata)
    config = _without_compilation(keras.saving.serialize_keras_object(model))
    alone = _copy(model, config)
    with atomic_folder(folder) as scratch:
        (scratch / CONFIG).write_text(json.dumps(config, indent=1))
        arrays = [keras.ops.convert_to_numpy(v) for v in alone.variables]
        check_disk_space(scratch, arrays)
        alone.save_weights(scratch / WEIGHTS)
        store_in_half(scratch / WEIGHTS)
        versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
        metadata = metadata | {
            "format_version": FORMAT_VERSION,
            "name": pathlib.Path(folder).name,
            "written": datetime.date.today().isoformat(),
            "versions": {
                "v1keras": __version__,
                "python": platform.python_version(),
                **versions,
            },
            "image_size": alone.image_size,
            "parameters": alone.count_params(),
        }
        metadata.pop("behavior", None)
        covariates = alone.covariate_statistics()
        if covariates:
            metadata["behavior"] = {
                name: {"mean": mean, "std": std}
                for name, (mean, std) in covariates.items()
            }
        metadata["golden"] = _rounded(golden_rates(model, metadata))
        _describe(scratch, metadata)
        load(scratch, check=True)


def _copy(model, config):
    """Return the same model with the same weights, and nothing else."""
    try:
        copy = build(check_architecture(config))
    except ValueError as error:
        raise ValueError(f"the model can't be a preset: {error}") from None
    for variable, original in zip(copy.variables, model.variables, strict=True):
        variable.assign(keras.ops.convert_to_numpy(original))
    return copy


def _without_compilation(config):
    """Return a config without what `compile` adds to it."""
    if isinstance(config, dict):
        return {
            key: {} if key == "compile_config" else _without_compilation(value)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return [_without_compilation(value) for value in config]
    return config


def update_metadata(name: str | os.PathLike[str], changes: dict[str, Any]) -> None:
    """Write a preset's card and metadata again with some entries changed.

    Args:
        name: String, name of the preset, or its folder.
        changes: Dict of entries, as for `save`.

    Raises:
        ValueError: A file is not the one that the preset states, or an entry is of
            another type.
        OSError: The folder can't be written.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "copy"
    >>> save(load("simulated_factorized"), folder, info("simulated_factorized"))
    >>> update_metadata(folder, {"measured_by": "hand"})
    >>> "Measured by: `hand`" in (folder / "README.md").read_text()
    True
    """
    folder = find(name)
    metadata = info(folder) | changes
    check_files(folder)
    check_given(metadata)
    with atomic_folder(folder) as scratch:
        for file in (CONFIG, WEIGHTS):
            shutil.copyfile(folder / file, scratch / file)
        del metadata["sha256"]
        _describe(scratch, metadata)
        info(scratch)


def _describe(folder, metadata):
    """Write the card and the metadata, with the sha256 of all files."""
    metadata = json.loads(json.dumps(metadata))
    (folder / CARD).write_text(card(metadata), "utf-8")
    files = (CONFIG, WEIGHTS, CARD)
    metadata["sha256"] = {file: sha256(folder / file) for file in files}
    metadata["sha256"][METADATA] = digest_of(metadata)
    (folder / METADATA).write_text(render(metadata))


def _rounded(rates):
    return {
        name: [[float(f"{rate:.7g}") for rate in row] for row in values]
        for name, values in rates.items()
    }

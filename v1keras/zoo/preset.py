"""A model <-> its preset folder."""

import datetime
import functools
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import h5py
import keras
import numpy as np

from v1keras._version import __version__
from v1keras.io.atomic import atomic_folder, check_disk_space, sha256
from v1keras.zoo.card import card
from v1keras.zoo.catalog import (
    CARD,
    CONFIG,
    FORMAT_VERSION,
    METADATA,
    WEIGHTS,
    check_files,
    digest_of,
    find,
    info,
    render,
)
from v1keras.zoo.images import warn_of_pixels

GOLDEN_IMAGES = 5
# Of a rate: other processors add up in another order, but no part of a model that was
# changed stays within it.
GOLDEN_TOLERANCE = 1e-3
_PACKAGES = ("tensorflow", "keras", "tensorflow-probability", "numpy", "h5py")
# Keras classes that run code of the file's own, or of a file that it names.
_UNSAFE = {
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "__lambda__",
}


def load(
    name: str | os.PathLike[str], load_weights: bool = True, check: bool = False
) -> keras.Model:
    """A trained model.

    The files' sha256 come first, then the classes and the names in them, then the
    weights, then the golden outputs.

    Args:
        name: one of `names()`, a preset's folder, the workdir of a training, or an
            address; see `find`.
        load_weights: False gives the architecture with fresh weights.
        check: whether to compute the rates for five images that are known since the
            preset was made.

    Returns:
        A Keras model: images `(batch, height, width, 1)` in pixel units -> rates
        `(batch, neurons)`, expected spikes per presentation. One that takes behaviour
        has the names of its `columns`, and takes a dict of them and of the `images`.
        Its `predict` warns of arrays of images in other units than those that it was
        trained on.

    Raises:
        ValueError: a file's sha256, a name in it or a rate is not the one that the
            preset states.
        FileNotFoundError: there is no such preset, or it lacks a file.

    Example:

    >>> model = load("simulated_factorized", check=True)
    >>> model.image_size
    (32, 32)
    """
    folder = find(name)
    metadata = info(folder)
    check_files(folder, (CONFIG, WEIGHTS, CARD) if load_weights else (CONFIG, CARD))
    architecture = json.loads((folder / CONFIG).read_text())
    _refuse_foreign_classes(architecture, folder / CONFIG)
    model = keras.saving.deserialize_keras_object(architecture)
    if load_weights:
        # Keras goes by position: it would give one session the weights of another
        # without a word.
        with tempfile.TemporaryDirectory() as scratch:
            own = pathlib.Path(scratch) / WEIGHTS
            model.save_weights(own)
            expected, found = _layers(own), _layers(folder / WEIGHTS)
        for layer in sorted(set(expected) | set(found)):
            if expected.get(layer) != found.get(layer):
                raise ValueError(
                    f"{folder / WEIGHTS}: {layer} is {found.get(layer, 'missing')};"
                    f" {CONFIG} says {expected.get(layer, 'none')}"
                )
        model.load_weights(folder / WEIGHTS)
        if check:
            check_golden(model, metadata, folder)
    model.predict = _warning(model.predict, folder.name, metadata["pixels"])
    return model


def _warning(predict, name, pixels):
    """`predict` that warns of images in other units than those that the preset was
    trained on; Python shows the same warning once.
    """

    @functools.wraps(predict)
    def warning(x, *arguments, **options):
        images = x["images"] if isinstance(x, dict) else x
        if isinstance(images, np.ndarray):
            warn_of_pixels(f"{name}.predict", images, pixels)
        return predict(x, *arguments, **options)

    return warning


def save(
    model: keras.Model, folder: str | os.PathLike[str], facts: dict[str, Any]
) -> None:
    """Writes a preset, whole or not at all; one that is there is replaced.

    Args:
        model: a `V1Model`, or several in one.
        folder: to write to; its name is the preset's.
        facts: what is known of the model, for `metadata.json`: `recording` (its
            attributes), `pixels` (`minimum` and `maximum` of its images, and where
            known the `mean` of those it learned from), `sessions` (neurons in each),
            `neuron_sessions` (pairs of session and count, in the order of the outputs),
            `command`, `commit` and `config` of the training, `ceiling`, `scores` and
            the like (see `card`). Values that JSON knows.

    Raises:
        OSError: the folder can't be written.

    Example:

    >>> import tempfile
    >>> model, facts = load("simulated_factorized"), info("simulated_factorized")
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "copy"
    >>> save(model, folder, facts)
    >>> sorted(path.name for path in folder.iterdir())
    ['README.md', 'config.json', 'metadata.json', 'model.weights.h5']
    """
    with atomic_folder(folder) as beside:
        (beside / CONFIG).write_text(
            json.dumps(keras.saving.serialize_keras_object(model), indent=1)
        )
        check_disk_space(
            beside, [keras.ops.convert_to_numpy(v) for v in model.variables]
        )
        model.save_weights(beside / WEIGHTS)
        versions = {
            package: importlib.metadata.version(package) for package in _PACKAGES
        }
        metadata = facts | {
            "format_version": FORMAT_VERSION,
            "name": pathlib.Path(folder).name,
            "written": datetime.date.today().isoformat(),
            "versions": {
                "v1keras": __version__,
                "python": platform.python_version(),
                **versions,
            },
            "image_size": model.image_size,
            "parameters": model.count_params(),
        }
        behavior = model.covariate_statistics()
        metadata |= (
            {
                "behavior": {
                    name: {"mean": mean, "std": std}
                    for name, (mean, std) in behavior.items()
                }
            }
            if behavior
            else {}
        )
        metadata["golden"] = _rounded(golden_rates(model, metadata))
        _describe(beside, metadata)


def restate(name: str | os.PathLike[str], changes: dict[str, Any]) -> None:
    """Writes a preset's card and metadata anew with some facts changed; its model stays
    as it is.

    Args:
        name: of a preset, or its folder.
        changes: dict of the facts, as of `save`.

    Raises:
        ValueError: a file is not the one that the preset states.
        OSError: the folder can't be written.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "copy"
    >>> save(load("simulated_factorized"), folder, info("simulated_factorized"))
    >>> restate(folder, {"measured_by": "hand"})
    >>> (
    ...     "Measured by: `hand`" in (folder / "README.md").read_text(),
    ...     info(folder)["measured_by"],
    ... )
    (True, 'hand')
    """
    folder, metadata = find(name), info(name)
    check_files(folder)
    with atomic_folder(folder) as beside:
        for file in (CONFIG, WEIGHTS):
            shutil.copyfile(folder / file, beside / file)
        _describe(
            beside,
            {key: value for key, value in metadata.items() if key != "sha256"}
            | changes,
        )


def _describe(folder, metadata):
    """Writes the card and the metadata of the model in a folder, with the sha256 of all
    files.
    """
    metadata = json.loads(json.dumps(metadata))
    (folder / CARD).write_text(card(metadata))
    metadata["sha256"] = {
        file: sha256(folder / file) for file in (CONFIG, WEIGHTS, CARD)
    }
    metadata["sha256"][METADATA] = digest_of(metadata)
    (folder / METADATA).write_text(render(metadata))


def golden_images(image_size, pixels):
    """The images whose rates every preset states: uniform noise over the range of the
    recording's pixels.

    Args:
        image_size: (height, width).
        pixels: dict of `minimum` and `maximum`.

    Returns:
        `(5, height, width, 1)`, the same on every machine.

    Example:

    >>> golden_images((2, 2), {"minimum": 0, "maximum": 255})[0].astype(
    ...     int
    ... ).ravel().tolist()
    [139, 182, 153, 138]
    """
    # RandomState, since NumPy has promised that its stream stays as it is.
    draws = np.random.RandomState(0).uniform(
        pixels["minimum"], pixels["maximum"], (GOLDEN_IMAGES, *image_size, 1)
    )
    return draws.astype("float32")


def golden_inputs(image_size: tuple[int, ...], metadata: dict[str, Any]) -> Any:
    """What a preset's golden outputs are the answers to.

    Args:
        image_size: (height, width).
        metadata: as `info` gives it.

    Returns:
        `golden_images`; where the model takes behaviour a dict of these as `images` and
        of each column `(5, k)`, drawn from a Gaussian with the mean and standard
        deviation of the training images.
    """
    images = golden_images(image_size, metadata["pixels"])
    if not metadata.get("behavior"):
        return images
    draws = np.random.RandomState(1)
    drawn = {
        name: draws.normal(
            each["mean"], each["std"], (GOLDEN_IMAGES, len(each["mean"]))
        )
        for name, each in metadata["behavior"].items()
    }
    return {"images": images} | {
        name: values.astype("float32") for name, values in drawn.items()
    }


def check_golden(
    model: Callable[[Any], Any], metadata: dict[str, Any], where: pathlib.Path
) -> float:
    """Computes the rates for the golden images, and compares them with those that the
    preset states.

    Args:
        model: as loaded.
        metadata: as `info` gives it.
        where: the preset's folder, for the message.

    Returns:
        The largest difference, spikes per presentation.

    Raises:
        ValueError: a rate differs by more than a thousandth.
    """
    found = golden_rates(model, metadata)
    largest = 0.0
    for output, stated in metadata["golden"].items():
        stated, rates = np.asarray(stated), found.get(output)
        if (
            rates is None
            or rates.shape != stated.shape
            or not np.allclose(rates, stated, GOLDEN_TOLERANCE, GOLDEN_TOLERANCE)
        ):
            differing = (
                "no such output"
                if rates is None
                else (
                    rates.shape
                    if rates.shape != stated.shape
                    else np.abs(rates - stated).max()
                )
            )
            raise ValueError(
                f"{where / METADATA}: the golden outputs of {output} are not this"
                f" model's (found {differing} apart or instead)"
            )
        largest = max(largest, float(np.abs(rates - stated).max()))
    return largest


def rates_of(call, inputs):
    """The rates for images, as arrays.

    Args:
        call: inputs -> rates, or a dict of them.
        inputs: images `(batch, height, width, 1)`, or the dict that the model takes.

    Returns:
        Name of each output -> `(batch, neurons)`; an only output is called "rates".

    Example:

    >>> {
    ...     name: rates.shape
    ...     for name, rates in rates_of(
    ...         lambda images: images[:, 0, :3, 0], np.zeros((2, 4, 4, 1))
    ...     ).items()
    ... }
    {'rates': (2, 3)}
    """
    outputs = call(inputs)
    outputs = outputs if isinstance(outputs, dict) else {"rates": outputs}
    return {name: keras.ops.convert_to_numpy(rates) for name, rates in outputs.items()}


def golden_rates(model, metadata):
    """The rates of a model for `golden_inputs`, as `rates_of` gives them."""
    return rates_of(
        lambda inputs: model(inputs, training=False),
        golden_inputs(model.image_size, metadata),
    )


def _rounded(rates):
    return {
        name: [[float(f"{value:.7g}") for value in row] for row in values]
        for name, values in rates.items()
    }


def _refuse_foreign_classes(config, path):
    """Keras would import whatever class a file names; a preset needs none but ours,
    which are registered, and Keras's own.
    """
    if isinstance(config, dict):
        if "class_name" in config:
            name, module, registered = (
                config.get(key) for key in ("class_name", "module", "registered_name")
            )
            ours = (
                str(registered).startswith("v1keras>")
                and keras.saving.get_registered_object(registered) is not None
            )
            if not ours and (
                str(module).split(".")[0] not in ("keras", "builtins")
                or name in _UNSAFE
            ):
                raise ValueError(
                    f"{path} names the class {name!r} of {module!r}; expected v1keras's"
                    " or Keras's, and none that runs code"
                )
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            _refuse_foreign_classes(part, path)


def _layers(path):
    """What a weights file holds: place of each layer -> its name and the shapes of its
    weights.
    """
    found = {}
    with h5py.File(path, "r") as file:

        def visit(place, group):
            if isinstance(group, h5py.Group) and "name" in group.attrs:
                shapes = [group[key].shape for key in sorted(group, key=int)]
                found[place.removesuffix("/vars")] = (
                    f"{group.attrs['name']!r} with weights {shapes}"
                )

        file.visititems(visit)
    return found

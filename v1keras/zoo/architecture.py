"""The classes and values that a preset's config.json may hold.

Keras imports and calls whatever a config names, so nothing of a config reaches Keras
before `check_architecture` has found every class, every key and every value of it in
the tables of this file. What the tables do not name is refused.
"""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import keras

from v1keras.io.foreign import short
from v1keras.io.json_checks import (
    Check,
    boolean,
    brief,
    fail,
    integer,
    label,
    mapping,
    number,
    one_of,
    optional,
    positive,
    record,
    sequence,
)
from v1keras.models.cores.transfer import NETWORKS
from v1keras.zoo.class_names import ACTIVATIONS, WRITTEN_AS

LARGEST_IMAGE = 4096  # pixels per side
LARGEST_MODEL = 1 << 29  # parameters, where no weights file tells
_MOST_NEURONS = 10**6
MOST_NETWORKS = 256
_DEEPEST = 4  # ensembles within ensembles
_PRECISIONS = ("float32", "float64", "mixed_bfloat16", "mixed_float16")
# The one class of Keras itself that a core may be.
_IDENTITY: dict[str, str | None] = {
    "module": "keras.layers",
    "class_name": "Identity",
    "registered_name": None,
}
# Keys around the config of a class. Shapes and compilation are not taken from them.
_AROUND = ("module", "class_name", "config", "registered_name")
_IGNORED = ("build_config", "compile_config")

_count = functools.partial(integer, 1)
_sides = sequence(_count(255), 1, 64)
_filters = sequence(_count(4096), 1, 64)
_seed = integer(0, 2**33)
_strength = number(0)


def _precision(value, place):
    """Check a dtype policy, a name or as Keras writes it, and return its name."""
    if type(value) is dict:
        triple = (value.get("module"), value.get("class_name"))
        if triple != ("keras", "DTypePolicy") or value.get("registered_name"):
            _refuse_class(value, place, ("DTypePolicy",))
        keys = {"module": _any, "class_name": _any, "registered_name": _any}
        keys["config"] = record({"name": one_of(*_PRECISIONS)})
        value = record(keys)(value, place)["config"]["name"]
    return one_of(*_PRECISIONS)(value, place)


def _any(value, place):
    return value


def _no_weights(value, place):
    if value is not None:
        fail(place, value, "null: the weights of a preset are all in its own file")


_LAYER: dict[str, Check] = {"name": label, "trainable": boolean, "dtype": _precision}
# A layer made of others names the frozen ones.
_COMPOSITE = _LAYER | {"frozen": sequence(label, 0, 256)}
_per_neuron = optional(sequence(number(), 1, _MOST_NEURONS))
_READOUT = _LAYER | {
    "neurons": _count(_MOST_NEURONS),
    "output_scale": _per_neuron,
    "output_offset": _per_neuron,
}
_IMAGES: dict[str, Check] = {
    "image_size": sequence(_count(LARGEST_IMAGE), 2, 2),
    "pixel_mean": number(),
    "pixel_std": positive,
    "name": label,
    "trainable": boolean,
}
_COVARIATE: dict[str, Check] = {
    "column": label,
    "mean": sequence(number(), 1, 1000),
    "std": sequence(positive, 1, 1000),
    "hidden": sequence(_count(4096), 0, 16),
    "seed": _seed,
}


def _part(*names):
    """Return a check for an object of one of the classes of these registered names."""
    return lambda value, place: check_architecture(value, place, names)


_CORES = (
    *("StackedCore", "RotationEquivariantCore", "LogGaborCore", "KindelCore"),
    *("TransferCore", "Identity"),
)
_READOUTS = ("FactorizedReadout", "GaussianReadout", "DenseReadout", "RidgeReadout")
MODELS = ("V1Model", "V1Sessions", "Ensemble", "Concatenated")
_members = sequence(_part("V1Model", "Ensemble", "Concatenated"), 2, MOST_NETWORKS)
_core = _part(*_CORES)
_readout = _part(*_READOUTS, "BehavingReadout")

# Registered name -> keys of its config. Those of _NEEDED have no default.
CLASSES: dict[str, dict[str, Check]] = {
    "V1Model": {"core": _core, "readout": _readout, **_IMAGES},
    "V1Sessions": {"core": _core, "readouts": mapping(_readout, 2, 1000), **_IMAGES},
    "Ensemble": {
        "members": _members,
        "weights": optional(sequence(number(), 2, MOST_NETWORKS)),
        "name": label,
        "trainable": boolean,
    },
    "Concatenated": {"members": _members, "name": label, "trainable": boolean},
    "StackedCore": _COMPOSITE
    | {
        "filters": _filters,
        "kernel_sizes": _sides,
        "activation": one_of(*ACTIVATIONS),
        "first_activation": one_of(*ACTIVATIONS, "on_off", "divisive"),
        "pool_size": _count(64),
        "laplacian": _strength,
        "group_sparsity": _strength,
        "separable": boolean,
        "dilation": _count(64),
        "skip": boolean,
    },
    "RotationEquivariantCore": _COMPOSITE
    | {
        "filters": _filters,
        "kernel_sizes": _sides,
        "orientations": integer(4, 64),
        "activation": one_of(*ACTIVATIONS),
        "pool_size": _count(64),
        "seed": _seed,
    },
    "LogGaborCore": _LAYER | {"floor": _strength, "center_surround": boolean},
    "Identity": _LAYER,  # Keras's: the readout sees the pixels
    "KindelCore": _COMPOSITE
    | {"kernel_size": _count(255), "dropout": number(0), "seed": _seed},
    "TransferCore": _COMPOSITE
    | {
        "network": one_of(*NETWORKS),
        "layer": label,
        "weights": _no_weights,
        "scale": _count(16),
    },
    "FactorizedReadout": _READOUT
    | {
        "l1": _strength,
        "nonnegative": boolean,
        "seed": _seed,
    },
    "GaussianReadout": _READOUT
    | {
        "covariance": one_of("isotropic", "full"),
        "width": _strength,
        "l1": _strength,
        "coordinates": optional(sequence(sequence(number(), 1, 8), 1, _MOST_NEURONS)),
        "seed": _seed,
    },
    "DenseReadout": _READOUT
    | {
        "activation": one_of(*ACTIVATIONS),
        "l1": _strength,
        "l2": _strength,
        "seed": _seed,
    },
    "RidgeReadout": _READOUT,
    "BehavingReadout": _LAYER
    | {
        "readout": _part(*_READOUTS),
        "shifter": optional(_part("Shifter")),
        "modulator": optional(_part("GainModulator")),
    },
    "Shifter": _COMPOSITE | _COVARIATE,
    "GainModulator": _COMPOSITE | _COVARIATE | {"neurons": _count(_MOST_NEURONS)},
}
_NEEDED = {
    *("core", "readout", "readouts", "members", "image_size", "neurons"),
    *("column", "mean", "std"),
}


def check_architecture(
    config: Any, place: str = "model", names: tuple[str, ...] = MODELS
) -> dict[str, Any]:
    """Check an object of a config, and return what Keras needs of it.

    Args:
        config: What JSON gave.
        place: String, where the object stands, for messages.
        names: Tuple of strings, registered names of the classes that fit there.

    Returns:
        Dict `registered_name`, `class_name`, `module`, `config`: nothing of it is
        unchecked, and the module is that of the class today.

    Raises:
        ValueError: A class, a key or a value that is not in the tables; names it.

    Example:

    >>> check_architecture({"class_name": "Popen", "module": "subprocess"})
    Traceback (most recent call last):
        ...
    ValueError: model names the class 'Popen' of 'subprocess', registered as None; \
expected one of V1Model, V1Sessions, Ensemble, Concatenated of v1keras
    """
    if type(config) is not dict:
        fail(place, config, "a dict that names a class")
    if place.count(".members[") > _DEEPEST:
        raise ValueError(f"{place}: expected at most {_DEEPEST} ensembles in another")
    name = _registered_name(config, place, names)
    unknown = [key for key in config if key not in (*_AROUND, *_IGNORED)]
    if unknown:
        raise ValueError(f"{place}: unknown key {brief(unknown[0])}")
    if config.get("compile_config"):
        raise ValueError(f"{place} has a compile_config; expected a model alone")
    _check_build_config(config.get("build_config"), place)
    checks = CLASSES[name]
    may_lack = [key for key in checks if key not in _NEEDED]
    values = record(checks, may_lack)(config.get("config"), place)
    if name == "Identity":
        return _IDENTITY | {"config": values}
    kind = keras.saving.get_registered_object(f"v1keras>{name}")
    return {
        "registered_name": f"v1keras>{name}",
        "class_name": kind.__name__,
        "module": kind.__module__,
        "config": values,
    }


def build(architecture: dict[str, Any]) -> keras.Model:
    """Build the model of an architecture that `check_architecture` returned.

    Raises:
        ValueError: Its values do not fit each other.
    """
    with errors_of_keras():
        return keras.saving.deserialize_keras_object(architecture)


@contextlib.contextmanager
def errors_of_keras() -> Iterator[None]:
    """Turn what Keras and TensorFlow raise into a `ValueError` of one line."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"the values fit no model: {short(error)}") from None


def _registered_name(config, place, names):
    """Return the registered name of an object whose three names fit one another."""
    for name in names:
        if name == "Identity":
            if all(config.get(key) == value for key, value in _IDENTITY.items()):
                return name
            continue
        modules, class_names = WRITTEN_AS[name]
        triple = (
            config.get("registered_name") == f"v1keras>{name}",
            config.get("class_name") in class_names.split(),
            config.get("module") in [f"v1keras.models.{m}" for m in modules.split()],
        )
        if all(triple):
            return name
    return _refuse_class(config, place, names)


def _refuse_class(config, place, names):
    class_name, module, registered = (
        brief(config.get(key)) for key in ("class_name", "module", "registered_name")
    )
    raise ValueError(
        f"{place} names the class {class_name} of {module}, registered as"
        f" {registered}; expected one of {', '.join(names)} of v1keras"
    )


def _check_build_config(value, place):
    """Check the shape that Keras notes of a layer, which is computed anew."""
    size = optional(integer(1, 2**40))
    shape = optional(sequence(size, 1, 5))
    optional(record({"input_shape": shape}))(value, f"{place}.build_config")

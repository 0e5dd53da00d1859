"""The architectures whose training is measured, on any Keras backend."""

import math

import keras
import numpy as np

from v1keras import models
from v1keras.config import resolve


def _of_config(name):
    """Return the architecture and the batch of a configuration."""
    config = resolve(name)
    core = config.core
    return {
        "filters": tuple(core.filters),
        "sides": tuple(core.kernel_sizes),
        "separable": core.separable,
        "pool": core.pool_size,
        "on_off": core.first_activation == "on_off",
        "readout": config.readout.kind,
        "l1": config.readout.l1,
        "batch": config.training.batch_size,
    }


_KINDEL = _of_config("kindel2019_factorized") | {
    "image_size": (33, 33),
    "neurons": 392,
}
_WIDE = {
    "image_size": (36, 64),
    "filters": (64, 64, 64, 64),
    "sides": (9, 7, 7, 7),
    "separable": True,
    "pool": 1,
    "on_off": False,
    "readout": "gaussian",
    "l1": 0.0,
    "batch": 128,
    "steps": 4,
}
CASES = {
    "33 x 33 pixels, 392 neurons, kindel2019_factorized": _KINDEL | {"steps": 40},
    "33 x 33 pixels, 392 neurons, 32 filters per layer": (
        _KINDEL | {"filters": (32, 32, 32), "steps": 150}
    ),
    "36 x 64 pixels, 1,000 neurons": _WIDE | {"neurons": 1000},
    "36 x 64 pixels, 8,000 neurons": _WIDE | {"neurons": 8000},
}


def noise(case):
    """Return images and responses of as many steps as the case has."""
    rng, count = np.random.default_rng(0), case["batch"] * case["steps"]
    images = rng.integers(0, 256, (count, *case["image_size"], 1)).astype("uint8")
    return images, rng.poisson(1.0, (count, case["neurons"])).astype("float32")


def build(case, precision):
    """Return the case's model, with its core in `precision`."""
    core = models.StackedCore(
        case["filters"],
        case["sides"],
        first_activation="on_off" if case["on_off"] else "elu",
        pool_size=case["pool"],
        separable=case["separable"],
        dtype=precision,
    )
    if case["readout"] == "factorized":
        readout = models.FactorizedReadout(case["neurons"], l1=case["l1"])
    else:
        readout = models.GaussianReadout(case["neurons"], "full", l1=case["l1"])
    model = models.V1Model(core, readout, case["image_size"], 110.0, 60.0)
    if case["readout"] == "gaussian":
        places = np.random.default_rng(0).uniform(-0.9, 0.9, (case["neurons"], 2))
        readout.mean.assign(places)
    return model


def parameters(model: keras.Model):
    """Return the number of trained parameters."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def flop(case):
    """Return the operations of a training step, two per multiplication and addition.

    Each gradient costs as much as a forward pass; none is taken by the images.
    """
    height, width = case["image_size"]
    total, before = 0, 1
    height, width = height - case["sides"][0] + 1, width - case["sides"][0] + 1
    for i, (channels, side) in enumerate(
        zip(case["filters"], case["sides"], strict=True)
    ):
        per_place = side**2 * before * channels
        if i and case["separable"]:
            per_place = side**2 * before + before * channels
        total += height * width * per_place * (3 if i else 2)
        before = channels
        if not i:
            height, width = height // case["pool"], width // case["pool"]
            before = channels * (1 + case["on_off"])
    place = 5 if case["readout"] == "gaussian" else height * width + 1
    return 2 * case["batch"] * (total + 3 * place * before * case["neurons"])

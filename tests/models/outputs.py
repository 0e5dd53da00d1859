"""Write the outputs of all cores and readouts for fixed weights and inputs.

test_backends.py runs this under one backend after the other.

By hand:

    KERAS_BACKEND=jax python outputs.py OUT.npz
"""

import sys

import keras
import numpy as np

from v1keras import models

IMAGES, FEATURES = (4, 21, 21, 1), (4, 6, 9, 5)
LAYERS = {
    "stacked": (
        lambda **dtype: models.StackedCore(
            (4, 5), (5, 3), first_activation="on_off", **dtype
        ),
        IMAGES,
    ),
    "divisive": (
        lambda **dtype: models.StackedCore(
            (4, 5), (5, 3), first_activation="divisive", **dtype
        ),
        IMAGES,
    ),
    "separable": (
        lambda **dtype: models.StackedCore(
            (4, 4), (5, 3), separable=True, dilation=2, skip=True, **dtype
        ),
        IMAGES,
    ),
    "equivariant": (
        lambda **dtype: models.RotationEquivariantCore((2, 3), (5, 3), 8, **dtype),
        IMAGES,
    ),
    "gabors": (models.LogGaborCore, IMAGES),
    "factorized": (lambda **dtype: models.FactorizedReadout(3, **dtype), FEATURES),
    "gaussian": (
        lambda **dtype: models.GaussianReadout(3, covariance="full", **dtype),
        FEATURES,
    ),
    "dense": (lambda **dtype: models.DenseReadout(3, **dtype), FEATURES),
}


def weighted(layer):
    """Return the built layer or model with fixed weights, positive where required."""
    for i, v in enumerate(layer.variables):
        if "seed" not in v.path:
            values = np.random.default_rng(i).normal(0, 0.3, v.shape)
            positive = any(
                part in v.path for part in ("variance", "floors", "pool", "exponent")
            )
            v.assign(np.abs(values) + 0.3 if positive else values)
    return layer


def output(name, dtype="float32"):
    """Return the outputs of the layer of that name, as float32."""
    make, shape = LAYERS[name]
    layer = weighted_layer(make(dtype=dtype), shape)
    x = np.random.default_rng(7).normal(size=shape).astype("float32")
    return keras.ops.convert_to_numpy(keras.ops.cast(layer(x), "float32"))


def weighted_layer(layer, shape):
    """Return a layer built for inputs of a shape, with fixed weights."""
    layer.build((None, *shape[1:]))
    return weighted(layer)


def main(out):
    actual = {name: output(name) for name in LAYERS}
    cores = [(name, LAYERS[name][0]()) for name in ("stacked", "equivariant")]
    members = [
        models.V1Model(core, models.FactorizedReadout(3), IMAGES[1:3], 0.1, 1.5, name)
        for name, core in cores
    ]
    images = np.random.default_rng(0).normal(size=IMAGES).astype("float32")
    actual["ensemble"] = keras.ops.convert_to_numpy(
        weighted(models.Ensemble(members))(images)
    )
    parts = (
        models.Shifter("eye", [0.1, 0.2], [1.0, 2.0]),
        models.GainModulator(3, "running", [1.0], [2.0]),
    )
    behaving = models.V1Model(
        LAYERS["stacked"][0](),
        models.CovariateReadout(models.GaussianReadout(3), *parts),
        IMAGES[1:3],
        name="behaving",
    )
    inputs = {
        "images": images,
        "eye": images[:, 0, :2, 0],
        "running": images[:, 3, :1, 0],
    }
    actual["behaving"] = keras.ops.convert_to_numpy(weighted(behaving)(inputs))
    np.savez(out, backend=keras.backend.backend(), **actual)


if __name__ == "__main__":
    main(*sys.argv[1:])

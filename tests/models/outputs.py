"""Writes what every core and readout gives for fixed weights and inputs; run by test_backends.py under one backend after the other.

    KERAS_BACKEND=jax python outputs.py OUT.npz
"""

import sys

import keras
import numpy as np

from v1keras import models

CORES = {
    "stacked": lambda: models.StackedCore((4, 5), (5, 3), first_activation="on_off"),
    "divisive": lambda: models.StackedCore((4, 5), (5, 3), first_activation="divisive"),
    "equivariant": lambda: models.RotationEquivariantCore((2, 3), (5, 3), 8),
    "gabors": lambda: models.LogGaborCore(),
}
READOUTS = {
    "factorized": lambda: models.FactorizedReadout(3),
    "gaussian": lambda: models.GaussianReadout(3, covariance="full"),
    "dense": lambda: models.DenseReadout(3),
}


def main(out):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(4, 21, 21, 1)).astype("float32")
    features = rng.normal(size=(4, 6, 9, 5)).astype("float32")
    found = {}
    for name, make, x in [(n, m, images) for n, m in CORES.items()] + [(n, m, features) for n, m in READOUTS.items()]:
        layer = make()
        layer.build((None, *x.shape[1:]))
        for i, v in enumerate(layer.variables):
            if "seed" not in v.path:
                values = np.random.default_rng(i).normal(0, 0.3, v.shape)
                v.assign(np.abs(values) + 0.1 if any(part in v.path for part in ("variance", "floors", "pool")) else values)
        found[name] = keras.ops.convert_to_numpy(layer(x))
    model = models.Ensemble([
        models.V1Model(CORES[name](), models.FactorizedReadout(3), (21, 21), 0.1, 1.5, name) for name in ("stacked", "equivariant")
    ])
    for i, v in enumerate(model.variables):
        v.assign(np.abs(np.random.default_rng(i).normal(0, 0.3, v.shape)) + 0.01)
    found["ensemble"] = keras.ops.convert_to_numpy(model(images))
    np.savez(out, backend=keras.backend.backend(), **found)


main(*sys.argv[1:])

"""Small presets of made-up models."""

import json

import keras
import numpy as np

from v1keras import models
from v1keras.io.atomic import sha256
from v1keras.zoo.metadata import digest_of, render


def make(readout="made_up_readout", neurons=3, seed=0):
    keras.utils.set_random_seed(seed)
    model = models.V1Model(
        models.StackedCore((4, 5), (5, 3)),
        models.FactorizedReadout(neurons, name=readout),
        (16, 16),
        100.0,
        50.0,
    )
    for v in model.variables:
        v.assign(np.random.default_rng(seed).uniform(0.1, 1, v.shape))
    return model


def images():
    return np.random.default_rng(1).uniform(0, 255, (4, 16, 16, 1)).astype("float32")


def claim_files(folder, **changed):
    """Makes the metadata vouch for the files as they are, as a forger would."""
    metadata = json.loads((folder / "metadata.json").read_text())
    metadata |= changed
    metadata["sha256"] = {
        name: sha256(folder / name)
        for name in ("config.json", "model.weights.h5", "README.md")
    }
    metadata["sha256"]["metadata.json"] = digest_of(metadata)
    (folder / "metadata.json").write_text(render(metadata))

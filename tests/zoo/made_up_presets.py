"""Small presets of made-up models."""

import json

import keras
import numpy as np

from v1keras import models
from v1keras.io.atomic import sha256
from v1keras.zoo.metadata import digest_of, render

FACTS = {
    "recording": {"name": "made_up", "area": "V1"},
    "pixels": {"minimum": 0.0, "maximum": 255.0},
    "sessions": {"a": 2, "b": 1},
    "neuron_sessions": [["a", 1], ["b", 1], ["a", 1]],
    "command": "none",
    "commit": "0" * 40,
    "measured_by": "none",
    "ceiling": "means",
    "config": {"data": {"protocol": "paper", "split_seed": 3}},
    "scores": [
        {
            "protocol": "paper",
            "seeds": [3],
            "neurons": "reported",
            "count": 3,
            "correlation": 0.51234,
            "cc_norm": 0.6789,
            "fraction_near_limit": 0.25,
        }
    ],
}


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

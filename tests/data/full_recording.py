"""A recording with every field, and its file."""

import h5py
import numpy as np

from v1keras.data import Recording

IMAGES, NEURONS = 6, 3


def arrays():
    """Every field that a recording can have, as keyword arguments."""
    rng = np.random.default_rng(0)
    responses = rng.poisson(3.0, (IMAGES, NEURONS)).astype(np.float32)
    responses[1, 2] = np.nan
    repeats = rng.poisson(3.0, (2, 4, NEURONS)).astype(np.float32)
    repeats[0, 3, 1] = np.nan
    responses[[5, 4]] = np.nanmean(repeats, axis=1)
    return {
        "images": rng.integers(0, 256, (IMAGES, 5, 7), dtype=np.uint8),
        "responses": responses,
        "split": np.array([0, 0, 1, -1, 2, 2], np.int8),
        "repeats": repeats,
        "repeat_images": np.array([5, 4]),
        "image_group": np.array([0, 0, 1, 2, 3, 3]),
        "neuron_session": np.array(["früh", "a", "late one"]),
        "neurons": {
            "kind": np.array(["simple", "", "complex"]),
            "depth": np.array([0.1, np.nan, 3.0]),
            "filter": rng.normal(size=(NEURONS, 5, 7)).astype(np.float32),
        },
        "covariates": {
            "orientation": np.array([0.0, 45, 90, 135, np.nan, 0]),
            "patch": np.array(["", "disc", "ring", "", "größer", "x"]),
        },
        "attributes": {
            "name": "a recording",
            "units": "spikes per presentation",
            "window_s": 0.105,
            "presentations": 20,
            "pixels_per_degree": 24.0,
            "species": "Macaca fascicularis",
            "area": "V1",
            "technique": "Utah array",
            "license": "CC0",
            "citation": "Müller & Weiß 2019",
            "source": "https://example.org",
        },
    }


def saved(tmp_path):
    path = tmp_path / "recording.h5"
    Recording(**arrays()).save(path)
    return path


def replaced(path, name, value):
    """The file with one dataset replaced; None takes it away."""
    with h5py.File(path, "a") as file:
        if name in file:
            del file[name]
        if value is not None:
            file[name] = value
    return path

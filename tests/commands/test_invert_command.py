"""`python -m v1keras.invert`, as a user calls it."""

import csv

import h5py
import numpy as np
import pytest

from v1keras import zoo
from v1keras.data import Recording


def test_inverted_stimuli(tiny, command, tmp_path):
    done = command(
        "invert",
        f"--model={tiny.workdir}",
        "--neurons=2,0",
        "--steps=20",
        f"--out={tmp_path}",
    )
    assert done.returncode == 0, done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {
        "stimuli.h5",
        "cells.csv",
        "gallery.png",
        "tuning.png",
        "report.html",
        "tensorboard",
    }
    with h5py.File(tmp_path / "stimuli.h5") as file:
        datasets, facts = {name: file[name][...] for name in file}, dict(file.attrs)
    recording, model = Recording.load(tiny.recording), zoo.load(str(tiny.workdir))
    images = recording.images.astype("float32")
    grey = images[recording.split == 0].mean(dtype=float)
    norm = facts["norm"]
    median = np.median(np.linalg.norm((images - grey).reshape(100, -1), axis=1))
    assert facts["grey"] == pytest.approx(grey, rel=1e-6)
    assert median / 10 < norm <= median
    stimuli = datasets["stimuli"]
    assert stimuli.shape == (2, 16, 16) and np.isfinite(stimuli).all()
    assert stimuli.min() >= images.min() - 1e-3 and stimuli.max() <= images.max() + 1e-3
    np.testing.assert_allclose(
        np.linalg.norm(stimuli - grey, axis=(1, 2)), norm, rtol=1e-4
    )
    assert datasets["neurons"].tolist() == [2, 0]
    rates = model.predict(stimuli[..., None], verbose=0)
    np.testing.assert_allclose(datasets["rates"], [rates[0, 2], rates[1, 0]], rtol=1e-5)
    shown = model.predict(images[..., None], verbose=0)[:, [2, 0]]
    with open(tmp_path / "cells.csv", newline="") as file:
        cells = list(csv.DictReader(file))
    column = lambda name: np.array([float(row[name]) for row in cells])
    np.testing.assert_allclose(column("best_image_rate"), shown.max(axis=0), rtol=1e-4)
    assert column("best_image").tolist() == shown.argmax(axis=0).tolist()
    assert column("neuron").tolist() == [2, 0]
    fields = datasets["gradient_fields"]
    assert fields.shape == (2, 16, 16)
    assert fields.min() >= 0
    assert datasets["trace"].shape == (2, 20)
    assert {row["class"] for row in cells} <= {
        "gabor",
        "center-surround",
        "texture",
        "unclassified",
    }
    page = (tmp_path / "report.html").read_text()
    assert all(f"stimulus of neuron {neuron}" in page for neuron in (2, 0))
    assert page.count("<polyline") == 12
    nothing = model.predict(np.full((1, 16, 16, 1), grey, "float32"), verbose=0)[
        0, [2, 0]
    ]
    assert (datasets["rates"] > nothing).all()

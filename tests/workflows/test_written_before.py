r"""What version 0.1.0 wrote still opens: a recording, a workdir, its checkpoint.

Written at commit b7ddb70 by

    python -m v1keras.data simulate --train_images=60 --test_images=12 \
        --neurons_per_kind=1 --image_size=16 --out=recording.h5
    python -m v1keras.train --config=configs/tiny.py --workdir=workdir \
        --config.data.recording=recording.h5 --config.core.filters="(2,2)" \
        --config.training.batch_size=16 --config.training.annealing=cosine \
        --config.training.averaging=0.5

without the event files and the report.
"""

import json
import pathlib
import shutil

import numpy as np
import pytest

from v1keras import load_model, load_recording, score, zoo
from v1keras.config import resolve
from v1keras.workflows.reopen import open_model
from v1keras.workflows.train import train_and_evaluate

BEFORE = pathlib.Path(__file__).parents[1] / "fixtures" / "written_by_0_1"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy, as the working folder: the configuration names recording.h5."""
    shutil.copytree(BEFORE, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def test_the_recording_opens(folder):
    recording = load_recording("recording.h5")
    assert recording.name == "simulated" and recording.neuron_count == 4
    assert recording.images.shape == (72, 16, 16) and len(recording.repeats) == 12
    assert sorted(recording.neurons["kind"]) == [
        "center_surround",
        "complex",
        "simple",
        "texture",
    ]


def test_the_model_opens_with_its_rates_and_scores(folder):
    model, metadata, recording = open_model("workdir")
    zoo.check_golden(load_model("workdir"), metadata, folder / "workdir" / "preset")
    stated = json.loads((folder / "workdir" / "metrics.json").read_text())
    correlation = score(model, recording).groups["reported"]["correlation"]
    expected = stated["groups"]["reported"]["correlation"]
    assert correlation["mean"] == pytest.approx(expected["mean"], abs=1e-5)


def test_the_training_is_resumed_where_it_was(folder):
    """It had ended: the weights are those of the checkpoint."""
    expected = load_model("workdir").get_weights()
    config = resolve("tiny")
    config.data.recording = "recording.h5"
    config.core.filters = (2, 2)
    config.training.batch_size = 16
    config.training.lr_schedule = "cosine"
    config.training.ema_momentum = 0.5
    model, _ = train_and_evaluate(config, folder / "workdir", resume=True)
    for weight, kept in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(weight, kept)

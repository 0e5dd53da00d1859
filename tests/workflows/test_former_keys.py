"""Keys of earlier versions: users learn today's name, files still open."""

import json
import subprocess
import sys

import ml_collections
import numpy as np
import pytest

from v1keras import Recording, fit, zoo
from v1keras.config import default, resolve
from v1keras.workflows import workdir
from v1keras.workflows.reopen import open_model

NAMES = {
    "annealing": "lr_schedule",
    "decay": "lr_decay_factor",
    "decays": "max_lr_decays",
    "averaging": "ema_momentum",
    "equalize": "rate_weighting",
    "wait_s": "cluster_timeout_s",
    "resident_gb": "max_device_data_gb",
}
FILE = """
from v1keras.config import default

def get_config():
    config = default()
    config.training.annealing = "cosine"
    return config
"""


def former(config):
    """The configuration as an earlier version wrote it."""
    keys = dict(config["training"])
    for old, new in NAMES.items():
        keys[old] = keys.pop(new)
    return config | {"training": keys}


@pytest.mark.parametrize(("old", "new"), NAMES.items())
def test_a_former_name_is_answered_with_todays(old, new):
    message = rf"^training\.{old} is now training\.{new}$"
    value = default().training[new]
    with pytest.raises(ValueError, match=message):
        resolve(training={old: value})
    with pytest.raises(ValueError, match=message):
        fit(None, [], **{old: value})
    with pytest.raises(AttributeError, match=message):
        setattr(default().training, old, value)
    with pytest.raises(AttributeError, match=message):
        getattr(default().training, old)
    with pytest.raises(AttributeError, match=message):
        default().update_from_flattened_dict({f"training.{old}": value})


@pytest.mark.parametrize("flag", ["file", "key"])
def test_the_command_answers_in_one_line(flag, tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    flags = {
        "file": [f"--config={tmp_path / 'mine.py'}"],
        "key": ["--config.training.annealing=cosine"],
    }
    command = [sys.executable, "-m", "v1keras.train", f"--workdir={tmp_path / 'run'}"]
    process = subprocess.run(
        [*command, *flags[flag]], capture_output=True, text=True, timeout=120
    )
    assert process.returncode == 1
    answer = "error: --config: training.annealing is now training.lr_schedule\n"
    assert process.stderr == answer
    assert not (tmp_path / "run").exists()


def test_a_workdir_of_an_earlier_version_resumes(tmp_path):
    config = json.loads(json.dumps(default().to_dict()))
    (tmp_path / "config.json").write_text(json.dumps(former(config)))
    workdir.prepare_workdir(tmp_path, config, resume=True)
    assert json.loads((tmp_path / "config.json").read_text()) == config
    (tmp_path / "config.json").write_text(json.dumps(former(config)))
    config["training"]["lr_schedule"] = "cosine"
    message = r"training.lr_schedule \(there plateau, here cosine\)$"
    with pytest.raises(ValueError, match=message):
        workdir.prepare_workdir(tmp_path, config, resume=True)


def test_a_preset_of_an_earlier_version_opens(tmp_path):
    stored = zoo.info("simulated_factorized")
    assert stored["config"]["training"]["decays"] == 3
    rng = np.random.default_rng(0)
    neurons = sum(stored["sessions"].values())
    images = rng.integers(0, 256, (12, *stored["image_size"])).astype("uint8")
    recording = Recording(
        images,
        rng.poisson(2.0, (12, neurons)).astype("float32"),
        split=np.repeat([0, 1, 2], 4).astype("int8"),
        attributes={"name": "another"},
    )
    recording.save(tmp_path / "recording.h5")
    _, metadata, _ = open_model("simulated_factorized", tmp_path / "recording.h5")
    assert metadata["config"]["training"]["max_lr_decays"] == 3
    assert not NAMES.keys() & metadata["config"]["training"].keys()
    config = resolve(ml_collections.ConfigDict(stored["config"]))
    assert config.training.max_lr_decays == 3

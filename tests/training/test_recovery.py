import json
import pathlib
import signal
import subprocess
import sys

import h5py
import keras
import numpy as np
import pytest

from v1keras.training import (
    Checkpoints,
    Poisson,
    Schedule,
    Stopped,
    Trainer,
    checkpoints,
    input_pipeline,
    make_strategy,
)


def data(count, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 3, 3, 1)).astype("float32"), rng.poisson(
        2.0, (count, 2)
    ).astype("float32")


def train(kept=None, **schedule):
    """(TrainingState, weights) of three epochs of ten steps, with dropout.

    Dropout's state must come along.
    """
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((3, 3, 1)),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.5, seed=3),
        keras.layers.Dense(2, "softplus"),
    ]
    model, fit = (
        keras.Sequential(layers),
        lambda responses, rates: -np.mean((responses - rates) ** 2, axis=0),
    )
    schedule = Schedule(
        **{"batch_size": 8, "max_epochs": 3, "lr_schedule": "cosine"} | schedule
    )
    trainer = Trainer(
        model,
        keras.optimizers.Adam(0.01),
        Poisson(),
        fit,
        make_strategy("one"),
        schedule,
    )
    progress = trainer.fit(data(80, 0), data(20, 1), checkpoints=kept)
    return progress, model.get_weights()


class Asked(Checkpoints):
    """A signal comes at the `at`-th look at the clock."""

    looks, at, number = 0, None, signal.SIGTERM

    @property
    def due(self):
        self.looks += 1
        if self.looks == self.at:
            signal.raise_signal(self.number)
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("max_device_data_gb", [1.0, 0.0], ids=["resident", "streamed"])
def test_a_training_that_is_asked_to_stop_goes_on_from_that_very_step(
    number, max_device_data_gb, tmp_path, monkeypatch
):
    monkeypatch.setattr(input_pipeline, "_STEPS", 1)
    monkeypatch.setattr(input_pipeline, "_PAUSE", 0.0)
    whole, expected = train(max_device_data_gb=max_device_data_gb)
    kept = Asked(tmp_path)
    kept.at, kept.number = 14, number
    handlers = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    message = (
        rf"stopped by {number.name} in epoch 2, after 5 steps of it; {tmp_path} holds"
        r" its state: --resume goes on"
    )
    with pytest.raises(Stopped, match=message) as stopped:
        train(kept, max_device_data_gb=max_device_data_gb)
    assert stopped.value.number == number
    assert handlers == [
        signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)
    ]
    resumed, weights = train(
        Checkpoints(tmp_path), max_device_data_gb=max_device_data_gb
    )
    assert [each["loss"] for each in resumed.history] == [
        each["loss"] for each in whole.history
    ]
    for a, b in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_last_few_checkpoints_stay_and_a_damaged_one_is_passed_over(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(input_pipeline, "_PAUSE", 1e6)  # an epoch in one go
    _, expected = train(Checkpoints(tmp_path, every=0))
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths] == [
        "000000000010.h5",
        "000000000020.h5",
        "000000000030.h5",
    ]
    paths[2].write_bytes(paths[2].read_bytes()[:-200])  # cut off
    with h5py.File(paths[1], "r+") as file:  # one number changed, the file still whole
        file["model/0"][0] += 1
    with pytest.warns(UserWarning) as caught:
        resumed, weights = train(Checkpoints(tmp_path))
    newest, before = (
        str(warning.message)
        for warning in caught
        if "is damaged" in str(warning.message)
    )
    assert "000000000030.h5: its content is not what was written" in newest
    assert "000000000020.h5: its content is not what was written" in before
    assert resumed.epoch == 3
    for a, b in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(a, b)
    for path in tmp_path.iterdir():
        path.write_bytes(b"nothing of the kind")
    message = (
        "no checkpoint in .* can be read; remove that folder to train from the"
        " beginning"
    )
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(ValueError, match=message),
    ):
        train(Checkpoints(tmp_path))


def test_a_full_disk_does_not_end_a_training(tmp_path, monkeypatch):
    monkeypatch.setattr(input_pipeline, "_PAUSE", 1e6)
    saved = []

    def full(folder, arrays):
        saved.append(1)
        if len(saved) > 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "check_disk_space", full)
    with pytest.warns(
        UserWarning,
        match=(
            "No space left on device.*training goes on, the last one is"
            " .*000000000010.h5"
        ),
    ):
        progress, _ = train(Checkpoints(tmp_path, every=0))
    assert progress.finished and [path.name for path in tmp_path.iterdir()] == [
        "000000000010.h5"
    ]


@pytest.mark.slow
def test_killed_trainings_end_as_if_nothing_had_happened(tmp_path):
    """Kill twenty runs twice each, every second one while it writes a checkpoint."""
    script = pathlib.Path(__file__).parent / "killed.py"
    output = subprocess.run(
        [sys.executable, script, tmp_path, "20"],
        check=True,
        capture_output=True,
        text=True,
        timeout=7200,
    ).stdout
    counts = json.loads(output.splitlines()[-1])
    assert counts["same"] == counts["runs"] == 20, counts
    assert counts["killed"] == 40 and counts["while writing"] >= 20, counts


def test_a_checkpoint_of_an_earlier_version_resumes(tmp_path, monkeypatch):
    """The state's fields had other names; on a plateau both of them decide."""
    monkeypatch.setattr(input_pipeline, "_PAUSE", 1e6)
    settings = {"lr_schedule": "plateau", "patience": 1, "max_epochs": 40}
    whole, expected = train(Checkpoints(tmp_path / "new", every=0), **settings)
    assert whole.num_lr_decays > 0
    newest = max((tmp_path / "new").iterdir())
    newest.unlink()
    groups, state = Checkpoints(tmp_path / "new").newest()
    state["waited"] = state.pop("epochs_since_best")
    state["decayed"] = state.pop("num_lr_decays")
    Checkpoints(tmp_path / "old").save(1, groups, state)
    resumed, weights = train(Checkpoints(tmp_path / "old"), **settings)
    losses = [logs["loss"] for logs in whole.history]
    assert [logs["loss"] for logs in resumed.history] == losses
    assert resumed.num_lr_decays == whole.num_lr_decays
    for a, b in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(a, b)

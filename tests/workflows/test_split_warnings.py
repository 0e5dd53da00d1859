"""What spoils a training is told before it begins."""

import numpy as np
import pytest

from v1keras import Recording, build_model, fit, simulate_recording
from v1keras.config import default
from v1keras.data.quality import split_issues
from v1keras.workflows.train import train_and_evaluate


def changed(split=None, **arrays):
    recording = simulate_recording(40, 16, neurons_per_kind=1, image_size=12)
    values = {"images": recording.images, "responses": recording.responses} | arrays
    return Recording(split=recording.split if split is None else split, **values)


def one_validation_image():
    split = changed().split.copy()
    split[np.flatnonzero(split == 1)[1:]] = 0
    return changed(split)


def silent_validation():
    recording = changed()
    responses = recording.responses.copy()
    responses[recording.split == 1] = 0
    return changed(responses=responses)


@pytest.mark.parametrize("make", [one_validation_image, silent_validation])
def test_a_training_that_nothing_could_stop_is_refused(make, tmp_path):
    recording = make()
    recording.save(tmp_path / "recording.h5")
    config = default()
    config.data.recording = str(tmp_path / "recording.h5")
    config.training.batch_size = 8
    expected = "no neuron's response varies over its .* validation images"
    with pytest.raises(ValueError, match=expected):
        train_and_evaluate(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match=expected):
        fit(build_model(recording), recording, batch_size=8)


def test_copies_and_silent_and_small_sides_are_told():
    recording = changed()
    train, test = (np.flatnonzero(recording.split == side) for side in (0, 2))
    images, responses = recording.images.copy(), recording.responses.copy()
    images[test[0]] = images[train[0]]
    responses[test] = 0
    split = recording.split.copy()
    split[np.flatnonzero(split == 1)[4:]] = 0
    copies, few, silent = split_issues(
        changed(split, images=images, responses=responses)
    )
    assert copies.startswith("1 pair of images stands on two sides")
    assert f"{train[0]} (train) and {test[0]} (test)" in copies
    assert few.startswith("4 validation images: the correlation")
    assert silent == (
        "no neuron's response varies over 16 test images: there are no scores"
    )


def test_train_tells_of_copies(tmp_path, command):
    recording = changed()
    images = recording.images.copy()
    images[np.flatnonzero(recording.split == 2)[0]] = images[0]
    changed(images=images).save(tmp_path / "copies.h5")
    flags = ["--config=tiny", "--config.training.max_epochs=1", "--quiet"]
    flags += ["--config.training.batch_size=8", "--config.data.recording=copies.h5"]
    done = command("train", *flags, "--workdir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "stands on two sides" in done.stderr

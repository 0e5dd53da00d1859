"""The card and the table of presets whose scores are missing."""

import numpy as np
import pytest

from v1keras import Recording, simulate_recording, zoo
from v1keras.config import default
from v1keras.workflows.train import train_and_evaluate


def silent(recording):
    """No neuron is above 5 Hz."""
    recording.responses *= 1e-3
    recording.repeats = recording.repeat_images = None


def constant(recording):
    """All test responses are alike, so that nothing correlates with them."""
    recording.responses[recording.split == 2] = 1.0
    recording.repeats = recording.repeat_images = None


def single(recording):
    """One test image."""
    first, *rest = np.flatnonzero(recording.split == 2)
    recording.split[rest] = 0
    recording.repeats = recording.repeat_images = None


@pytest.mark.parametrize("change", [silent, constant, single])
def test_a_training_without_a_correlation_becomes_a_preset(tmp_path, change):
    recording = simulate_recording(60, 20, neurons_per_kind=1, image_size=16)
    change(recording)
    recording.save(tmp_path / "recording.h5")
    config = default()
    config.data.recording = str(tmp_path / "recording.h5")
    config.core.filters, config.core.kernel_sizes = (4, 4), (5, 3)
    config.training.batch_size, config.training.max_epochs = 18, 1
    model, _ = train_and_evaluate(config, tmp_path / "run")
    reopened = zoo.load(tmp_path / "run", check=True)
    images = Recording.load(tmp_path / "recording.h5").images[:3, :, :, None]
    images = images.astype("float32")
    np.testing.assert_array_equal(reopened(images), model(images))
    lines = (tmp_path / "run/preset/README.md").read_text().splitlines()
    scores = zoo.info(tmp_path / "run")["scores"]
    assert any(row["correlation"] is None for row in scores)
    for row in scores:
        head = f"| {row['neurons']} ({row['count']}) |"
        (line,) = [line for line in lines if line.startswith(head)]
        correlation = row["correlation"]
        expected = "none" if correlation is None else f"{correlation:.3f}"
        assert line.split(" | ")[2] == expected

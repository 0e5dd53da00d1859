"""A long training takes no more memory, open files or room for its events than a short
one.
"""

import os

import keras
import numpy as np
import pytest

from configs import tiny
from v1keras import simulate_recording, train

_STEPS = 20_000


class Watch(keras.callbacks.Callback):
    """Notes of each epoch: which, bytes of resident memory, open files, bytes of
    TensorBoard's events.
    """

    def __init__(self, events):
        super().__init__()
        self.events, self.found = events, []

    def on_epoch_end(self, epoch, logs=None):
        with open("/proc/self/statm") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        written = sum(path.stat().st_size for path in self.events.rglob("events.*"))
        self.found.append(
            (epoch + 1, resident, len(os.listdir("/proc/self/fd")), written)
        )


@pytest.mark.slow
def test_20000_steps(tmp_path):
    simulate_recording(1000, 20, neurons_per_kind=3, image_size=16).save(
        tmp_path / "recording.h5"
    )
    config = tiny.get_config()
    config.data.recording = str(tmp_path / "recording.h5")
    config.training.lr_schedule, config.training.checkpoint_s = "cosine", 1.0
    steps = 900 // config.training.batch_size
    config.training.max_epochs = -(-_STEPS // steps)
    watch = Watch(tmp_path / "run" / "tensorboard")
    train.train_and_evaluate(config, tmp_path / "run", callbacks=[watch])
    epochs, resident, files, written = np.array(watch.found).T
    counts = steps * epochs
    late = counts > 1000
    assert counts[-1] >= _STEPS
    low, high = resident[late].min() / 1e6, resident[late].max() / 1e6
    print(f"{counts[-1]} steps: memory {low:.0f} to {high:.0f} MB,")
    print(f"{files[late].max()} open files, {written[-1] / 1e6:.2f} MB of events")
    assert resident[late].max() < 1.02 * resident[late][0]
    assert files[late].max() <= files[late][0]
    assert written[-1] < 2e6

"""A long training takes no more memory, open files or room for its events than a short
one.
"""

import ctypes
import gc
import os
import pathlib
import re

import keras
import numpy as np
import pytest

from configs import tiny
from v1keras import simulate_recording
from v1keras.workflows import train

_STEPS = 20_000


class Watch(keras.callbacks.Callback):
    """Notes each epoch's number, bytes of memory, open files and bytes of events."""

    def __init__(self, events):
        super().__init__()
        self.events, self.found = events, []

    def on_epoch_end(self, epoch, logs=None):
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what is free is not held
        # Without pages of files, which come and go with what else the machine does.
        status = pathlib.Path("/proc/self/status").read_text()
        resident = 1024 * int(re.search(r"RssAnon:\s+(\d+) kB", status)[1])
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
    gc.collect()
    gc.freeze()  # so that each collection looks at what the training leaves alone
    train.train_and_evaluate(config, tmp_path / "run", callbacks=[watch])
    gc.unfreeze()
    epochs, resident, files, written = np.array(watch.found).T
    counts = steps * epochs
    late = counts > 1000
    assert counts[-1] >= _STEPS
    # Medians, since a single epoch may be seen with a buffer or an arena more.
    early, last = (np.median(part) for part in np.split(resident[late], [20, -20])[::2])
    print(
        f"{counts[-1]} steps: memory {early / 1e6:.1f} to {last / 1e6:.1f} MB, "
        f"{files[late].max()} open files, {written[-1] / 1e6:.2f} MB of events"
    )
    assert last < 1.01 * early
    assert files[late].max() <= files[late][0]
    assert written[-1] < 2e6

"""Kills trainings at random moments and lets them go on.

Run by test_recovery.py in a process of its own:

    python killed.py FOLDER RUNS

Each is killed twice by a timer of the kernel: in a random epoch, or while it writes a
checkpoint. The process does not notice, as with SIGKILL; and the timer starts in the
epoch or the writing, so that a busy machine does not make it miss them.

Prints, as JSON, how often a training was killed, how often while a checkpoint was
written, and in how many runs the weights were those of the undisturbed training.
"""

import json
import os
import pathlib
import random
import signal
import sys
import time

import keras
import numpy as np

from v1keras.evaluation import correlation
from v1keras.models import GaussianReadout, StackedCore, V1Model
from v1keras.training import (
    Checkpoints,
    NegativeBinomial,
    Schedule,
    Trainer,
    input_pipeline,
    make_strategy,
)


def train(folder, epoch=None, writes=None):
    """Train and write the weights to `folder`/weights.npz.

    The core has batch statistics, the readout random places, and the noise learns.

    Args:
        folder: a folder of its own.
        epoch: in which it is killed, or in the next where the timer was late.
        writes: checkpoints after which it is killed while it writes another.
    """
    input_pipeline._PAUSE = 0.02  # several looks at the clock in an epoch
    rng = np.random.default_rng(0)
    images, responses = (
        rng.integers(0, 256, (120, 16, 16, 1)).astype("uint8"),
        rng.poisson(2.0, (120, 5)).astype("float32"),
    )
    keras.utils.set_random_seed(0)
    model = V1Model(
        StackedCore((8, 8), (5, 3)), GaussianReadout(5), (16, 16), 127.0, 70.0
    )
    noise, schedule = (
        NegativeBinomial(),
        Schedule(
            batch_size=4, max_epochs=12, patience=2, max_lr_decays=9, ema_momentum=0.5
        ),
    )
    trainer = Trainer(
        model,
        keras.optimizers.Adam(1e-3),
        noise,
        correlation,
        make_strategy("one"),
        schedule,
    )
    trainer.fit(
        (images[:100], responses[:100]),
        (images[100:], responses[100:]),
        callbacks=[] if epoch is None else [KilledInEpoch(epoch)],
        checkpoints=KilledWhileWriting(folder / "checkpoints", writes),
    )
    arrays = [
        np.asarray(v)
        for v in model.variables + noise.variables + trainer.optimizer.variables
    ]
    np.savez(folder / "whole.npz", *arrays)
    os.replace(folder / "whole.npz", folder / "weights.npz")


def die_within(seconds):
    """Let the kernel end this process at a random moment of the next seconds."""
    signal.setitimer(signal.ITIMER_REAL, max(1e-6, random.uniform(0, seconds)))


class KilledInEpoch(keras.callbacks.Callback):
    """Ends the process at a random moment in the first half of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.began, self.took = epoch, time.monotonic(), 1.0

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.monotonic()
        if epoch >= self.epoch:
            die_within(self.took / 2)

    def on_epoch_end(self, epoch, logs=None):
        self.took = time.monotonic() - self.began
        if epoch > self.epoch:
            os.kill(os.getpid(), signal.SIGKILL)


class KilledWhileWriting(Checkpoints):
    """Leaves a mark as long as it writes; ends the process there after `writes`."""

    def __init__(self, folder, writes):
        super().__init__(folder, every=0.05)
        self.writes, self.took = writes, 0.0

    def save(self, *arguments):
        mark = self.folder.parent / "writing"
        mark.touch()
        began = time.monotonic()
        if self.writes is not None:
            self.writes -= 1
            if self.writes < 0:
                die_within(self.took)
        super().save(*arguments)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.took = time.monotonic() - began
        mark.unlink()


def begin(folder, seed=0, **plan):
    """A child process that trains; nothing of TensorFlow has run yet in this one."""
    child = os.fork()
    if not child:
        random.seed(seed)
        train(folder, **plan)
        os._exit(0)
    return child


def plan_of(run, attempt):
    """Where to kill an attempt: two of each run, every second run's while writing."""
    if attempt >= 2:
        return {}
    if run % 2:
        return {"writes": random.randint(1, 3)}
    return {"epoch": random.randint(0, 4) + 5 * attempt}


def main(folder, runs):
    folder, runs = pathlib.Path(folder), int(runs)
    (folder / "undisturbed").mkdir()
    os.waitpid(begin(folder / "undisturbed"), 0)
    expected = np.load(folder / "undisturbed" / "weights.npz")
    random.seed(0)
    killed = writing = same = 0
    for run in range(runs):
        place = folder / str(run)
        place.mkdir()
        for attempt in range(3):
            child = begin(place, 3 * run + attempt, **plan_of(run, attempt))
            _, status = os.waitpid(child, 0)
            if os.WIFSIGNALED(status):
                killed, writing = killed + 1, writing + (place / "writing").exists()
                (place / "writing").unlink(missing_ok=True)
        weights = np.load(place / "weights.npz")
        same += all(
            np.array_equal(weights[name], expected[name]) for name in expected.files
        )
    print(
        json.dumps(
            {"runs": runs, "killed": killed, "while writing": writing, "same": same}
        )
    )


main(*sys.argv[1:])

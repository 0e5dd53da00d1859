"""Kills trainings with SIGKILL at random moments and lets them go on; run by
test_recovery.py in a process of its own.

    python killed.py FOLDER RUNS

Prints, as JSON, how often a training was killed, how often while a checkpoint was
written, and in how many runs the weights were those of the training that nobody killed.
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
    make_strategy,
)


def train(folder):
    """Writes the weights to `folder`/weights.npz; a core with batch statistics, a
    readout with random places, noise that learns.
    """
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
        checkpoints=Slow(folder / "checkpoints", every=0.05),
    )
    arrays = [
        np.asarray(v)
        for v in model.variables + noise.variables + trainer.optimizer.variables
    ]
    np.savez(folder / "whole.npz", *arrays)
    os.replace(folder / "whole.npz", folder / "weights.npz")


class Slow(Checkpoints):
    """Leaves a mark as long as it writes."""

    def save(self, *arguments):
        mark = self.folder.parent / "writing"
        mark.touch()
        super().save(*arguments)
        mark.unlink()


def begin(folder):
    """A child process that trains; nothing of TensorFlow has run yet in this one."""
    child = os.fork()
    if not child:
        train(folder)
        os._exit(0)
    return child


def main(folder, runs):
    folder, runs = pathlib.Path(folder), int(runs)
    (folder / "undisturbed").mkdir()
    began = time.monotonic()
    os.waitpid(begin(folder / "undisturbed"), 0)
    lasts = time.monotonic() - began
    expected = np.load(folder / "undisturbed" / "weights.npz")
    random.seed(0)
    killed = writing = same = 0
    for run in range(runs):
        place = folder / str(run)
        place.mkdir()
        for attempt in range(9):
            child = begin(place)
            if attempt < 2:
                pause, until = random.uniform(0.2, 1.0) * lasts, time.monotonic()
                while time.monotonic() < until + pause or (
                    run % 2
                    and not (place / "writing").exists()
                    and time.monotonic() < until + lasts
                ):
                    time.sleep(0.0005)
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            if os.WIFSIGNALED(status):
                killed, writing = killed + 1, writing + (place / "writing").exists()
                (place / "writing").unlink(missing_ok=True)
            if (place / "weights.npz").exists():
                break
        found = np.load(place / "weights.npz")
        same += all(
            np.array_equal(found[name], expected[name]) for name in expected.files
        )
    print(
        json.dumps(
            {"runs": runs, "killed": killed, "while writing": writing, "same": same}
        )
    )


main(*sys.argv[1:])

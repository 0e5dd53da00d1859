import os
import pathlib
import subprocess
import sys
import types

import pytest

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="session")
def command():
    """Runs a command as a user does: `command("train", "--workdir=w")`; `variables` of
    the environment are added.
    """

    # As in a user's shell, which has nothing of what importing TensorFlow and v1keras
    # here has set.
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("TF")
    }

    def run(name, *arguments, variables={}, **options):
        line = [sys.executable, "-m", f"v1keras.{name}", *map(str, arguments)]
        return subprocess.run(
            line, capture_output=True, text=True, env=environment | variables, **options
        )

    return run


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, command):
    """A simulated recording and the workdir of a training on it."""
    folder = tmp_path_factory.mktemp("tiny")
    recording, workdir = folder / "tiny.h5", folder / "workdir"
    size = [
        "--train_images=80",
        "--test_images=20",
        "--neurons_per_kind=1",
        "--image_size=16",
    ]
    made = command("data", "simulate", *size, f"--out={recording}")
    config = [
        f"--config={ROOT / 'configs' / 'tiny.py'}",
        f"--config.data.recording={recording}",
    ]
    trained = command("train", *config, f"--workdir={workdir}")
    return types.SimpleNamespace(
        recording=recording, config=config, workdir=workdir, made=made, trained=trained
    )

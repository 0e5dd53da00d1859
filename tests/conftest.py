import json
import os
import pathlib
import subprocess
import sys
import types

import pytest

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="session")
def start_python(tmp_path_factory):
    """Start a Python that has imported TensorFlow: `start_python(A_VARIABLE="1")`.

    What is returned is as the fixture `python`. The variables are there while the
    libraries are imported.
    """
    servers = []

    def start(**variables):
        folder = tmp_path_factory.mktemp("python")
        server = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "forks.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | variables,
        )
        servers.append(server)

        def run(*words, cwd=None, env=os.environ):
            words, outputs = list(map(str, words)), [folder / "stdout", folder / "err"]
            for path in outputs:
                path.write_text("")
            request = {
                "words": words,
                "folder": str(cwd or os.getcwd()),
                "environment": dict(env),
                "stdout": str(outputs[0]),
                "stderr": str(outputs[1]),
            }
            print(json.dumps(request), file=server.stdin, flush=True)
            status = int(server.stdout.readline())
            texts = [path.read_text() for path in outputs]
            return subprocess.CompletedProcess(words, status, *texts)

        return run

    yield start
    for server in servers:
        server.stdin.close()
        server.wait()


@pytest.fixture(scope="session")
def python(start_python):
    """Run `python *words` in a process of its own, with TensorFlow there already.

    For what is done with the interpreter itself, such as its variables and limits, a
    test starts one that is new: `subprocess.run([sys.executable, ...])`.
    """
    return start_python()


@pytest.fixture(scope="session")
def command(python):
    """Run a command as a user does: `command("train", "--workdir=w")`.

    `variables` of the environment are added. They and what `subprocess.run` takes may
    be meant for the interpreter, so where they are given it is a new one.
    """
    # As in a user's shell, which has nothing of what importing TensorFlow and v1keras
    # here has set.
    shell = {
        key: value for key, value in os.environ.items() if not key.startswith("TF")
    }

    def run(name, *arguments, variables={}, cwd=None, **options):
        words = ["-m", f"v1keras.{name}", *map(str, arguments)]
        if not variables and not options:
            return python(*words, cwd=cwd, env=shell)
        return subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            cwd=cwd,
            env=shell | variables,
            **options,
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


@pytest.fixture
def preset_metadata():
    """What is said of a made-up preset of three neurons, as `zoo.save` takes it."""
    return {
        "recording": {"name": "made_up", "area": "V1"},
        "pixels": {"minimum": 0.0, "maximum": 255.0},
        "sessions": {"a": 2, "b": 1},
        "neuron_sessions": [["a", 1], ["b", 1], ["a", 1]],
        "command": "none",
        "commit": "0" * 40,
        "measured_by": "none",
        "ceiling": "means",
        "config": {"data": {"protocol": "paper", "split_seed": 3}},
        "scores": [
            {
                "protocol": "paper",
                "seeds": [3],
                "neurons": "reported",
                "count": 3,
                "correlation": 0.51234,
                "cc_norm": 0.6789,
                "fraction_near_limit": 0.25,
            }
        ],
    }

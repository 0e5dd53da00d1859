"""Seconds of short commands beyond importing TensorFlow, in one run on one machine."""

import pathlib
import subprocess
import sys
import tempfile
import time

from v1keras.zoo import find

_ROUNDS = 3
_PRESET = "kindel2019_factorized"
_DATA = ["-m", "v1keras", "data"]
_INVERT = ["-m", "v1keras", "invert", f"--model={_PRESET}"]
_WORK = {
    "import tensorflow": ["-c", "import tensorflow"],
    "v1keras data info": [*_DATA, "info", "made.h5"],
    "v1keras zoo list": ["-m", "v1keras", "zoo", "list"],
    "v1keras evaluate": ["-m", "v1keras", "evaluate", f"--model={_PRESET}"],
    "v1keras invert, one cell": [*_INVERT, "--neurons=0", "--out=one"],
    "v1keras invert, 48 cells": [
        *_INVERT,
        f"--neurons={','.join(map(str, range(48)))}",
        "--out=many",
    ],
}


def measure():
    """Return (dict for the JSON, Markdown)."""
    find(_PRESET)  # before anything is timed
    rounds = {name: [] for name in _WORK}
    with tempfile.TemporaryDirectory() as folder:
        _run([*_DATA, "simulate", "--out=made.h5"], folder)
        for _ in range(_ROUNDS):
            for name, arguments in _WORK.items():
                rounds[name].append(_run(arguments, pathlib.Path(folder)))
    least = {name: min(seconds) for name, seconds in rounds.items()}
    base = least["import tensorflow"]
    lines = [
        "| | beyond TensorFlow's import | seconds, fastest of three |",
        "|---|---|---|",
    ]
    for name, seconds in least.items():
        lines.append(f"| `{name}` | {seconds - base:+.2f} | {seconds:.2f} |")
    return {"seconds": rounds}, "\n".join(lines) + "\n"


def _run(arguments, folder):
    """Return how long a command takes."""
    start = time.perf_counter()
    line = [sys.executable, *arguments]
    subprocess.run(line, capture_output=True, cwd=folder, check=True)
    return time.perf_counter() - start

"""Seconds until a command answers, compared with importing TensorFlow alone."""

import subprocess
import sys
import time

_ROUNDS = 5
_WORK = {
    "import tensorflow": ["-c", "import tensorflow"],
    "import keras": ["-c", "import keras"],
    "import v1keras": ["-c", "import v1keras"],
    "python -m v1keras.train --help": ["-m", "v1keras.train", "--help"],
    "python -m v1keras.evaluate --help": ["-m", "v1keras.evaluate", "--help"],
    "python -m v1keras.invert --help": ["-m", "v1keras.invert", "--help"],
}


def measure():
    """Return (dict for the JSON, Markdown)."""
    rounds = {name: [] for name in _WORK}
    for _ in range(_ROUNDS):
        for name, arguments in _WORK.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], capture_output=True)
            rounds[name].append(time.perf_counter() - start)
    least = {name: min(seconds) for name, seconds in rounds.items()}
    base = least["import tensorflow"]
    lines = [
        "| | beyond TensorFlow's import | seconds, fastest of five |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {seconds - base:+.2f} | {seconds:.2f} |"
        for name, seconds in least.items()
    ]
    return {"seconds": rounds}, "\n".join(lines) + "\n"

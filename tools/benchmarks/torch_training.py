"""Training in plain PyTorch, measured in a process of its own."""

import json
import os
import pathlib
import subprocess
import sys

from tools.benchmarks.machine import processors


def _options(precision, channels_last, compiled):
    return {
        "bfloat16": precision == "bfloat16",
        "channels_last": channels_last,
        "compile": compiled,
        "device": "cpu",
    }


# Each is measured, and the fastest is what ours is compared with.
TORCH = {
    "float32": _options("float32", False, ""),
    "float32, channels last": _options("float32", True, ""),
    "bfloat16, channels last": _options("bfloat16", True, ""),
    "float32, compiled": _options("float32", False, "default"),
    "float32, compiled, channels last": _options("float32", True, "default"),
    "bfloat16, compiled": _options("bfloat16", False, "default"),
    "bfloat16, compiled, channels last": _options("bfloat16", True, "default"),
}
# What makes PyTorch faster on CPUs: memory is kept from step to step.
_ENVIRONMENT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1"}
BLOCKS = 3


def of_torch(case, options):
    """Measure PyTorch with the Python of the variable TORCH_PYTHON, or this one.

    Returns:
        Dict of the fastest block's `images_per_second`, of `busy` processors,
        `parameters` and `version`.

    Raises:
        ValueError: PyTorch is not there or can't do it; the message has its last line.
    """
    script = pathlib.Path(__file__).parent / "torch_model.py"
    asked = json.dumps(case | options | {"threads": processors(), "blocks": BLOCKS})
    done = subprocess.run(
        [os.environ.get("TORCH_PYTHON", sys.executable), script, asked],
        env=os.environ | _ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        raise ValueError(
            "PyTorch's part failed (pip install 'v1keras[benchmark]'?):"
            f" {' '.join(last)}"
        )
    return json.loads(done.stdout.splitlines()[-1])

"""Equality and speed on an NVIDIA GPU, on Keras's JAX backend.

Where JAX has no GPU, small sizes show that the script runs, and the page says so.
"""

import datetime
import json
import os
import pathlib
import subprocess
import sys

from tools.benchmarks.torch_training import of_torch

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_BFLOAT16 = {"bfloat16": True, "channels_last": True}
# Each is measured, and the fastest is what ours is compared with.
_TORCH = {
    "compiled": _BFLOAT16 | {"compile": "default"},
    "compiled with CUDA graphs": _BFLOAT16 | {"compile": "reduce-overhead"},
}
_REHEARSAL = """\
**This page has not been measured on a GPU: JAX had none.** The CPU is compared with
itself, on small sizes and compiled without most optimizations: the figures show that
the script runs, and say nothing of a GPU's speed. Run the command above where
`jax[cuda13]` and PyTorch see an NVIDIA GPU.

"""


def measure():
    """Return (dict for the JSON, Markdown)."""
    measured = _on_jax() | {"date": datetime.date.today().isoformat()}
    for row in measured["training"].values():
        row["torch"] = _of_torch(row["case"], measured["gpu"])
    return measured, _page(measured)


def _page(measured):
    text = "" if measured["gpu"] else _REHEARSAL
    text += f"{measured['device']}, {measured['date']}; {measured['versions']}.\n\n"
    text += _equality(measured["differences"]) + _training(measured["training"])
    return text + _inversion(measured["inversion"])


def _on_jax():
    done = subprocess.run(
        [sys.executable, "-m", "tools.benchmarks.gpu_jax"],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        cwd=_ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = " ".join(done.stderr.strip().splitlines()[-1:])
        raise ValueError(
            f"the part on JAX failed (pip install 'v1keras[jax]'?): {last}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def _of_torch(case, on_gpu):
    """Return steps per second of PyTorch's variants, or why there is none."""
    rows = {}
    for name, options in _TORCH.items():
        device = {"device": "cuda" if on_gpu else "cpu"}
        try:
            speed = of_torch(case, options | device)["images_per_second"]
        except ValueError as error:
            rows[name] = {"left_out": str(error)}
        else:
            rows[name] = {"steps_per_second": speed / case["batch"]}
    return rows


def _equality(differences):
    lines = [
        "## Equal to the CPU\n",
        (
            "Largest difference from the same layer on the CPU in float32, relative to"
            " the largest value of an array.\n"
        ),
        "| | outputs | gradient by inputs and weights |",
        "|---|---|---|",
    ]
    for name, row in differences.items():
        lines.append(f"| {name} | {row['outputs']:.1e} | {row['gradient']:.1e} |")
    return "\n".join(lines) + "\n\n"


def _training(rows):
    lines = [
        "## Training steps per second\n",
        (
            "| | batch | neurons | v1keras float32 | v1keras bfloat16 | PyTorch,"
            " bfloat16, compiled | v1keras's best / PyTorch's best |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    reasons = []
    for name, row in rows.items():
        case = row["case"]
        ours = [
            row[precision]["steps_per_second"]
            for precision in ("float32", "mixed_bfloat16")
        ]
        torch = [
            variant["steps_per_second"]
            for variant in row["torch"].values()
            if "steps_per_second" in variant
        ]
        reasons += [variant.get("left_out") for variant in row["torch"].values()]
        best = f"{max(torch):.1f}" if torch else "left out"
        ratio = f"**{max(ours) / max(torch):.2f}**" if torch else ""
        lines.append(
            f"| {name} | {case['batch']} | {case['neurons']:,} | {ours[0]:.1f} |"
            f" {ours[1]:.1f} | {best} | {ratio} |"
        )
    for reason in sorted({*filter(None, reasons)}):
        lines.append(f"\nLeft out: {reason}")
    return "\n".join(lines) + "\n\n"


def _inversion(row):
    milliseconds = 1e3 * row["seconds"] / row["neurons"] / row["steps"]
    return (
        f"## Inversion\n\n{row['neurons']} neurons of kindel2019_factorized at once,"
        f" {row['steps']} steps of a bare gradient ascent: {row['seconds']:.2f} s,"
        f" {milliseconds:.4f} ms per neuron and step. Median rate"
        f" {row['median_rate_of_noise']:.2f} of the noise it starts from,"
        f" {row['median_rate']:.2f} of the stimuli.\n"
    )

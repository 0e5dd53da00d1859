"""Images per second in training, compared with the same architecture in plain PyTorch.

Both are measured in float32 and bfloat16.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys

import keras
import numpy as np

from tools.benchmarks.machine import Watch, ceiling, processors
from v1keras import models
from v1keras.training import Poisson, Schedule, Trainer, make_strategy

_CNN = {
    "image_size": (33, 33),
    "filters": (32, 32, 32),
    "sides": (11, 3, 3),
    "separable": False,
    "pool": 2,
    "on_off": True,
}
_WIDE = {
    "image_size": (36, 64),
    "filters": (64, 64, 64, 64),
    "sides": (9, 7, 7, 7),
    "separable": True,
    "pool": 1,
    "on_off": False,
}
CASES = {
    "33 x 33 pixels, 392 neurons": (
        _CNN | {"readout": "factorized", "neurons": 392, "batch": 18, "steps": 30}
    ),
    "36 x 64 pixels, 1,000 neurons": (
        _WIDE | {"readout": "gaussian", "neurons": 1000, "batch": 128, "steps": 3}
    ),
    "36 x 64 pixels, 8,000 neurons": (
        _WIDE | {"readout": "gaussian", "neurons": 8000, "batch": 128, "steps": 3}
    ),
}
_ROUNDS = 2
# Each is measured, and the fastest is what ours is compared with.
TORCH = {
    "float32": {"bfloat16": False, "channels_last": False, "compile": False},
    "float32, channels last": {
        "bfloat16": False,
        "channels_last": True,
        "compile": False,
    },
    "bfloat16, channels last": {
        "bfloat16": True,
        "channels_last": True,
        "compile": False,
    },
}
# What makes PyTorch faster here: memory is kept from step to step.
TORCH_ENVIRONMENT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1"}


def measure():
    """Return (dict for the JSON, Markdown)."""
    most = ceiling()
    rows, text = {}, ""
    for name, case in CASES.items():
        rows[name] = measured(case)
        text += f"## {name}\n\n{_table(rows[name], case, most)}\n\n"
    text += (
        "At most, in this run: "
        + ", ".join(f"{what} {rate:.0f} GFLOP/s" for what, rate in most.items())
        + ".\n"
    )
    text += (
        "Peak memory of ours"
        f" {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB.\n"
    )
    return {"ceiling": most, "cases": rows}, text


def measured(case):
    """Return the rows of a case, all measured in turns.

    Returns:
        Dict, "PyTorch ..." or "v1keras ..." -> `{"images_per_second", "busy",
        "rounds", ...}`.
    """
    rows = {}
    for _ in range(_ROUNDS):
        for name, options in TORCH.items():
            if case["separable"] and not options["channels_last"]:
                # whose gradient of depthwise convolution takes ten times as long
                continue
            _add_round(rows, f"PyTorch {name}", of_torch(case, options))
        for precision in ("float32", "mixed_bfloat16"):
            _add_round(rows, f"v1keras {precision}", of_ours(case, precision))
    counts = {row["parameters"] for row in rows.values()}
    if len(counts) != 1:
        raise ValueError(f"the models have {counts} parameters; expected equal numbers")
    return rows


def of_torch(case, options):
    """Measure PyTorch in a process of its own.

    Its Python is that of the variable TORCH_PYTHON, or this one.
    """
    script = pathlib.Path(__file__).parent / "torch_model.py"
    asked = json.dumps(case | options | {"threads": processors()})
    python = os.environ.get("TORCH_PYTHON", sys.executable)
    done = subprocess.run(
        [python, script, asked],
        env=os.environ | TORCH_ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ValueError(
            "PyTorch's part failed (pip install 'v1keras[benchmark]'?):"
            f" {done.stderr.strip().splitlines()[-1]}"
        )
    measured = json.loads(done.stdout.splitlines()[-1])
    busy = measured["processor_seconds"] / np.mean(measured["seconds"])
    return {
        "images_per_second": case["batch"] / min(measured["seconds"]),
        "busy": busy,
        "parameters": measured["parameters"],
    }


class Epochs(keras.callbacks.Callback):
    """Measure images per second and busy processors of every epoch.

    An epoch's few validation images count for the processors alone.
    """

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        self._watch = Watch().__enter__()

    def on_epoch_end(self, epoch, logs=None):
        self._watch.__exit__()
        self.epochs.append((logs["images_per_second"], self._watch.busy))


def of_ours(case, precision, data=None, device_gb=2.0, epochs=4):
    """Measure training as `python -m v1keras.train` does it, on `data` or noise.

    The first epoch, which compiles, is left out.
    """
    model = build(case, precision)
    images, responses = data or noise(case)
    watch = Epochs()
    schedule = Schedule(
        batch_size=case["batch"],
        max_epochs=epochs,
        max_device_data_gb=device_gb,
        steps=case["steps"],
    )
    trainer = Trainer(
        model,
        keras.optimizers.Adam(3e-3),
        Poisson(),
        _minus_error,
        make_strategy("one"),
        schedule,
    )
    trainer.fit((images, responses), (images[:8], responses[:8]), callbacks=[watch])
    speed, busy = max(watch.epochs[1:])
    return {
        "images_per_second": speed,
        "busy": busy,
        "parameters": sum(int(np.prod(v.shape)) for v in model.trainable_variables),
    }


def _minus_error(responses, rates):
    return -np.mean((responses - rates) ** 2, axis=0)


def noise(case):
    """Return images and responses of as many steps as the case has."""
    rng, count = np.random.default_rng(0), case["batch"] * case["steps"]
    images = rng.integers(0, 256, (count, *case["image_size"], 1)).astype("uint8")
    return images, rng.poisson(1.0, (count, case["neurons"])).astype("float32")


def build(case, precision):
    """Return the case's model, with its core in `precision`."""
    first = "on_off" if case["on_off"] else "elu"
    options = {
        "first_activation": first,
        "pool_size": case["pool"],
        "separable": case["separable"],
        "dtype": precision,
    }
    core = models.StackedCore(case["filters"], case["sides"], **options)
    if case["readout"] == "factorized":
        readout = models.FactorizedReadout(case["neurons"], l1=0.01)
    else:
        readout = models.GaussianReadout(case["neurons"], "full")
    model = models.V1Model(core, readout, case["image_size"], 110.0, 60.0)
    if case["readout"] == "gaussian":
        readout.mean.assign(
            np.random.default_rng(0).uniform(-0.9, 0.9, (case["neurons"], 2))
        )
    return model


def flop(case):
    """Return the operations of a training step, two per multiplication and addition.

    Each gradient costs as much as a forward pass; none is taken by the images.
    """
    height, width = case["image_size"]
    total, before = 0, 1
    height, width = height - case["sides"][0] + 1, width - case["sides"][0] + 1
    for i, (channels, side) in enumerate(
        zip(case["filters"], case["sides"], strict=True)
    ):
        per_place = side**2 * before * channels
        if i and case["separable"]:
            per_place = side**2 * before + before * channels
        total += height * width * per_place * (3 if i else 2)
        before = channels
        if not i:
            height, width = height // case["pool"], width // case["pool"]
            before = channels * (1 + case["on_off"])
    place = 5 if case["readout"] == "gaussian" else height * width + 1
    return 2 * case["batch"] * (total + 3 * place * before * case["neurons"])


def _add_round(rows, name, row):
    """Keep the fastest of the rounds, and the speed of all."""
    speed = row["images_per_second"]
    before = rows.get(name, {"rounds": [], "images_per_second": 0})
    rounds = [*before["rounds"], speed]
    if speed > before["images_per_second"]:
        rows[name] = row
    rows[name]["rounds"] = rounds


def _table(rows, case, most):
    speed = {name: row["images_per_second"] for name, row in rows.items()}
    torch = {name: value for name, value in speed.items() if name.startswith("PyTorch")}
    best = max(torch.values())
    best32 = max(value for name, value in torch.items() if "float32" in name)
    ours, half = speed["v1keras float32"], speed["v1keras mixed_bfloat16"]
    lines = [
        (
            f"v1keras float32 / PyTorch's best in float32: **{ours / best32:.1f}**;"
            f" v1keras's best / PyTorch's best: **{max(ours, half) / best:.1f}**;"
            f" v1keras bfloat16 / float32: {half / ours:.2f}."
            f" {rows['v1keras float32']['parameters']:,} parameters each.\n"
        ),
        (
            "| | images/s | in each round | processors busy | GFLOP/s | of the largest"
            " convolution rate |"
        ),
        "|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        rate = flop(case) / case["batch"] * row["images_per_second"] / 1e9
        precision = "bfloat16" if "bfloat16" in name else "float32"
        share = rate / most[f"convolution {precision}"]
        rounds = ", ".join(f"{value:.0f}" for value in row["rounds"])
        lines.append(
            f"| {name} | {row['images_per_second']:.0f} | {rounds} | {row['busy']:.1f}"
            f" of {processors()} | {rate:.0f} | {share:.0%} |"
        )
    return "\n".join(lines)

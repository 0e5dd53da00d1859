"""Images per second in training, compared with the same architecture in plain PyTorch.

Both are measured in float32 and bfloat16, PyTorch with and without compiling.
"""

import resource

import keras
import numpy as np

from tools.benchmarks.cases import CASES, build, flop, noise, parameters
from tools.benchmarks.machine import Watch, ceiling, processors
from tools.benchmarks.torch_training import BLOCKS, TORCH, of_torch
from v1keras.training import Poisson, Schedule, Trainer, make_strategy

_ROUNDS = 3
PRECISIONS = ("float32", "mixed_bfloat16")


def measure():
    """Return (dict for the JSON, Markdown)."""
    most = ceiling()
    rows, text = {}, ""
    for name, case in CASES.items():
        rows[name] = measured(case)
        text += f"## {name}\n\n{_table(rows[name], case, most)}\n\n"
    rates = ", ".join(f"{what} {rate:.0f} GFLOP/s" for what, rate in most.items())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    text += (
        f"At most, in this run: {rates}.\nPeak memory of ours {peak:.1f} GB.\n\nA speed"
        f" is that of the fastest of {BLOCKS} blocks of steps of the fastest of"
        f" {_ROUNDS} rounds; every round measures all in turns, those after the first"
        " only the two fastest of PyTorch in each precision.\n"
    )
    return {"ceiling": most, "cases": rows}, text


def measured(case):
    """Return the rows of a case, all measured in turns.

    Returns:
        Dict, "PyTorch ..." or "v1keras ..." -> `{"images_per_second", "busy",
        "rounds", ...}`.
    """
    rows = {}
    for number in range(_ROUNDS):
        for name, options in TORCH.items():
            if case["separable"] and not options["channels_last"]:
                # whose gradient of depthwise convolution takes ten times as long
                continue
            if number and not _is_fast(f"PyTorch {name}", rows):
                continue
            _add_round(rows, f"PyTorch {name}", of_torch(case, options))
        for precision in PRECISIONS:
            _add_round(rows, f"v1keras {precision}", of_ours(case, precision))
    counts = {row["parameters"] for row in rows.values()}
    if len(counts) != 1:
        raise ValueError(f"the models have {counts} parameters; expected equal numbers")
    return rows


def _is_fast(name, rows):
    """Return whether a row is among PyTorch's two fastest of its precision."""
    speeds = {
        other: row["images_per_second"]
        for other, row in _of_precision(rows, "PyTorch", _precision(name)).items()
    }
    return name in sorted(speeds, key=speeds.get)[-2:]


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


def of_ours(case, precision, data=None, device_gb=2.0):
    """Measure training as `python -m v1keras.train` does it, on `data` or noise.

    The first epoch, which compiles, is left out.
    """
    model = build(case, precision)
    images, responses = data or noise(case)
    watch = Epochs()
    schedule = Schedule(
        batch_size=case["batch"],
        max_epochs=1 + BLOCKS,
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
        "parameters": parameters(model),
    }


def _minus_error(responses, rates):
    return -np.mean((responses - rates) ** 2, axis=0)


def _add_round(rows, name, row):
    """Keep the fastest of the rounds, and the speed of all."""
    speed = row["images_per_second"]
    before = rows.get(name, {"rounds": [], "images_per_second": 0})
    rounds = [*before["rounds"], speed]
    if speed > before["images_per_second"]:
        rows[name] = row
    rows[name]["rounds"] = rounds


def _precision(name):
    return "bfloat16" if "bfloat16" in name else "float32"


def _of_precision(rows, library, precision):
    """Return the rows of a library, those of one precision or of both ("")."""
    return {
        name: row
        for name, row in rows.items()
        if name.startswith(library) and precision in _precision(name)
    }


def _ratio(rows, precision=""):
    """Return the ratio of the fastest of ours to the fastest of PyTorch.

    Returns:
        Tuple of the ratio over all rounds, and of the list of each round's.
    """
    ours = _of_precision(rows, "v1keras", precision).values()
    torch = _of_precision(rows, "PyTorch", precision).values()
    by_round = []
    for number in range(_ROUNDS):
        best = []
        for library in (ours, torch):
            speeds = [row["rounds"][number : number + 1] for row in library]
            best.append(max(sum(speeds, [])))
        by_round.append(best[0] / best[1])
    fastest = [
        max(row["images_per_second"] for row in library) for library in (ours, torch)
    ]
    return fastest[0] / fastest[1], by_round


def _table(rows, case, most):
    ratio32, _ = _ratio(rows, "float32")
    ratio, by_round = _ratio(rows)
    in_rounds = ", ".join(f"{value:.2f}" for value in by_round)
    ours = [rows[f"v1keras {name}"]["images_per_second"] for name in PRECISIONS]
    lines = [
        (
            f"v1keras float32 / PyTorch's best in float32: **{ratio32:.1f}**;"
            f" v1keras's best / PyTorch's best: **{ratio:.2f}** (in each round"
            f" {in_rounds}); v1keras bfloat16 / float32: {ours[1] / ours[0]:.2f}."
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
        share = rate / most[f"convolution {_precision(name)}"]
        rounds = ", ".join(f"{value:.0f}" for value in row["rounds"])
        lines.append(
            f"| {name} | {row['images_per_second']:.0f} | {rounds} | {row['busy']:.1f}"
            f" of {processors()} | {rate:.0f} | {share:.0%} |"
        )
    return "\n".join(lines)

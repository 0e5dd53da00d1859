"""Time to bring a batch to the devices, compared with a training step on it.

The data live on the device, or are read from the disk in either format.
"""

import pathlib
import tempfile

import numpy as np
import tensorflow as tf

from tools.benchmarks import train
from tools.benchmarks.cases import CASES
from tools.benchmarks.machine import Watch, processors
from v1keras import Recording
from v1keras.data import LazyRows, open_recording, shards
from v1keras.training import make_strategy
from v1keras.training.input_pipeline import make_pipeline

_NAMES = ("36 x 64 pixels, 1,000 neurons", "36 x 64 pixels, 8,000 neurons")
_IMAGES, _BATCHES = 5120, 40


def measure():
    """Return (dict for the JSON, Markdown)."""
    cases, text = {}, ""
    for name in _NAMES:
        with tempfile.TemporaryDirectory() as folder:
            rows = cases[name] = measured(CASES[name], pathlib.Path(folder))
        text += f"## {name}\n\n{_table(rows)}\n\n"
    text += (
        f"{_IMAGES:,} images in batches of 128. Reads from the disk come from its"
        " cache, where the memory has room.\n"
    )
    return {"cases": cases}, text


def measured(case, folder):
    """Return seconds per batch drawn and per training step, of each kind of data."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (_IMAGES, *case["image_size"])).astype("uint8")
    recording = Recording(
        images, rng.poisson(1.0, (_IMAGES, case["neurons"])).astype("float32")
    )
    recording.save(folder / "recording.h5")
    shards.write(recording, folder / "shard")
    kinds = {
        "on the device": (recording, 100.0),
        "recording.h5": (open_recording(str(folder / "recording.h5")), 0.0),
    }
    shard = open_recording(str(folder / "shard"))
    kinds["a folder of `python -m v1keras.data shard`"] = (shard, 0.0)
    measurements = {}
    for name, (stored, device_gb) in kinds.items():
        rows = (
            LazyRows(stored.images[..., None], np.arange(_IMAGES)),
            LazyRows(stored.responses, np.arange(_IMAGES)),
        )
        row = seconds_to_draw(rows, case["batch"], device_gb)
        ours = train.of_ours(case, "mixed_bfloat16", rows, device_gb)
        row["step"] = case["batch"] / ours["images_per_second"]
        measurements[name] = row
    return measurements


def seconds_to_draw(rows, size, device_gb):
    """Return {"seconds", "busy"} of reading every image and response of one batch."""
    pipeline = make_pipeline([rows], make_strategy("one"), size, device_gb)
    order = (
        np.random.default_rng(0).permutation(_IMAGES).reshape(-1, size, 1)[:_BATCHES]
    )

    def total(inputs, responses):
        arrays = [*inputs, *responses]
        return sum(tf.reduce_sum(tf.cast(array, tf.float32)) for array in arrays)

    read = pipeline.compile(total)

    def draw():
        for _ in pipeline.run(read, order):
            pass

    draw()
    with Watch() as watch:
        draw()
    return {"seconds": watch.seconds / len(order), "busy": watch.busy}


def _table(rows):
    lines = [
        (
            "| data | drawing / step | ms to draw a batch | processors busy | ms per"
            " step, drawing included |"
        ),
        "|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        share = row["seconds"] / row["step"]
        busy = f"{row['busy']:.1f} of {processors()}"
        lines.append(
            f"| {name} | {share:.1%} | {1e3 * row['seconds']:.1f} | {busy} |"
            f" {1e3 * row['step']:.0f} |"
        )
    return "\n".join(lines)

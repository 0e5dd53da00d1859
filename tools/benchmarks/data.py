"""What it takes to bring a batch to the devices, beside a step of training on it: held
there, or read from the disk in either format.
"""

import pathlib
import tempfile

import numpy as np
import tensorflow as tf

from tools.benchmarks import train
from tools.benchmarks.machine import Watch, processors
from v1keras import Recording
from v1keras.data import LazyRows, open_recording, shards
from v1keras.training import make_strategy
from v1keras.training.input_pipeline import make_pipeline

_CASES = ("36 x 64 pixels, 1,000 neurons", "36 x 64 pixels, 8,000 neurons")
_IMAGES, _DRAWN = (
    5120,
    40,
)  # of the recording; batches that are drawn, and none is trained on


def measure():
    """(dict for the JSON, Markdown)."""
    found, text = {}, ""
    for name in _CASES:
        with tempfile.TemporaryDirectory() as folder:
            rows = found[name] = measured(train.CASES[name], pathlib.Path(folder))
        text += f"## {name}\n\n{_table(rows)}\n\n"
    return (
        {"cases": found},
        text
        + f"{_IMAGES:,} images in batches of 128. Read from the disk means from its"
        " cache, where the memory has room.\n",
    )


def measured(case, folder):
    """Rows of a case: seconds to draw a batch from each kind of recording, and of a
    step of training on it.
    """
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
    kinds["a folder of `python -m v1keras.data shard`"] = (
        open_recording(str(folder / "shard")),
        0.0,
    )
    found = {}
    for name, (held, max_device_data_gb) in kinds.items():
        rows = (
            LazyRows(held.images[..., None], np.arange(_IMAGES)),
            LazyRows(held.responses, np.arange(_IMAGES)),
        )
        found[name] = seconds_to_draw(rows, case["batch"], max_device_data_gb)
        found[name]["step"] = (
            case["batch"]
            / train.of_ours(
                case, "mixed_bfloat16", data=rows, max_device_data_gb=max_device_data_gb
            )["images_per_second"]
        )
    return found


def seconds_to_draw(rows, size, max_device_data_gb):
    """Return {"seconds", "busy"} of reading every image and response of one batch."""
    pipeline = make_pipeline([rows], make_strategy("one"), size, max_device_data_gb)
    order = np.random.default_rng(0).permutation(_IMAGES).reshape(-1, size, 1)[:_DRAWN]

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
            "| data | drawing / a step | ms to draw a batch | processors busy | ms a"
            " step, with it |"
        ),
        "|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        share, milliseconds = (
            row["seconds"] / row["step"],
            f"{1e3 * row['seconds']:.1f}",
        )
        lines.append(
            f"| {name} | {share:.1%} | {milliseconds} | {row['busy']:.1f} of"
            f" {processors()} | {1e3 * row['step']:.0f} |"
        )
    return "\n".join(lines)

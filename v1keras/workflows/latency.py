"""Latency of a preset: the time from one image to its rates."""

import os
import pathlib
import platform
import re
import tempfile
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from v1keras import zoo
from v1keras.zoo.golden import golden_inputs, named_rates

_CALLS, _WARM_UP_CALLS = 200, 20


def remeasure_latency(name: str | os.PathLike[str]) -> str:
    """Measure a preset's latency again and write it into its card.

    Nothing else should run on the machine meanwhile.

    Args:
        name: String, name of the preset, or its folder.

    Returns:
        String, one line with the result.

    Raises:
        ValueError: A file of the preset, or its golden outputs, are not as stated.
        OSError: The folder can't be written.
    """
    metadata, model = zoo.info(name), zoo.load(name, check=True)
    latency = measure_latency(model, metadata)
    zoo.update_metadata(name, {"latency": latency})
    ways = [
        f"{way}: {ms['median']:.2f} ms (95th percentile {ms['percentile_95']:.2f})"
        for way, ms in latency["ms"].items()
    ]
    load = f"machine load before it {latency['load']:g}"
    return f"{metadata['name']}: {'; '.join(ways)}; {load}"


def measure_latency(model: keras.Model, metadata: dict[str, Any]) -> dict[str, Any]:
    """Measure how long one image takes, in the model as loaded and in its export.

    Args:
        model: Model of the preset.
        metadata: Dict, metadata of the preset.

    Returns:
        Dict of `machine`, its `load` (running and waiting processes, mean of the minute
        before), `calls`, and `ms`: way -> `median` and `percentile_95`.

    Raises:
        ValueError: The export's rates are not the model's.
    """
    inputs = golden_inputs(model.image_size, metadata)
    load = round(os.getloadavg()[0], 1)

    def eager(batch):
        return model(batch, training=False)

    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        # It holds the variables: `serve` alone would lose them.
        exported = tf.saved_model.load(folder)
        _check_export(eager, exported.serve, inputs)
        one_image = tf.nest.map_structure(lambda x: tf.constant(x[:1]), inputs)
        times = {
            "the preset, `model(image)`": _times(eager, one_image),
            "its export, `tf.saved_model.load(FOLDER).serve(image)`": _times(
                exported.serve, one_image
            ),
        }
    return {
        "machine": _machine(),
        "load": load,
        "calls": _CALLS,
        "ms": {way: _summarize(ms) for way, ms in times.items()},
    }


def _check_export(eager, serve, inputs):
    expected = named_rates(eager, inputs)
    for output, rates in named_rates(serve, inputs).items():
        if not np.allclose(rates, expected[output], rtol=1e-4, atol=1e-5):
            difference = np.abs(rates - expected[output]).max()
            raise ValueError(
                f"the export's {output} differ from the model's by {difference}"
            )


def _times(call: Callable[[Any], Any], inputs: Any) -> list[float]:
    """Return the milliseconds of each call, until the rates are there as an array."""
    times = []
    for _ in range(_WARM_UP_CALLS + _CALLS):
        start = time.perf_counter()
        named_rates(call, inputs)
        times.append(1e3 * (time.perf_counter() - start))
    return times[_WARM_UP_CALLS:]


def _summarize(ms):
    return {
        "median": round(float(np.median(ms)), 3),
        "percentile_95": round(float(np.percentile(ms, 95)), 3),
    }


def _machine():
    """Return the processor, the number of its cores and of GPUs, in words."""
    path = pathlib.Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    models = re.findall(r"model name\s*: (.+)", text)
    processor = models[0] if models else platform.processor() or platform.machine()
    gpus = len(tf.config.list_physical_devices("GPU"))
    suffix = f", {gpus} GPUs" if gpus else ""
    return f"{processor}, {os.cpu_count()} cores{suffix}"

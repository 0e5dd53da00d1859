"""The default for thousands of neurons, compared with the field's architecture.

Images per second are measured, and what each model learns.
"""

import pathlib
import time

import numpy as np
import tensorflow as tf

from tools.benchmarks import cases, train
from tools.benchmarks.machine import processors
from tools.benchmarks.torch_training import TORCH, of_torch
from v1keras import Recording
from v1keras.config import default, resolve
from v1keras.data.dead_leaves import dead_leaves
from v1keras.data.validation import TEST, TRAIN, VALIDATION
from v1keras.evaluation import correlation
from v1keras.workflows.train import train_and_evaluate

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_FOLDER = _ROOT / "runs" / "benchmark"
_NEURONS, _SIZE, _SIDE, _PROTOTYPES = 8000, (36, 64), 13, 48
_COUNTS = {TRAIN: 3000, VALIDATION: 300, TEST: 100}
_FIELD = cases.CASES["36 x 64 pixels, 8,000 neurons"]


def measure():
    """Return (dict for the JSON, Markdown)."""
    path = _FOLDER / "population.h5"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        simulated().save(path)
    torch = {
        name: of_torch(_FIELD, options)
        for name, options in TORCH.items()
        if options["channels_last"]
    }
    configs = {
        "the field's architecture, float32": field(),
        "configs/large_population.py": resolve("large_population"),
    }
    rows = {name: trained(config, path) for name, config in configs.items()}
    best = max(row["images_per_second"] for row in torch.values())
    lines = [
        (
            "| | images/s | times PyTorch's best | processors busy | validation"
            " correlation | against the true rate | parameters | s to train |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in torch.items():
        speed, busy = row["images_per_second"], f"{row['busy']:.1f} of {processors()}"
        lines.append(
            f"| PyTorch, the field's architecture, {name} | {speed:.0f} |"
            f" {speed / best:.1f} | {busy} | | | {row['parameters']:,} | |"
        )
    for name, row in rows.items():
        speed, busy = row["images_per_second"], f"{row['busy']:.1f} of {processors()}"
        lines.append(
            f"| {name} | {speed:.0f} | **{speed / best:.1f}** | {busy} |"
            f" {row['validation']:.4f} | {row['true']:.4f} | {row['parameters']:,} |"
            f" {row['seconds']:.0f} |"
        )
    text = (
        f"{_NEURONS:,} simulated neurons, {_COUNTS[TRAIN]:,} training images of"
        f" {_SIZE[0]} x {_SIZE[1]} pixels, batches of {_FIELD['batch']}; both trained"
        " with one schedule, stopped by validation correlation. The correlation has"
        " the noise of single presentations.\n\n"
    )
    return {"torch": torch, "v1keras": rows}, text + "\n".join(lines) + "\n"


def trained(config, path):
    """Return a row: how fast a configuration trains, and what it learns."""
    config.data.recording = str(path)
    config.readout.coordinates = "cortical_um"
    watch, start = train.Epochs(), time.perf_counter()
    model, _ = train_and_evaluate(
        config, _FOLDER / "run", overwrite=True, callbacks=[watch]
    )
    speed, busy = max(watch.epochs[1:])
    recording = Recording.load(path)
    shown = recording.indices("validation")
    rates = model.predict(recording.images[shown, ..., None], verbose=0)
    true = correlation(recording.neurons["true_rate"][:, shown].T, rates)
    return {
        "images_per_second": speed,
        "busy": busy,
        "validation": float(np.nanmean(correlation(recording.responses[shown], rates))),
        "true": float(np.nanmean(true)),
        "parameters": cases.parameters(model),
        "seconds": time.perf_counter() - start,
    }


def field():
    """Return the configuration of the field's architecture, trained as the default."""
    config = default()
    config.core.filters, config.core.kernel_sizes = _FIELD["filters"], _FIELD["sides"]
    config.core.separable, config.core.pool_size = True, 1
    config.readout.kind, config.readout.covariance = "gaussian", "full"
    config.training = resolve("large_population").training
    config.training.precision = "float32"
    return config


def simulated(seed=0):
    """Return a `Recording` of simple and complex cells in a map of visual space.

    Their rates are divided by the contrast around them. Receptive fields lie where the
    column `cortical_um` of the neurons says, but for a scatter of a pixel.
    """
    rng = np.random.default_rng(seed)
    count = sum(_COUNTS.values())
    top = (_SIZE[1] - _SIZE[0]) // 2
    images = dead_leaves(count, _SIZE[1], rng)[:, top : top + _SIZE[0]]
    kernels, pool = _gabors(rng)
    kind = rng.integers(0, _PROTOTYPES, _NEURONS)
    complex_cell = rng.random(_NEURONS) < 0.5
    room = np.subtract(_SIZE, _SIDE)
    cortical = rng.uniform(-0.8, 0.8, (_NEURONS, 2)) * [1, room[1] / room[0]]
    places = (cortical * [1, room[0] / room[1]] + 1) * room / 2
    places = np.round(places + rng.normal(0, 1, (_NEURONS, 2)))
    rows, columns = np.clip(places, 0, room).astype(int).T
    mean = rng.uniform(0.3, 2.0, _NEURONS)
    rates = np.empty((count, _NEURONS), np.float32)
    for begin in range(0, count, 100):
        contrast = (images[begin : begin + 100, ..., None].astype("float32") - 127) / 45
        filtered = tf.nn.conv2d(contrast, kernels, 1, "VALID").numpy()
        around = tf.nn.conv2d(contrast**2, pool, 1, "VALID").numpy()
        even = filtered[:, rows, columns, kind]
        odd = filtered[:, rows, columns, kind + _PROTOTYPES]
        drive = np.where(complex_cell, even**2 + odd**2, np.maximum(even, 0) ** 2)
        rates[begin : begin + 100] = drive / (0.5 + around[:, rows, columns, 0])
    rates *= mean / rates.mean(axis=0)
    split = np.repeat(list(_COUNTS), list(_COUNTS.values()))
    neurons = {
        "true_rate": rates.T,
        "cortical_um": 500 * cortical @ [[0.8, 0.6], [-0.6, 0.8]],
    }
    attributes = {
        "name": "population",
        "units": "spikes per presentation",
        "presentations": 1,
    }
    return Recording(
        images,
        rng.poisson(rates).astype(np.float32),
        split=split,
        neurons=neurons,
        attributes=attributes,
    )


def _gabors(rng):
    """Return kernels `(side, side, 1, 2 * prototypes)`, and a Gaussian.

    The kernels are in quadrature and of unit norm, the Gaussian `(side, side, 1, 1)` is
    of the same width.
    """
    rows, columns = np.mgrid[:_SIDE, :_SIDE, :1][:2] - (_SIDE - 1) / 2
    theta = rng.uniform(0, np.pi, _PROTOTYPES)
    cycles = rng.uniform(0.1, 0.22, _PROTOTYPES)
    phase = rng.uniform(0, 2 * np.pi, _PROTOTYPES)
    along = columns * np.cos(theta) + rows * np.sin(theta)
    envelope = np.exp(-(rows**2 + columns**2) / (2 * 2.3**2))
    kernels = np.concatenate(
        [
            envelope * np.cos(2 * np.pi * cycles * along + phase + shift)
            for shift in (0, np.pi / 2)
        ],
        axis=-1,
    )
    kernels -= envelope * kernels.sum(axis=(0, 1)) / envelope.sum()
    kernels /= np.sqrt(np.square(kernels).sum(axis=(0, 1)))
    gaussian = (envelope / envelope.sum())[..., None]
    return kernels[:, :, None].astype("float32"), gaussian.astype("float32")

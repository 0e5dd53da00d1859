"""Time and memory of the Gaussian readout's training step over the number of neurons.

Every count is measured in a process of its own.
"""

import json
import resource
import subprocess
import sys

import numpy as np

from tools.benchmarks.machine import Watch, processors

_COUNTS = (1000, 10_000, 100_000, 1_000_000)
_BATCH, _FEATURES = 128, (28, 56, 64)


def measure():
    """Return (dict for the JSON, Markdown)."""
    rows = {}
    for count in _COUNTS:
        done = subprocess.run(
            [sys.executable, "-m", "tools.benchmarks.readout", str(count)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            rows[count] = {"failed": [f"status {done.returncode}", *lines][-1]}
        else:
            rows[count] = json.loads(done.stdout.splitlines()[-1])
    lines = [
        (
            "| neurons | slope, log of time on log of neurons | s per training step |"
            " us per neuron | s to predict | processors busy | peak memory, GB |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    before = None
    for count, row in rows.items():
        if "failed" in row:
            lines.append(f"| {count:,} | {row['failed']} | | | | | |")
            continue
        if before:
            row["slope"] = float(
                np.log(row["seconds"] / rows[before]["seconds"])
                / np.log(count / before)
            )
        slope = f"{row['slope']:.2f}" if before else ""
        lines.append(
            f"| {count:,} | {slope} | {row['seconds']:.2f} |"
            f" {1e6 * row['seconds'] / count:.0f} | {row['predict']:.2f} |"
            f" {row['busy']:.1f} of {processors()} | {row['memory_gb']:.1f} |"
        )
        before = count
    many = [
        count for count, row in rows.items() if count >= 10_000 and "failed" not in row
    ]
    seconds = [rows[count]["seconds"] for count in many]
    slope = float(np.polyfit(np.log(many), np.log(seconds), 1)[0])
    text = (
        f"Slope of a line through all from 10,000 on: **{slope:.2f}**. A batch of"
        f" {_BATCH}, features {_FEATURES[0]} x {_FEATURES[1]} x {_FEATURES[2]}, full"
        " covariance, with the gradient by all weights and by the features.\n\n"
    )
    return {"rows": rows, "slope": slope}, text + "\n".join(lines) + "\n"


def of_count(neurons, repeats=3):
    """Measure one step: rates, Poisson loss, gradient by weights and features."""
    import tensorflow as tf

    from v1keras import models

    readout = models.GaussianReadout(neurons, "full")
    readout.build((None, *_FEATURES))
    readout.mean.assign(np.random.default_rng(0).uniform(-0.9, 0.9, (neurons, 2)))
    features = tf.random.normal((_BATCH, *_FEATURES))
    weights = [v.value for v in readout.trainable_variables]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(features)
            rates = readout(features, training=True) + 1e-6
            loss = tf.reduce_mean(rates - tf.math.log(rates))
        return [
            tf.reduce_sum(gradient)
            for gradient in tape.gradient(loss, [features, *weights])
        ]

    predict = tf.function(lambda: tf.reduce_sum(readout(features, training=False)))
    step(), predict()
    best = None
    for _ in range(1 if neurons > 500_000 else repeats):
        with Watch() as watch:
            step()
        best = watch if best is None or watch.seconds < best.seconds else best
    with Watch() as predicted:
        predict()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "seconds": best.seconds,
        "busy": best.busy,
        "predict": predicted.seconds,
        "memory_gb": peak,
    }


if __name__ == "__main__":
    print(json.dumps(of_count(int(sys.argv[1]))))

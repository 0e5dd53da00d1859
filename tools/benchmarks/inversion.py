"""Milliseconds per neuron and step of an inversion.

They are compared with a loop over neurons and with the bare gradient.
"""

import resource
import time

import numpy as np
import tensorflow as tf

from v1keras import models, zoo
from v1keras.inversion import ContrastConstraint, GradientAscent
from v1keras.inversion.rates import compiled

_COUNTS, _STEPS, _ALONE, _REPEATS = (1, 16, 128, 392), 40, 6, 3


def measure():
    """Return (dict for the JSON, Markdown)."""
    kindel = zoo.load("kindel2019_factorized")
    cases = {
        "kindel2019_factorized": (kindel, _COUNTS),
        "four separable layers, Gaussian readout": (_wide(), (64,)),
    }
    measured, text = {}, ""
    for name, (model, counts) in cases.items():
        norm = 20.0 * np.prod(model.image_size) ** 0.5
        contrast = ContrastConstraint(model.pixel_mean, norm, 0.0, 255.0)
        measured[name] = _measure_model(model, counts, contrast)
        text += _table(name, measured[name])
    contrast = ContrastConstraint(kindel.pixel_mean, 600.0, 0.0, 255.0)
    start = time.perf_counter()
    stimuli = GradientAscent(kindel, contrast).run(np.arange(392), steps=500)
    seconds = time.perf_counter() - start
    converged = int(stimuli.converged.sum())
    measured["392 neurons, 500 steps at most"] = {
        "seconds": seconds,
        "converged": converged,
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    text += (
        f"392 neurons of kindel2019_factorized, up to 500 steps each: {seconds:.0f} s,"
        f" {converged} converged. Peak memory {peak:.1f} GB.\n"
    )
    return measured, text


def _wide():
    model = models.V1Model(
        models.StackedCore((64,) * 4, (9, 7, 7, 7), pool_size=1, separable=True),
        models.GaussianReadout(1000),
        (36, 64),
        110.0,
        60.0,
    )
    positions = np.random.default_rng(0).uniform(-0.9, 0.9, (1000, 2))
    model.readout.mean.assign(positions)
    return model


def _measure_model(model, counts, contrast):
    fast = GradientAscent(model, contrast)
    # As a plain callable, the model computes the rates of all neurons.
    plain = GradientAscent(compiled(model), contrast, image_size=model.image_size)
    neurons = np.arange(model.neuron_count)
    by_count = {}
    for count in counts:
        rounds = [_milliseconds(fast, neurons[:count]) for _ in range(_REPEATS)]
        by_count[count] = float(np.median(rounds))
    alone = [_milliseconds(plain, neurons[i : i + 1]) for i in range(_ALONE)]
    floors = [_gradient(model, batch) for batch in (1, 16, 64, 128)]
    return {
        "ms per neuron and step": by_count,
        "one neuron at a time": float(np.median(alone)),
        "bare gradient, whole model": min(floor[0] for floor in floors),
        "bare gradient, own rates": min(floor[1] for floor in floors),
    }


def _milliseconds(ascent, neurons):
    """Return milliseconds per neuron and step, of the steps that were made."""
    ascent.run(neurons, 2)
    start = time.perf_counter()
    stimuli = ascent.run(neurons, _STEPS)
    seconds = time.perf_counter() - start
    last_steps = (stimuli.trace == stimuli.trace[-1]).argmax(axis=0)
    return 1e3 * seconds / np.sum(last_steps + 1)


def _gradient(model, batch):
    """Return milliseconds per image of the bare forward and backward pass.

    The first is of the whole model, the second of each image's own neuron.
    """
    noise = tf.random.stateless_normal((batch, *model.image_size, 1), (0, 0))
    images = noise * 20 + model.pixel_mean
    neurons = tf.range(batch) % model.neuron_count
    own = model.neuron_rate_fn()

    def whole_model(images):
        rates = model(images, training=False)
        return tf.gather(rates, neurons, axis=1, batch_dims=1)

    def own_neuron(images):
        return own(images, neurons)

    milliseconds = []
    for rate_fn in (whole_model, own_neuron):

        @tf.function
        def gradient(images, rate_fn=rate_fn):
            with tf.GradientTape() as tape:
                tape.watch(images)
                rates = rate_fn(images)
            return tape.gradient(rates, images)

        gradient(images)
        start = time.perf_counter()
        for _ in range(10):
            gradient(images)
        milliseconds.append(1e3 * (time.perf_counter() - start) / 10 / batch)
    return milliseconds


def _table(name, measured):
    loop = measured["one neuron at a time"]
    whole = measured["bare gradient, whole model"]
    own = measured["bare gradient, own rates"]
    lines = [
        f"## {name}\n",
        (
            "| neurons | ms per neuron and step | one at a time / this | this / bare"
            " gradient of the whole model | this / bare gradient of own rates |"
        ),
        "|---|---|---|---|---|",
    ]
    for count, milliseconds in measured["ms per neuron and step"].items():
        lines.append(
            f"| {count} | {milliseconds:.2f} | {loop / milliseconds:.1f} |"
            f" {milliseconds / whole:.2f} | {milliseconds / own:.2f} |"
        )
    lines.append(
        f"\nOne neuron at a time: {loop:.2f} ms; bare gradient: whole model"
        f" {whole:.2f}, own rates {own:.2f} ms.\n\n"
    )
    return "\n".join(lines)

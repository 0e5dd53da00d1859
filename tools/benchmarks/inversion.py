"""Milliseconds a neuron and step of an inversion, beside a loop over neurons and beside
the bare gradient.
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
    """(dict for the JSON, Markdown)."""
    kindel = zoo.load("kindel2019_factorized")
    wide = models.V1Model(
        models.StackedCore((64,) * 4, (9, 7, 7, 7), pool_size=1, separable=True),
        models.GaussianReadout(1000),
        (36, 64),
        110.0,
        60.0,
    )
    rng = np.random.default_rng(0)
    wide.readout.mean.assign(rng.uniform(-0.9, 0.9, (1000, 2)))
    measured, text = {}, ""
    for name, model, counts in (
        ("kindel2019_factorized", kindel, _COUNTS),
        ("four separable layers, Gaussian readout", wide, (64,)),
    ):
        found = _of_model(
            model,
            counts,
            ContrastConstraint(
                model.pixel_mean, 20.0 * np.prod(model.image_size) ** 0.5, 0.0, 255.0
            ),
        )
        measured[name] = found
        text += _table(name, found)
    contrast = ContrastConstraint(kindel.pixel_mean, 600.0, 0.0, 255.0)
    began = time.perf_counter()
    run = GradientAscent(kindel, contrast).run(np.arange(392), steps=500)
    took = time.perf_counter() - began
    measured["392 neurons, 500 steps at most"] = {
        "seconds": took,
        "converged": int(run.converged.sum()),
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    text += (
        f"392 neurons of kindel2019_factorized, up to 500 steps each: {took:.0f} s,"
        f" {int(run.converged.sum())} converged. "
    )
    text += f"Peak memory {peak:.1f} GB.\n"
    return measured, text


def _of_model(model, counts, contrast):
    fast = GradientAscent(model, contrast)
    # As a plain callable, the model computes the rates of all neurons.
    plain = GradientAscent(compiled(model), contrast, image_size=model.image_size)
    neurons = np.arange(model.output_shape[1])
    alone = [_each(plain, neurons[i : i + 1]) for i in range(_ALONE)]
    floors = {batch: _gradient(model, batch) for batch in (1, 16, 64, 128)}
    return {
        "ms a neuron and step": {
            count: float(
                np.median([_each(fast, neurons[:count]) for _ in range(_REPEATS)])
            )
            for count in counts
        },
        "one neuron at a time": float(np.median(alone)),
        "bare gradient, whole model": min(floor[0] for floor in floors.values()),
        "bare gradient, own rates": min(floor[1] for floor in floors.values()),
    }


def _each(ascent, neurons):
    """Milliseconds a neuron and step, of the steps that were made."""
    ascent.run(neurons, 2)
    began = time.perf_counter()
    found = ascent.run(neurons, _STEPS)
    took = time.perf_counter() - began
    stays = (found.trace == found.trace[-1]).argmax(axis=0)  # a neuron's last step
    return 1e3 * took / np.sum(stays + 1)


def _gradient(model, batch):
    """Milliseconds an image of the bare forward and backward pass, by the whole model
    and by each image's own neuron.
    """
    images = (
        tf.random.stateless_normal((batch, *model.image_size, 1), (0, 0)) * 20
        + model.pixel_mean
    )
    neurons = tf.range(batch) % model.output_shape[1]
    whole = lambda images: tf.gather(
        model(images, training=False), neurons, axis=1, batch_dims=1
    )
    own = model.neuron_rate_fn()
    found = []
    for rates in (whole, lambda images: own(images, neurons)):

        @tf.function
        def gradient(images, rates=rates):
            with tf.GradientTape() as tape:
                tape.watch(images)
                reached = rates(images)
            return tape.gradient(reached, images)

        gradient(images)
        began = time.perf_counter()
        for _ in range(10):
            gradient(images)
        found.append(1e3 * (time.perf_counter() - began) / 10 / batch)
    return found


def _table(name, found):
    loop, whole, own = (
        found[key]
        for key in (
            "one neuron at a time",
            "bare gradient, whole model",
            "bare gradient, own rates",
        )
    )
    lines = [
        f"## {name}\n",
        (
            "| neurons | ms a neuron and step | one at a time / this | this / bare"
            " gradient of the whole model | this / bare gradient of own rates |"
        ),
        "|---|---|---|---|---|",
    ]
    for count, each in found["ms a neuron and step"].items():
        lines.append(
            f"| {count} | {each:.2f} | {loop / each:.1f} | {each / whole:.2f} |"
            f" {each / own:.2f} |"
        )
    return (
        "\n".join(lines)
        + f"\n\nOne neuron at a time: {loop:.2f} ms; bare gradient: whole model"
        f" {whole:.2f}, own rates {own:.2f} ms.\n\n"
    )

"""Trains the same models under a strategy, of one session, of two, and of two with
behaviour, and writes their weights.

Run by test_distribution.py in processes of its own:

    python replicas.py OUT STRATEGY LOGICAL_CPUS FEED

FEED is "resident" or "streamed". Twenty steps on batches of 12; 11 validation images,
which no number of replicas divides.
"""

import sys

import keras
import numpy as np
import tensorflow as tf

from v1keras.evaluation import correlation
from v1keras.models import (
    CovariateReadout,
    FactorizedReadout,
    GainModulator,
    GaussianReadout,
    MultiSessionModel,
    Shifter,
    StackedCore,
    V1Model,
)
from v1keras.training import Poisson, Schedule, Trainer, is_chief, make_strategy
from v1keras.training.prediction import Predictor


def main(out, name, cpus, feed):
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * int(cpus)
    )
    strategy = make_strategy(name)
    images, responses = session(0, 5)
    others = session(1, 3)
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = V1Model(
            StackedCore((4, 5), (5, 3), laplacian=0.01),
            FactorizedReadout(5, l1=0.01),
            (16, 16),
            127.0,
            70.0,
        )
        optimizer = keras.optimizers.Adam(3e-3)
        readouts = {
            "a": FactorizedReadout(5, l1=0.01, name="a_readout"),
            "b": FactorizedReadout(3, name="b_readout"),
        }
        sessions = MultiSessionModel(
            StackedCore((4, 5), (5, 3)), readouts, (16, 16), 127.0, 70.0
        )
        together, second = sessions.training_model(), keras.optimizers.Adam(3e-3)
        behaving = MultiSessionModel(
            StackedCore((4, 5), (5, 3)),
            {"a": behaving_readout("a", 5), "b": behaving_readout("b", 3)},
            (16, 16),
            127.0,
            70.0,
        )
        for readout in behaving.readouts.values():
            readout.readout.spread.trainable = (
                False  # at 0: what several replicas draw is not what one device does
            )
        moved, third = behaving.training_model(), keras.optimizers.Adam(3e-3)
    schedule = Schedule(
        batch_size=12,
        max_epochs=5,
        lr_schedule="cosine",
        max_device_data_gb=2.0 if feed == "resident" else 0.0,
    )
    trainer = Trainer(model, optimizer, Poisson(), correlation, strategy, schedule)
    trainer.fit((images[:48], responses[:48]), (images[49:], responses[49:]))
    scores, losses = trainer.scores, losses_of(trainer)
    trainer = Trainer(together, second, Poisson(), correlation, strategy, schedule)
    trainer.fit(
        [(images[:48], responses[:48]), (others[0][:30], others[1][:30])],
        [(x[48:], y[48:]) for x, y in ((images, responses), others)],
    )
    losses += losses_of(trainer)
    both = [
        ({"images": x, **behavior(len(x), seed)}, y)
        for seed, (x, y) in enumerate(((images, responses), others))
    ]
    part = lambda data, rows: (
        {name: column[rows] for name, column in data[0].items()},
        data[1][rows],
    )
    trainer = Trainer(moved, third, Poisson(), correlation, strategy, schedule)
    trainer.fit(
        [part(both[0], slice(48)), part(both[1], slice(30))],
        [part(data, slice(48, None)) for data in both],
    )
    scores = np.concatenate([scores, trainer.scores])
    losses += losses_of(trainer)
    with strategy.scope():
        predict = Predictor(
            lambda shown: tf.stack(
                [tf.reduce_sum(shown, (1, 2, 3)), shown[:, 3, 3, 0]], axis=1
            ),
            batch_size=8,
        )
    exact = correlation(responses[49:, :2], predict(images[49:]))
    if is_chief(strategy):
        weights = {
            str(i): np.asarray(v)
            for i, v in enumerate(
                model.variables + sessions.variables + behaving.weights
            )
        }
        np.savez(
            out,
            replicas=strategy.num_replicas_in_sync,
            scores=scores,
            exact=exact,
            losses=losses,
            **weights,
        )


def losses_of(trainer):
    return [logs["loss"] for logs in trainer.state.history]


def behaving_readout(name, neurons):
    places = GaussianReadout(neurons, width=0.0, name=f"{name}_readout")
    parts = (
        Shifter("pupil", [2.0, -1.0], [1.0, 3.0]),
        GainModulator(neurons, "running", [5.0], [5.0]),
    )
    return CovariateReadout(places, *parts, name=f"{name}_readout")


def behavior(count, seed):
    rng = np.random.default_rng((seed, 1))
    return {
        "pupil": rng.normal([2, -1], [1, 3], (count, 2)).astype("float32"),
        "running": rng.exponential(5.0, (count, 1)).astype("float32"),
    }


def session(seed, neurons):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (60, 16, 16, 1)).astype("uint8")
    responses = rng.poisson(2.0, (60, neurons)).astype("float32")
    responses[::7, 2] = np.nan
    return images, responses


main(*sys.argv[1:])

"""Trainings of a linear model on a few made-up images."""

import keras
import numpy as np

from v1keras.training import Poisson, Schedule, Trainer, make_strategy


def linear_model(neurons=2, pixels=9):
    model = keras.Sequential(
        [
            keras.Input((3, 3, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(neurons, "softplus"),
        ]
    )
    model.layers[-1].set_weights(
        [
            np.linspace(-0.3, 0.4, pixels * neurons).reshape(pixels, neurons),
            np.full(neurons, 0.1),
        ]
    )
    return model


def data(count=24, neurons=2, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(count, 3, 3, 1)).astype("float32")
    return images, rng.poisson(2.0, (count, neurons)).astype("float32")


def minus_error(responses, rates):
    return -np.nanmean((responses - rates) ** 2, axis=0)


def make_trainer(model=None, optimizer=None, **schedule):
    schedule = Schedule(**{"batch_size": 8, "max_epochs": 3} | schedule)
    return Trainer(
        model or linear_model(),
        optimizer or keras.optimizers.SGD(0.05),
        Poisson(),
        minus_error,
        make_strategy("one"),
        schedule,
    )

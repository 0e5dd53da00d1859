"""A softplus regression, its data, and what NumPy gives for its training."""

import keras
import numpy as np
from scipy import special

from v1keras.training import Poisson, Schedule, Trainer

BATCH, EPOCHS, SEED, RATE = 8, 2, 7, 0.05


def data(count=24, neurons=3):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(count, 3, 3, 1)).astype("float32")
    return images, rng.poisson(2.0, (count, neurons)).astype("float32")


def first_weights(pixels=9, neurons=3):
    return (
        np.linspace(-0.3, 0.4, pixels * neurons).reshape(pixels, neurons),
        np.full(neurons, 0.1),
    )


def linear_model(l2=0.0):
    penalty = keras.regularizers.L2(l2) if l2 else None
    layers = [
        keras.Input((3, 3, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(3, "softplus", kernel_regularizer=penalty),
    ]
    model = keras.Sequential(layers)
    model.set_weights(first_weights())
    return model


def minus_error(responses, rates):
    return -np.mean((responses - rates) ** 2, axis=0)


def trainer_of(model, strategy, rate=RATE, **settings):
    settings = {"max_epochs": EPOCHS, "seed": SEED} | settings
    schedule = Schedule(batch_size=BATCH, **settings)
    optimizer = keras.optimizers.SGD(rate)
    return Trainer(model, optimizer, Poisson(), minus_error, strategy, schedule)


def by_numpy(l2=0.0, rate=RATE):
    """Losses of the epochs, kernel and bias after gradient descent written out.

    Epoch e shows the images in the order of `default_rng((SEED, e)).permutation`.
    """
    images, responses = data()
    flat, (kernel, bias), losses = images.reshape(24, 9), first_weights(), []
    for epoch in range(EPOCHS):
        order = np.random.default_rng((SEED, epoch)).permutation(24)
        steps = []
        for batch in order.reshape(-1, BATCH):
            x, y = flat[batch].astype(float), responses[batch].astype(float)
            drive = x @ kernel + bias
            rates = np.logaddexp(0, drive)
            nll = rates - y * np.log(rates) + special.gammaln(y + 1)
            penalty = l2 * np.square(kernel).sum()
            steps.append((nll.sum() / BATCH + penalty) / responses.shape[1])
            slope = (1 - y / rates) * special.expit(drive) / BATCH
            kernel = kernel - rate * (x.T @ slope + 2 * l2 * kernel)
            bias = bias - rate * slope.sum(axis=0)
        losses.append(np.mean(steps))
    return losses, kernel, bias

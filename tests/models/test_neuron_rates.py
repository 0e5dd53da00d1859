import keras
import numpy as np
import pytest
import tensorflow as tf

from v1keras import models, zoo

SIZE, NEURONS = (40, 64), 40


def randomized(model, seed=0):
    """Weights that are no longer special, positions all over the image and beyond the
    middle of the borders.
    """
    rng = np.random.default_rng(seed)
    for v in model.variables:
        if v.path.endswith("readout/mean"):
            v.assign(rng.uniform(-1, 1, v.shape))
        elif "seed" not in v.path:
            v.assign(
                rng.uniform(0.5, 1.5, v.shape)
                if "variance" in v.path
                else v.numpy() + rng.normal(0, 0.05, v.shape)
            )
    return model


def both(model, size, count, batch):
    """Rates and gradients of one neuron per image, by `neuron_rate_fn` and from the
    rates of all.
    """
    rng = np.random.default_rng(1)
    images = tf.constant(rng.normal(110, 50, (batch, *size, 1)), tf.float32)
    neurons = tf.constant(rng.permutation(count)[:batch], tf.int32)
    own, actual = model.neuron_rate_fn(), []
    for rates in (
        own,
        lambda images, neurons: tf.gather(model(images), neurons, axis=1, batch_dims=1),
    ):
        with tf.GradientTape() as tape:
            tape.watch(images)
            reached = rates(images, neurons)
        actual += [reached.numpy(), tape.gradient(reached, images).numpy()]
    return actual


CORES = {
    "separable": dict(pool_size=1, separable=True),
    "pooled, even kernels": dict(kernel_sizes=(9, 4, 3), first_activation="on_off"),
    "dilated": dict(pool_size=1, dilation=2),
    "skip": dict(pool_size=1, skip=True),
    "divisive": dict(first_activation="divisive"),
}


@pytest.mark.parametrize("name", CORES)
@pytest.mark.parametrize("covariance", ["isotropic", "full"])
def test_a_window_gives_the_rates_and_gradients_of_the_whole_image(name, covariance):
    core = models.StackedCore(
        **{"filters": (8, 8, 8), "kernel_sizes": (9, 5, 5)} | CORES[name]
    )
    model = randomized(
        models.V1Model(core, models.GaussianReadout(NEURONS, covariance), SIZE, 110, 50)
    )
    rates, gradient, expected_rates, expected_gradient = both(
        model, SIZE, NEURONS, NEURONS
    )
    assert np.ptp(expected_rates) > 0.1
    np.testing.assert_allclose(
        rates, expected_rates, rtol=1e-5
    )  # the rounding of a drive is a small rate's relative error
    np.testing.assert_allclose(
        gradient, expected_gradient, atol=1e-6 * np.abs(expected_gradient).max()
    )


@pytest.mark.parametrize("readout", ["factorized", "dense", "ridge"])
def test_one_neuron_of_each_readout(readout):
    make = {
        "factorized": models.FactorizedReadout,
        "dense": models.DenseReadout,
        "ridge": models.RidgeReadout,
    }[readout]
    core = (
        models.LogGaborCore()
        if readout == "ridge"
        else models.StackedCore((8, 8), (7, 3))
    )
    model = randomized(models.V1Model(core, make(6), (21, 21), 110, 50))
    rates, gradient, expected_rates, expected_gradient = both(model, (21, 21), 6, 5)
    np.testing.assert_allclose(rates, expected_rates, atol=1e-6 * expected_rates.max())
    np.testing.assert_allclose(
        gradient, expected_gradient, atol=1e-5 * np.abs(expected_gradient).max()
    )


def test_ensembles_and_presets():
    rates, _, expected, _ = both(zoo.load("simulated_factorized"), (32, 32), 48, 8)
    np.testing.assert_allclose(
        rates, expected, rtol=1e-5
    )  # the rounding of a drive is a small rate's relative error
    members = [
        models.V1Model(
            models.StackedCore((8,), (5,)),
            models.GaussianReadout(9),
            SIZE,
            name=f"m{i}",
        )
        for i in range(2)
    ]
    ensemble = models.Ensemble(
        [randomized(member, i) for i, member in enumerate(members)], [0.3, 0.7]
    )
    rates, gradient, expected_rates, expected_gradient = both(ensemble, SIZE, 9, 9)
    np.testing.assert_allclose(
        rates, expected_rates, rtol=1e-5
    )  # the rounding of a drive is a small rate's relative error
    np.testing.assert_allclose(
        gradient, expected_gradient, atol=1e-5 * np.abs(expected_gradient).max()
    )


class MeanReadout(keras.layers.Layer):
    """A readout that has no way to one neuron's rate: means over places."""

    neurons = 5

    def call(self, features):
        return keras.ops.softplus(keras.ops.mean(features, axis=(1, 2)))


def test_a_readout_of_others_gives_one_neuron_of_all():
    core = models.StackedCore((4, MeanReadout.neurons), (5, 3))
    model = randomized(models.V1Model(core, MeanReadout(), (20, 20), 110, 50))
    rates, gradient, expected, expected_gradient = both(model, (20, 20), 5, 5)
    np.testing.assert_array_equal(rates, expected)
    np.testing.assert_array_equal(gradient, expected_gradient)

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from v1keras.training import (
    LIKELIHOODS,
    Schedule,
    Trainer,
    check_responses,
    make_likelihood,
    make_strategy,
)


def built(name, neurons=3, **weights):
    noise = make_likelihood(name)
    noise.build((None, neurons))
    for key, values in weights.items():
        getattr(noise, key).assign(values)
    return noise


def inverse_softplus(values):
    return np.log(np.expm1(values))


def test_poisson_is_scipys_on_counts_and_smooth_between():
    noise = built("poisson")
    rates, counts = (
        np.array([0.3, 2.0, 40.0], "float32"),
        np.array([0.0, 3.0, 35.0], "float32"),
    )
    np.testing.assert_allclose(
        noise.distribution(rates).log_prob(counts),
        stats.poisson.logpmf(counts, rates),
        rtol=1e-5,
    )
    expected = 2.35 * np.log(2.0) - 2.0 - special.gammaln(3.35)
    assert float(noise.distribution(2.0).log_prob(2.35)) == pytest.approx(
        expected, rel=1e-5
    )


def test_negative_binomial_is_scipys():
    dispersion = np.array([0.2, 1.0, 3.0])
    noise = built("negative_binomial", dispersion=inverse_softplus(dispersion))
    rates, counts = (
        np.array([0.3, 2.0, 10.0], "float32"),
        np.array([1.0, 0.0, 25.0], "float32"),
    )
    expected = stats.nbinom.logpmf(counts, 1 / dispersion, 1 / (1 + dispersion * rates))
    distribution = noise.distribution(rates)
    np.testing.assert_allclose(distribution.log_prob(counts), expected, rtol=1e-4)
    np.testing.assert_allclose(
        distribution.variance(), rates + dispersion * rates**2, rtol=1e-4
    )


def test_gaussian_is_scipys():
    noise = built("gaussian", scale=inverse_softplus(np.array([0.5, 1.0, 2.0]) - 1e-4))
    means, values = (
        np.array([-1.0, 0.0, 3.0], "float32"),
        np.array([0.5, -2.0, 3.0], "float32"),
    )
    np.testing.assert_allclose(
        noise.distribution(means).log_prob(values),
        stats.norm.logpdf(values, means, [0.5, 1, 2]),
        rtol=1e-4,
    )


def test_zero_inflated_gamma_is_its_two_parts():
    q, k, threshold = np.array([0.2, 0.5, 0.9]), np.array([0.5, 1.0, 4.0]), 0.005
    noise = built(
        "zero_inflated_gamma",
        logit=special.logit(q),
        concentration=inverse_softplus(k - 1e-3),
    )
    rates = np.array([0.3, 2.0, 1.0], "float32")
    scale = ((rates - (1 - q) * threshold / 2) / q - threshold) / k
    distribution = noise.distribution(rates)
    above, below = (
        np.array([0.1, 3.0, 0.7], "float32"),
        np.array([0.0, 0.004, 0.001], "float32"),
    )
    np.testing.assert_allclose(
        distribution.log_prob(above),
        np.log(q) + stats.gamma.logpdf(above - threshold, k, scale=scale),
        rtol=1e-3,
    )
    np.testing.assert_allclose(
        distribution.log_prob(below), np.log((1 - q) / threshold), rtol=1e-4
    )


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_rate_is_the_mean_and_samples_have_its_moments(name):
    noise = built(name)
    rates = np.array([0.5, 2.0, 6.0], "float32")
    distribution = noise.distribution(tf.constant(rates))
    np.testing.assert_allclose(distribution.mean(), rates, rtol=1e-4)
    drawn = distribution.sample(40000, seed=1).numpy()
    error = 5 * np.sqrt(
        distribution.variance().numpy() / 40000
    )  # five standard errors of the mean
    assert (np.abs(drawn.mean(axis=0) - rates) < error).all()
    np.testing.assert_allclose(drawn.var(axis=0), distribution.variance(), rtol=0.1)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_every_noise_model_recovers_its_own_parameters(name):
    """From 4,000 responses with known rates, the noise alone is learned: where it ends
    is where it was drawn from.
    """
    true = {
        "poisson": {},
        "negative_binomial": {
            "dispersion": inverse_softplus(np.array([0.3, 1.0, 2.0]))
        },
        "gaussian": {"scale": inverse_softplus(np.array([0.4, 1.0, 2.5]))},
        "zero_inflated_gamma": {
            "logit": np.array([-1.0, 0.0, 1.5]),
            "concentration": inverse_softplus(np.array([0.7, 1.5, 3.0])),
        },
    }[name]
    rates = np.random.default_rng(0).gamma(3.0, 1.0, (4000, 3)).astype("float32")
    responses = (
        built(name, **true).distribution(tf.constant(rates)).sample(seed=2).numpy()
    )
    model = keras.Sequential(
        [
            keras.Input((1, 3, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(3, use_bias=False),
        ]
    )
    model.layers[-1].set_weights([np.eye(3)])
    model.layers[-1].trainable = False
    noise = make_likelihood(name)
    negative_error = lambda y, r: -np.mean((y - r) ** 2, axis=0)
    schedule = Schedule(batch_size=500, max_epochs=60, lr_schedule="cosine")
    if not true:  # nothing to learn; the likelihood is highest at the true rates
        scaled = [
            noise.distribution(tf.constant(rates * f))
            .log_prob(responses)
            .numpy()
            .mean()
            for f in (0.95, 1.0, 1.05)
        ]
        assert np.argmax(scaled) == 1
        return
    shown = rates[:, None, :, None]
    trainer = Trainer(
        model,
        keras.optimizers.Adam(0.05),
        noise,
        negative_error,
        make_strategy("one"),
        schedule,
    )
    trainer.score = lambda y, r: (
        noise.distribution(tf.constant(r)).log_prob(y).numpy().mean(axis=0)
    )
    trainer.fit((shown, responses), (shown, responses))
    for key, values in true.items():
        np.testing.assert_allclose(getattr(noise, key).numpy(), values, atol=0.2)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_gradients_are_finite_at_the_edge_of_the_support(name):
    noise = built(name)
    rates = tf.constant([[1e-6, 0.1, 50.0]])
    with tf.GradientTape() as tape:
        tape.watch(rates)
        log_prob = noise.distribution(rates).log_prob(tf.constant([[0.0, 0.0, 0.0]]))
    gradients = tape.gradient(
        log_prob,
        [rates, *[v.value for v in noise.trainable_variables]],
        unconnected_gradients="zero",
    )
    assert (
        all(np.isfinite(g.numpy()).all() for g in gradients)
        and np.isfinite(log_prob.numpy()).all()
    )


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_noise_model_round_trips(name):
    noise = make_likelihood(name)
    again = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(keras.saving.serialize_keras_object(noise)))
    )
    assert type(again) is type(noise) and again.get_config() == noise.get_config()


def test_only_the_gaussian_takes_negative_responses():
    for name in LIKELIHOODS:
        noise = make_likelihood(name)
        if name == "gaussian":
            check_responses(noise, np.array([[-1.0]]))
        else:
            with pytest.raises(
                ValueError,
                match=f"negative responses .* a {name} likelihood needs responses >= 0",
            ):
                check_responses(noise, np.array([[-1.0]]))

"""Noise models: the distribution of a response around its rate, through TensorFlow
Probability.

Each is a Keras layer that holds what it learns a neuron beside the rate;
`distribution(rates)` gives `log_prob`, `mean`, `variance` and `sample`. The mean is
always the rate that the model predicts. A preset's model gives rates; what its noise
model learned is in its metadata.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd


@keras.saving.register_keras_serializable(package="v1keras")
class Poisson(keras.layers.Layer):
    """Spike counts; means of counts, which are no integers, are given their likelihood
    up to a constant.

    Example:

    >>> import math
    >>> log_prob = float(Poisson().distribution(2.0).log_prob(3.0))
    >>> round(log_prob, 6) == round(3 * math.log(2) - 2 - math.log(6), 6)
    True
    """

    nonnegative = True

    def distribution(self, rates: Any) -> Any:
        return tfd.Poisson(rate=rates, force_probs_to_zero_outside_support=False)


@keras.saving.register_keras_serializable(package="v1keras")
class NegativeBinomial(keras.layers.Layer):
    """Spike counts that vary more than Poisson's: variance = rate + dispersion *
    rate^2, the dispersion learned a neuron.

    The count of a Poisson neuron whose gain is itself gamma distributed (Goris, Movshon
    & Simoncelli 2014, Nature Neuroscience 17:858).

    Example:

    >>> noise = NegativeBinomial()
    ... noise.build((None, 1))
    >>> round(
    ...     float(noise.distribution([[4.0]]).variance()[0, 0]), 3
    ... )  # where it starts: 4 + 0.1 * 16
    5.6
    """

    nonnegative = True

    def build(self, input_shape):
        self.dispersion = self.add_weight(
            shape=(input_shape[-1],), initializer=_softplus_of(0.1), name="dispersion"
        )

    def distribution(self, rates: Any) -> Any:
        return tfd.NegativeBinomial.experimental_from_mean_dispersion(
            rates, tf.nn.softplus(self.dispersion.value)
        )


@keras.saving.register_keras_serializable(package="v1keras")
class Gaussian(keras.layers.Layer):
    """Noise of either sign and of one size around a rate that is 0 or above; its
    standard deviation is learned a neuron.

    Example:

    >>> noise = Gaussian()
    ... noise.build((None, 2))
    >>> noise.distribution([[3.0, 4.0]]).stddev().numpy().round(
    ...     3
    ... ).tolist()  # where it starts
    [[1.0, 1.0]]
    """

    nonnegative = False

    def build(self, input_shape):
        self.scale = self.add_weight(
            shape=(input_shape[-1],), initializer=_softplus_of(1.0), name="scale"
        )

    def distribution(self, rates: Any) -> Any:
        return tfd.Normal(rates, tf.nn.softplus(self.scale.value) + 1e-4)


@keras.saving.register_keras_serializable(package="v1keras")
class ZeroInflatedGamma(keras.layers.Layer):
    """Deconvolved or raw fluorescence: often nothing, else gamma distributed (Wei, Zhou
    et al. 2019, bioRxiv 637652).

    With probability q the response is `threshold` plus a gamma variable of shape k,
    else it lies evenly between 0 and `threshold`; q and k are learned a neuron, the
    gamma's scale follows from the rate.

    Args:
        threshold: below it a response counts as none, in units of the responses. The
            rate of `distribution` is the mean as long as it is above what `threshold`
            itself contributes.

    Example:

    >>> noise = ZeroInflatedGamma()
    ... noise.build((None, 2))
    >>> noise.distribution([[3.0, 4.0]]).mean().numpy().round(3).tolist()
    [[3.0, 4.0]]
    """

    nonnegative = True

    def __init__(self, threshold: float = 0.005, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.threshold = threshold

    def build(self, input_shape):
        self.logit = self.add_weight(
            shape=(input_shape[-1],), initializer="zeros", name="logit"
        )
        self.concentration = self.add_weight(
            shape=(input_shape[-1],),
            initializer=_softplus_of(1.0),
            name="concentration",
        )

    def distribution(self, rates: Any) -> Any:
        return _ZeroInflatedGamma(
            tf.convert_to_tensor(rates),
            self.logit.value,
            tf.nn.softplus(self.concentration.value) + 1e-3,
            self.threshold,
        )

    def get_config(self):
        return super().get_config() | {"threshold": self.threshold}


class _ZeroInflatedGamma(tfd.Distribution):
    def __init__(self, rates, logit, concentration, threshold):
        parameters = dict(locals())
        self._q, self._logit, self._k, self._threshold = (
            tf.sigmoid(logit),
            logit,
            concentration,
            threshold,
        )
        # mean = (1 - q) threshold / 2 + q (threshold + k scale), solved for the scale
        above = (rates - (1 - self._q) * threshold / 2) / self._q - threshold
        self._scale = tf.maximum(above, 1e-4) / concentration
        super().__init__(
            rates.dtype,
            tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
        )

    def _batch_shape_tensor(self):
        return tf.shape(self._scale)

    def _batch_shape(self):
        return self._scale.shape

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _log_prob(self, value):
        fires = value > self._threshold
        # Inside the logarithm only what is above the threshold: elsewhere its gradient
        # would not be finite.
        excess = tf.where(fires, value - self._threshold, 1.0) / self._scale
        gamma = (
            (self._k - 1) * tf.math.log(excess)
            - excess
            - tf.math.log(self._scale)
            - tf.math.lgamma(self._k)
        )
        return tf.where(
            fires,
            tf.math.log_sigmoid(self._logit) + gamma,
            tf.math.log_sigmoid(-self._logit) - tf.math.log(self._threshold),
        )

    def _mean(self):
        return (1 - self._q) * self._threshold / 2 + self._q * (
            self._threshold + self._k * self._scale
        )

    def _variance(self):
        above = self._threshold + self._k * self._scale
        second = (1 - self._q) * self._threshold**2 / 3 + self._q * (
            self._k * self._scale**2 + above**2
        )
        return second - self._mean() ** 2

    def _sample_n(self, n, seed=None):
        shape = tf.concat([[n], tf.shape(self._scale)], 0)
        one, two, three = tfp.random.split_seed(seed, n=3)
        fires = tf.random.stateless_uniform(shape, one) < self._q
        below = tf.random.stateless_uniform(shape, two) * self._threshold
        gamma = (
            tf.random.stateless_gamma(shape, three, self._k * tf.ones_like(self._scale))
            * self._scale
        )
        return tf.where(fires, self._threshold + gamma, below)


LIKELIHOODS = {
    "poisson": Poisson,
    "negative_binomial": NegativeBinomial,
    "gaussian": Gaussian,
    "zero_inflated_gamma": ZeroInflatedGamma,
}


def make_likelihood(name: str) -> keras.Layer:
    """A noise model by its name in a configuration.

    Raises:
        ValueError: unknown name.
    """
    if name not in LIKELIHOODS:
        raise ValueError(
            f"likelihood: found {name!r}, expected one of {', '.join(LIKELIHOODS)}"
        )
    return LIKELIHOODS[name](name=name)


def likelihood_of(
    metadata: dict[str, Any], neurons: slice | Sequence[int] | np.ndarray = slice(None)
) -> keras.Layer:
    """The noise model that a preset was trained with, with what it learned:
    `distribution(rates)` is what the neurons answer, and how often.

    Args:
        metadata: of the preset, as `v1keras.zoo.info` gives it.
        neurons: which of the preset's, a slice or indices. Of several recordings'
            preset the neurons of one follow those of the one before.

    Raises:
        ValueError: the preset holds no noise model: it was trained without one, or by
            an earlier version.

    Example:

    >>> metadata = {
    ...     "noise": {
    ...         "name": "negative_binomial",
    ...         "values": {"dispersion": [-2.0, 0.0]},
    ...     }
    ... }
    >>> likelihood_of(metadata).distribution([[4.0, 4.0]]).variance().numpy().astype(
    ...     float
    ... ).round(1).tolist()  # 4 + 16 softplus
    [[6.0, 15.1]]
    """
    if not metadata.get("noise"):
        raise ValueError(
            "the preset holds no noise model; expected `noise` in its metadata, which a"
            " training of today writes"
        )
    noise, values = (
        make_likelihood(metadata["noise"]["name"]),
        metadata["noise"]["values"],
    )
    values = {
        name: np.asarray(column, "float32")[neurons] for name, column in values.items()
    }
    noise.build((None, *next(iter(values.values()), np.empty(0)).shape))
    noise.built = True
    for variable in noise.variables:
        variable.assign(values[variable.name])
    return noise


def learned_noise(likelihoods: Sequence[keras.Layer]) -> dict[str, Any] | None:
    """What a preset's metadata says of its noise: its name and, for each parameter, a
    value a neuron, the mean over an ensemble's members.

    Args:
        likelihoods: trained noise models of one kind, one a member; [] gives None.

    Example:

    >>> noise = make_likelihood("gaussian")
    ... noise.build((None, 2))
    >>> learned_noise([noise])["name"], len(learned_noise([noise])["values"]["scale"])
    ('gaussian', 2)
    """
    if not likelihoods:
        return None
    each = zip(*(likelihood.variables for likelihood in likelihoods), strict=True)
    values = {
        members[0].name: np.mean([v.numpy() for v in members], axis=0).tolist()
        for members in each
    }
    return {"name": likelihoods[0].name, "values": values}


def check_responses(likelihood: keras.Layer, responses: np.ndarray) -> None:
    """Refuses responses that the likelihood gives no meaning to.

    Args:
        likelihood: a noise model.
        responses: `(images, neurons)`, NaN = missing.

    Raises:
        ValueError: negative responses where none can be.

    Example:

    >>> import numpy as np
    >>> check_responses(make_likelihood("gaussian"), np.array([[-1.0]]))
    """
    negative = (responses < 0).any(axis=0)
    if likelihood.nonnegative and negative.any():
        raise ValueError(
            f"{int(negative.sum())} neurons have negative responses (neuron"
            f" {int(negative.argmax())} for one); a {likelihood.name} likelihood needs"
            " responses >= 0; take --config.training.likelihood=gaussian"
        )


def _softplus_of(value):
    return keras.initializers.Constant(math.log(math.expm1(value)))

"""Distribution of deconvolved or raw fluorescence."""

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd


class ZeroInflatedGammaDistribution(tfd.Distribution):
    """Distribution of a response that is often almost nothing, else gamma distributed.

    Args:
        rates: Float tensor `(batch, neurons)`, means.
        logit: Float tensor `(neurons,)`, logit of the probability q of a response.
        concentration: Float tensor `(neurons,)`, shape k of the gamma.
        threshold: Float, responses below it are spread evenly.
    """

    def __init__(self, rates, logit, concentration, threshold):
        parameters = dict(locals())
        self._q = tf.sigmoid(logit)
        self._logit = logit
        self._k = concentration
        self._threshold = threshold
        # mean = (1 - q) threshold / 2 + q (threshold + k scale), solved for the scale.
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
        # Only responses above the threshold enter the logarithm: elsewhere its gradient
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

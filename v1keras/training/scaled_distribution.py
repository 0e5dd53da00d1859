"""A distribution of responses in another unit."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd


class ScaledDistribution(tfd.Distribution):
    """Distribution of `offset + scale * x`, with `x` of another distribution.

    Args:
        base: Distribution of `x`, of batch shape `(batch, neurons)`.
        scale: Float or float array `(neurons,)`, not 0.
        offset: Float or float array `(neurons,)`.

    Example:

    >>> scaled = ScaledDistribution(tfd.Poisson(4.0), scale=0.5, offset=-1.0)
    >>> float(scaled.mean()), float(scaled.variance())
    (1.0, 1.0)
    """

    def __init__(self, base, scale, offset):
        parameters = dict(locals())
        self._base = base
        self._scale = tf.convert_to_tensor(scale, base.dtype)
        self._offset = tf.convert_to_tensor(offset, base.dtype)
        super().__init__(
            base.dtype,
            tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
        )

    def _batch_shape_tensor(self):
        return self._base.batch_shape_tensor()

    def _batch_shape(self):
        return self._base.batch_shape

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _log_prob(self, value):
        density = self._base.log_prob((value - self._offset) / self._scale)
        return density - tf.math.log(tf.abs(self._scale))

    def _mean(self):
        return self._offset + self._scale * self._base.mean()

    def _variance(self):
        return self._scale**2 * self._base.variance()

    def _sample_n(self, n, seed=None):
        return self._offset + self._scale * self._base.sample(n, seed)

"""Batch normalization for small recordings, which have few steps per epoch."""

import keras

from v1keras.models.layers.fast_path import tensorflow_cpu


@keras.saving.register_keras_serializable(package="v1keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """Normalize as Keras's layer of this name, with one operation per training step.

    The statistics, weights and outputs are the same. Keras's own implementation takes
    nine operations; it is used on other backends and GPUs, and under several replicas,
    which see one batch.

    Args:
        **kwargs: Arguments of `keras.layers.BatchNormalization`.

    Call arguments:
        inputs: `(batch, h, w, channels)`.
        training: Boolean, whether the batch's statistics are used and the moving ones
            updated.

    Returns:
        `(batch, h, w, channels)`.

    Example:

    >>> import numpy as np
    >>> layer = BatchNormalization()
    >>> inputs = np.array([[[[1.0]], [[3.0]]]], "float32")
    >>> np.asarray(layer(inputs, training=True)).round(2).ravel().tolist()
    [-1.0, 1.0]
    """

    def call(self, inputs, training=None, mask=None):
        fast = tensorflow_cpu() if self._is_plain(inputs, training, mask) else None
        if fast is None or fast.replica_count() > 1:
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = fast.batch_normalize(
            inputs, self.gamma, self.beta, self.epsilon
        )
        for moving, value in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            moving.assign(moving * self.momentum + value * (1 - self.momentum))
        return outputs

    def _is_plain(self, inputs, training, mask):
        return (
            training
            and self.trainable
            and mask is None
            and len(inputs.shape) == 4
            and self.axis in (3, -1)
            and self.scale
            and self.center
            # Keras 3.12, the last for Python 3.10, has no renormalization.
            and not getattr(self, "renorm", False)
        )


def batch_norm(name, dtype):
    """Return the layer with a memory short enough for few steps per epoch."""
    # Replicas see one batch; backends other than TensorFlow refuse the argument.
    synchronized = keras.backend.backend() == "tensorflow"
    return BatchNormalization(
        momentum=0.9, synchronized=synchronized, name=name, dtype=dtype
    )

"""Batch normalisation for small recordings, which have few steps an epoch."""

import keras

from v1keras.models.layers.depthwise_conv import on_processors


@keras.saving.register_keras_serializable(package="v1keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer of this name, whose training step on processors is one operation
    instead of nine.

    The statistics, weights and outputs are the same. Several replicas, other backends
    and GPUs take Keras' own way: replicas see one batch.

    Args: those of `keras.layers.BatchNormalization`.

    Call arguments:
        inputs: `(batch, h, w, channels)`.
        training: whether the batch's statistics are used, and the moving ones updated.

    Returns:
        `(batch, h, w, channels)`.

    Example:

    >>> import numpy as np
    >>> layer = BatchNormalization()
    >>> np.asarray(
    ...     layer(np.array([[[[1.0]], [[3.0]]]], "float32"), training=True)
    ... ).round(2).ravel().tolist()
    [-1.0, 1.0]
    """

    def call(self, inputs, training=None, mask=None):
        ours = (
            training
            and self.trainable
            and mask is None
            and len(inputs.shape) == 4
            and self.axis in (3, -1)
            and not self.renorm
        )
        if not (ours and self.scale and self.center and on_processors()):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=tf.zeros((0,)),
            variance=tf.zeros((0,)),
            epsilon=self.epsilon,
            exponential_avg_factor=1.0,
            is_training=True,
        )
        counted = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), tf.float32)
        # The variance of the batch itself; the operation returns the unbiased estimate.
        variance *= 1 - 1 / counted
        for moving, found in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            moving.assign(moving * self.momentum + found * (1 - self.momentum))
        return outputs


def batch_norm(name):
    """The layer, with a memory short enough for few steps an epoch; several replicas
    see one batch.
    """
    together = keras.backend.backend() == "tensorflow"  # elsewhere Keras refuses it
    return BatchNormalization(momentum=0.9, synchronized=together, name=name)

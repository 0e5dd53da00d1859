"""Fast paths of layers for TensorFlow on CPUs; loaded by `fast_path` alone."""

import math

import numpy as np
import tensorflow as tf

from v1keras.models.layers.bilinear_cpu import bilinear_drive

__all__ = [
    "aligned_array",
    "assign_without_copy",
    "batch_normalize",
    "bilinear_drive",
    "depthwise_kernel_gradient",
    "has_gpu",
    "replica_count",
]
_ALIGNMENT = 64  # bytes, of the memory that TensorFlow takes without a copy


def has_gpu():
    """Return whether TensorFlow has a GPU to compute on."""
    return bool(tf.config.list_physical_devices("GPU"))


def replica_count():
    """Return the number of replicas of the current distribution strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def aligned_array(shape):
    """Return a float32 NumPy array whose memory a variable can take as it is.

    Args:
        shape: Tuple of integers.
    """
    size = 4 * math.prod(shape)
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    first = -memory.ctypes.data % _ALIGNMENT
    return memory[first : first + size].view(np.float32).reshape(shape)


def assign_without_copy(variable, array):
    """Give a variable the memory of an array of `aligned_array`, which it then is.

    Args:
        variable: `keras.Variable`.
        array: Array of the variable's shape, not changed afterwards.
    """
    tensor = tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    variable.value.assign(tensor)


def batch_normalize(inputs, gamma, beta, epsilon):
    """Normalize a batch by its own statistics, in one operation.

    Args:
        inputs: `(batch, h, w, channels)`.
        gamma: `(channels,)` scale of the outputs.
        beta: `(channels,)` offset of the outputs.
        epsilon: Float, added to the variance.

    Returns:
        Tuple of the outputs and of the mean and variance `(channels,)` of the batch.
    """
    outputs, mean, unbiased, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=tf.convert_to_tensor(gamma),
        offset=tf.convert_to_tensor(beta),
        mean=tf.zeros((0,)),
        variance=tf.zeros((0,)),
        epsilon=epsilon,
        exponential_avg_factor=1.0,
        is_training=True,
    )
    count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), tf.float32)
    # The operation returns the unbiased estimate of the variance.
    return outputs, mean, unbiased * (1 - 1 / count)


def depthwise_kernel_gradient(inputs, upstream, sides, dilation):
    """Compute the gradient of a depthwise convolution with respect to its kernel.

    It is summed over the batch in float32, one image after another, so that what is
    needed at a time fits into the cache.

    Args:
        inputs: `(batch, h, w, channels)`.
        upstream: `(batch, h, w, channels)`, gradient with respect to the outputs.
        sides: Tuple of two integers, size of the kernel.
        dilation: Tuple of two integers, dilation rate of the kernel.

    Returns:
        `(side, side, channels, 1)`.
    """
    pads = [side // 2 * rate for side, rate in zip(sides, dilation, strict=True)]
    padding = [[0, 0], *([pad, pad] for pad in pads), [0, 0]]

    def add_image(i, total):
        image, kernel = inputs[i : i + 1], upstream[i][..., None]
        gradient = tf.nn.depthwise_conv2d(image, kernel, [1, *dilation, 1], padding)
        return i + 1, total + tf.cast(gradient[0], tf.float32)

    start = (0, tf.zeros((*sides, inputs.shape[-1])))
    images = tf.shape(inputs)[0]
    _, total = tf.while_loop(lambda i, _: i < images, add_image, start)
    return tf.cast(total[..., None], inputs.dtype)

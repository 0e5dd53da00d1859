"""Depthwise convolution whose gradient costs little more than itself."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="v1keras")
class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    """Convolves each channel with a kernel of its own; the same function as Keras'
    layer of this name, several times faster to train on processors.

    With padding `p`, the output `y[b] = sum_ij kernel[i, j] * x[b, . + i - p, . + j -
    p]` of image `b`, and the loss's gradient `g` by it,

        d loss / d x[b]         = sum_ij kernel[-i, -j] * g[b, . + i - p, . + j - p]
        d loss / d kernel[i, j] = sum_b sum_hw g[b, h, w] * x[b, h + i - p, w + j - p]

    are depthwise convolutions, too: of `g` with the turned kernel, and of each image
    with its `g` as the kernel. The libraries under TensorFlow are fast at the forward
    pass alone, so both are computed by that. What is no stride of 1 with padding "same"
    and one kernel a channel without bias, and everything on another backend or a GPU,
    is Keras' own.

    Args: those of `keras.layers.DepthwiseConv2D`; the weights, too, are the same,
    `(side, side, channels, 1)`.

    Call arguments:
        inputs: `(batch, h, w, channels)`.

    Returns:
        `(batch, h, w, channels)`.

    Example:

    >>> import numpy as np
    >>> layer = DepthwiseConv2D(
    ...     3, padding="same", use_bias=False, depthwise_initializer="ones"
    ... )
    >>> np.asarray(layer(np.ones((1, 3, 3, 1), "float32")))[0, :, :, 0].tolist()
    [[4.0, 6.0, 4.0], [6.0, 9.0, 6.0], [4.0, 6.0, 4.0]]
    """

    def build(self, input_shape):
        super().build(input_shape)
        odd = all(side % 2 for side in self.kernel_size)
        plain = (
            self.padding,
            tuple(self.strides),
            self.depth_multiplier,
            self.use_bias,
        ) == ("same", (1, 1), 1, False)
        self._own = (
            plain and odd and self.data_format == "channels_last" and on_processors()
        )

    def call(self, inputs):
        if not self._own:
            return super().call(inputs)
        return self.activation(
            _convolved(
                inputs, ops.cast(self.kernel, inputs.dtype), tuple(self.dilation_rate)
            )
        )


def on_processors():
    """Whether TensorFlow computes, and has no GPU to do it on."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def _convolved(inputs, kernel, dilation):
    @ops.custom_gradient
    def convolve(inputs, kernel):
        def gradient(upstream):
            turned = ops.flip(kernel, axis=(0, 1))
            return _convolved(upstream, turned, dilation), _kernel_gradient(
                inputs, upstream, kernel.shape[:2], dilation
            )

        return (
            ops.depthwise_conv(inputs, kernel, padding="same", dilation_rate=dilation),
            gradient,
        )

    return convolve(inputs, kernel)


def _kernel_gradient(inputs, upstream, sides, dilation):
    """`(side, side, channels, 1)`, summed over the batch in float32, one image after
    another: what they need fits the cache.
    """
    import tensorflow as tf

    around = [
        [0, 0],
        *([side // 2 * step] * 2 for side, step in zip(sides, dilation, strict=True)),
        [0, 0],
    ]

    def add(i, total):
        found = tf.nn.depthwise_conv2d(
            inputs[i : i + 1], upstream[i][..., None], [1, *dilation, 1], around
        )[0]
        return i + 1, total + tf.cast(found, tf.float32)

    start = (0, tf.zeros((*sides, inputs.shape[-1])))
    total = tf.while_loop(lambda i, _: i < tf.shape(inputs)[0], add, start)[1]
    return tf.cast(total[..., None], inputs.dtype)

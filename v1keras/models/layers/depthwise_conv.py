"""Depthwise convolution whose gradient costs little more than itself."""

import keras
from keras import ops

from v1keras.models.layers.fast_path import tensorflow_cpu


@keras.saving.register_keras_serializable(package="v1keras")
class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    """Convolve each channel with a kernel of its own, with a faster gradient on CPUs.

    The function is that of Keras's layer of this name. With padding `p`, output
    `y[b] = sum_ij kernel[i, j] * x[b, . + i - p, . + j - p]` of image `b`, and the
    gradient `g` of the loss with respect to it,

        d loss / d x[b]         = sum_ij kernel[-i, -j] * g[b, . + i - p, . + j - p]
        d loss / d kernel[i, j] = sum_b sum_hw g[b, h, w] * x[b, h + i - p, w + j - p]

    are depthwise convolutions, too: of `g` with the flipped kernel, and of each image
    with its `g` as the kernel. The libraries under TensorFlow are fast at the forward
    pass alone, so both are computed by it. Keras's own gradient is used unless the
    stride is 1, the padding "same", there is one odd-sized kernel per channel and no
    bias, and on other backends and GPUs.

    Args:
        **kwargs: Arguments of `keras.layers.DepthwiseConv2D`; the weights are the same,
            too, `(side, side, channels, 1)`.

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
        self._fast = tensorflow_cpu() if self._is_plain() else None

    def _is_plain(self):
        return (
            self.padding == "same"
            and tuple(self.strides) == (1, 1)
            and self.depth_multiplier == 1
            and not self.use_bias
            and all(side % 2 for side in self.kernel_size)
            and self.data_format == "channels_last"
        )

    def call(self, inputs):
        if self._fast is None:
            return super().call(inputs)
        kernel = ops.cast(self.kernel, inputs.dtype)
        dilation = tuple(self.dilation_rate)
        outputs = _convolve(
            inputs, kernel, dilation, self._fast.depthwise_kernel_gradient
        )
        return self.activation(outputs)


def _convolve(inputs, kernel, dilation, kernel_gradient):
    """Convolve with a gradient that is made of convolutions."""

    @ops.custom_gradient
    def convolve(inputs, kernel):
        def gradient(upstream):
            flipped = ops.flip(kernel, axis=(0, 1))
            return (
                _convolve(upstream, flipped, dilation, kernel_gradient),
                kernel_gradient(inputs, upstream, kernel.shape[:2], dilation),
            )

        outputs = ops.depthwise_conv(
            inputs,
            kernel,
            padding="same",
            data_format="channels_last",
            dilation_rate=dilation,
        )
        return outputs, gradient

    return convolve(inputs, kernel)

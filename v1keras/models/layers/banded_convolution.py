"""`BandedConvolution`: a convolution with a fast gradient by its images."""

import numpy as np
from keras import ops


class BandedConvolution:
    """A `valid` convolution of one input channel with fixed kernels.

    Its gradient by the images, a transposed convolution, is slow on CPUs. Here it is a
    product of the output rows with the banded matrix of the kernels' rows, summed over
    the kernels' rows.

    Args:
        kernel: `(side, side, 1, channels)` array.
    """

    def __init__(self, kernel):
        self.kernel = kernel
        self.bands = {}

    def __call__(self, images):
        width, dtype = images.shape[2], images.dtype
        if width not in self.bands:
            self.bands[width] = self._band(width)
        band = ops.cast(self.bands[width], dtype)
        kernel = ops.cast(self.kernel, dtype)
        side = kernel.shape[0]

        def image_gradient(upstream):
            rows = upstream.shape[1]
            flat = ops.reshape(upstream, (-1, rows, band.shape[0]))
            spread = ops.reshape(ops.matmul(flat, band), (-1, rows, side, width))
            total = 0
            for row in range(side):
                padding = ((0, 0), (row, side - 1 - row), (0, 0))
                total = total + ops.pad(spread[:, :, row], padding)
            return total[..., None]

        @ops.custom_gradient
        def convolve(images):
            def gradient(*arguments, upstream=None):
                # Backends pass it by position or by name.
                return image_gradient(arguments[0] if upstream is None else upstream)

            outputs = ops.conv(
                images, kernel, padding="valid", data_format="channels_last"
            )
            return outputs, gradient

        return convolve(images)

    def _band(self, width):
        """Return the banded matrix for images of this width.

        Its rows are columns of the outputs and channels, its columns rows of the
        kernel and columns of the image.
        """
        side, channels = self.kernel.shape[0], self.kernel.shape[3]
        columns = width - side + 1
        band = np.zeros((columns, channels, side, width), "float32")
        rows = np.transpose(self.kernel[:, :, 0], (2, 0, 1))
        for column in range(columns):
            band[column, :, :, column : column + side] = rows
        return band.reshape(-1, side * width)

"""One neuron's rate for each image, at the cost of one neuron: what an inversion asks
of a model.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.cores.stacked import OnOff, StackedCore
from v1keras.models.readouts.gaussian import GaussianReadout, corners

# Of what reads each pixel by itself, and so works on a window as on the whole.
_PIXELWISE = (keras.layers.BatchNormalization, keras.layers.Activation, OnOff)
# A window that covers more than this of the image saves too little for what cutting it
# out costs.
_WORTHWHILE = 0.8


def network_rate_fn(model: Any) -> Callable[[Any, Any], Any]:
    """Return a function that computes the rate of one neuron per image.

    The same rates as `model(images)`, of which it takes one per row, but cheaper, and
    its gradient much cheaper:

    - the readout computes one neuron per image;
    - a readout that looks at one place (`GaussianReadout`) gets the features of a
      `StackedCore` computed on the window of the image that place can see; what would
      lie beyond the image's border is set to zero in every layer, as padding is;
    - the gradient of the first convolution, which has one input channel, is a product
      with the banded matrix of its kernels.

    Args:
        model: `V1Model` of images alone.

    Returns:
        Callable: images `(batch, height, width, 1)` in pixel units and integer neurons
        `(batch,)` -> rates `(batch,)`.
    """
    if not hasattr(model.readout, "call_for_neurons"):
        return lambda images, neurons: _take(model(images, training=False), neurons)
    normalize = model.get_layer("pixels")
    features = model.core
    if isinstance(model.core, StackedCore):
        first = _ThinConvolution(ops.convert_to_numpy(model.core.stages[0].kernel))
        window = _window_of(model)
        if window is not None:
            return lambda images, neurons: window.rates(
                normalize(images), neurons, first
            )

        def features(images):
            return model.core.after_first(first(images))

    def rates(images, neurons):
        return model.readout.call_for_neurons(features(normalize(images)), neurons)

    return rates


def _take(rates, neurons):
    return ops.take_along_axis(rates, neurons[:, None], axis=1)[:, 0]


class _ThinConvolution:
    """A `valid` convolution of one input channel. Its gradient by the input, as a
    transposed convolution, is slow on processors: output rows times the banded matrix
    of the kernels' rows, one for each row of the kernel, then summed over the kernel's
    rows.
    """

    def __init__(self, kernel):
        self.kernel, self.bands = kernel, {}

    def __call__(self, images):
        side, width = self.kernel.shape[0], images.shape[2]
        across = width - side + 1
        if width not in self.bands:
            band = np.zeros((across, self.kernel.shape[3], side, width), "float32")
            for column in range(across):
                band[column, :, :, column : column + side] = np.transpose(
                    self.kernel[:, :, 0], (2, 0, 1)
                )
            self.bands[width] = band.reshape(
                -1, side * width
            )  # (output row, kernel row * image row)
        band, kernel = (
            ops.cast(weights, images.dtype)
            for weights in (self.bands[width], self.kernel)
        )

        @ops.custom_gradient
        def convolve(images):
            def gradient(*arguments, upstream=None):
                upstream = arguments[0] if upstream is None else upstream
                rows = upstream.shape[1]
                spread = ops.reshape(
                    ops.matmul(ops.reshape(upstream, (-1, rows, band.shape[0])), band),
                    (-1, rows, side, width),
                )
                above = lambda i: ((0, 0), (i, side - 1 - i), (0, 0))
                return sum(ops.pad(spread[:, :, i], above(i)) for i in range(side))[
                    ..., None
                ]

            return ops.conv(images, kernel, padding="valid"), gradient

        return convolve(images)


def _window_of(model):
    """The window that a place of a `GaussianReadout` sees, or None where there is none
    worth cutting out.
    """
    core = model.core
    known = (
        keras.layers.Conv2D,
        keras.layers.DepthwiseConv2D,
        keras.layers.AveragePooling2D,
        *_PIXELWISE,
    )
    if (
        not isinstance(model.readout, GaussianReadout)
        or core.skip
        or not all(isinstance(stage, known) for stage in core.stages)
    ):
        return None
    window = _Window(core.stages, model.readout, (None, *model.image_size, 1))
    share = np.prod(
        [min(window.sizes[0], side) for side in model.image_size]
    ) / np.prod(model.image_size)
    return window if share < _WORTHWHILE else None


class _Window:
    """A core on the square of each image that the four pixels around a neuron's place
    can see.

    Args:
        stages: of a `StackedCore`.
        readout: a `GaussianReadout`.
        shape: of the images.
    """

    def __init__(self, stages, readout, shape):
        self.stages, self.readout, self.shapes = stages, readout, [shape]
        for stage in stages:
            self.shapes.append(stage.compute_output_shape(self.shapes[-1]))
        # Before each stage: side of the window, and where it begins: scale * (begin of
        # the last window) - shift.
        self.sizes, self.begins = [2], [(1, 0)]
        for stage in reversed(stages):
            size, (scale, shift) = self.sizes[0], self.begins[0]
            if isinstance(stage, keras.layers.AveragePooling2D):
                pool = stage.pool_size[0]
                size, scale, shift = size * pool, scale * pool, shift * pool
            elif isinstance(stage, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
                reach = _reach(stage)
                size, shift = (
                    size + reach,
                    shift + (reach // 2 if stage.padding == "same" else 0),
                )
            self.sizes.insert(0, size)
            self.begins.insert(0, (scale, shift))

    def rates(self, images, neurons, first):
        """Rates `(batch,)` of normalised images; `first` convolves them instead of the
        first stage.
        """
        place = ops.take(self.readout.positions(), neurons, axis=0)
        top, left, shares = corners(place, *self.shapes[-1][1:3])
        begins = ops.cast(ops.stack([top, left], axis=1), "int32")  # of the last window
        rows, columns = (self._inside(0, axis, begins, one_hot=True) for axis in (0, 1))
        features = ops.einsum("bih,bhw,bjw->bij", rows, images[..., 0], columns)[
            ..., None
        ]
        for i, stage in enumerate(self.stages):
            if i and getattr(stage, "padding", "") == "same":
                rows, columns = (self._inside(i, axis, begins) for axis in (0, 1))
                features = features * rows[:, :, None, None] * columns[:, None, :, None]
            features = first(features) if i == 0 else self._apply(stage, features)
        read = sum(
            share[:, None] * features[:, below, beside]
            for (below, beside), share in shares.items()
        )
        return self.readout.rates_of(read, neurons)

    def _inside(self, i, axis, begins, one_hot=False):
        """Which of the window's pixels before stage i are the image's: `(batch, size)`;
        or as a matrix that picks them out of it.
        """
        scale, shift = self.begins[i]
        at = (scale * begins[:, axis] - shift)[:, None] + ops.arange(
            self.sizes[i], dtype="int32"
        )
        side = self.shapes[i][1 + axis]
        return (
            ops.one_hot(at, side)
            if one_hot
            else ops.cast((at >= 0) & (at < side), "float32")
        )

    @staticmethod
    def _apply(stage, features):
        if isinstance(stage, keras.layers.DepthwiseConv2D):
            return ops.depthwise_conv(
                features,
                stage.kernel,
                padding="valid",
                dilation_rate=stage.dilation_rate,
            )
        if isinstance(stage, keras.layers.Conv2D):
            return ops.conv(
                features,
                stage.kernel,
                padding="valid",
                dilation_rate=stage.dilation_rate,
            )
        return stage(features)


def _reach(stage):
    return (stage.kernel_size[0] - 1) * stage.dilation_rate[0]

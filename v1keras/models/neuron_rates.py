"""The rate of one neuron per image at the cost of one neuron, for inversion."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from v1keras.models.cores.stacked import StackedCore
from v1keras.models.layers.banded_convolution import BandedConvolution
from v1keras.models.layers.bilinear import bilinear_weights
from v1keras.models.layers.on_off import OnOffRectification
from v1keras.models.readouts.gaussian import GaussianReadout

# Layers that act on each pixel by itself work on a window as on the whole image.
_PIXELWISE = (
    keras.layers.BatchNormalization,
    keras.layers.Activation,
    OnOffRectification,
)
_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
_WINDOWED = (*_CONVOLUTIONS, keras.layers.AveragePooling2D, *_PIXELWISE)
# A window that covers more than this fraction of the image saves less than cutting it
# out costs.
_MAX_WINDOW = 0.8


def network_rate_fn(model: Any) -> Callable[[Any, Any], Any]:
    """Return a function that computes the rate of one neuron per image.

    The rates are those of `model(images)`, one of each row, but cheaper, and their
    gradient is much cheaper:

    - the readout computes one neuron per image;
    - for a readout at one place (`GaussianReadout`), the features of a `StackedCore`
      are computed on the window of the image that the place depends on; what lies
      beyond the image's border is set to zero in every layer, as padding is;
    - the gradient of the first convolution, which has one input channel, is a product
      with the banded matrix of its kernels.

    Args:
        model: `V1Model` of images alone.

    Returns:
        Callable: images `(batch, height, width, 1)` in pixel units and integer neurons
        `(batch,)` -> rates `(batch,)`.
    """
    if not hasattr(model.readout, "call_for_neurons"):
        return lambda images, neurons: take_rates(
            model(images, training=False), neurons
        )
    normalize = model.get_layer("pixels")
    features = model.core
    if isinstance(model.core, StackedCore):
        kernel = ops.convert_to_numpy(model.core.stages[0].kernel)
        convolve = BandedConvolution(kernel)
        window = _worthwhile_window(model)
        if window is not None:
            return lambda images, neurons: window.rates(
                normalize(images), neurons, convolve
            )

        def features(images):
            return model.core.call_after_first_layer(convolve(images))

    def rates(images, neurons):
        return model.readout.call_for_neurons(features(normalize(images)), neurons)

    return rates


def take_rates(rates: Any, neurons: Any) -> Any:
    """Return the rate of one neuron per row of `(batch, neurons)`."""
    return ops.take_along_axis(rates, neurons[:, None], axis=1)[:, 0]


def _worthwhile_window(model):
    """Return the window of a place of a `GaussianReadout`, or None."""
    core = model.core
    if not isinstance(model.readout, GaussianReadout) or core.skip:
        return None
    if not all(isinstance(stage, _WINDOWED) for stage in core.stages):
        return None
    window = _Window(core.stages, model.readout, (None, *model.image_size, 1))
    sides = [min(window.sizes[0], side) for side in model.image_size]
    covered = np.prod(sides) / np.prod(model.image_size)
    return window if covered < _MAX_WINDOW else None


class _Window:
    """A core on the part of each image that a neuron's place depends on.

    The place is between four pixels of the features.

    Args:
        stages: List of layers, the stages of a `StackedCore`.
        readout: `GaussianReadout`.
        shape: Tuple, shape of the images.
    """

    def __init__(self, stages, readout, shape):
        self.stages, self.readout = stages, readout
        self.shapes = [shape]
        for stage in stages:
            self.shapes.append(stage.compute_output_shape(self.shapes[-1]))
        # Before each stage: the side of the window, and its first pixel as
        # scale * (first pixel of the last window) - shift.
        size, scale, shift = 2, 1, 0
        self.sizes, self.origins = [size], [(scale, shift)]
        for stage in reversed(stages):
            if isinstance(stage, keras.layers.AveragePooling2D):
                pool = stage.pool_size[0]
                size, scale, shift = size * pool, scale * pool, shift * pool
            elif isinstance(stage, _CONVOLUTIONS):
                reach = (stage.kernel_size[0] - 1) * stage.dilation_rate[0]
                size += reach
                if stage.padding == "same":
                    shift += reach // 2
            self.sizes.insert(0, size)
            self.origins.insert(0, (scale, shift))

    def rates(self, images, neurons, convolve):
        """Compute rates `(batch,)` of normalized images.

        `convolve` takes the place of the first stage.
        """
        place = ops.take(self.readout.positions(), neurons, axis=0)
        top, left, weights = bilinear_weights(place, *self.shapes[-1][1:3])
        corner = ops.cast(ops.stack([top, left], axis=1), "int32")
        features = convolve(self._cut_out(images, corner))
        for i, stage in enumerate(self.stages[1:], start=1):
            if getattr(stage, "padding", "") == "same":
                features = features * self._border_mask(i, corner)
            features = _apply(stage, features)
        values = 0
        for (row, column), weight in weights.items():
            values = values + weight[:, None] * features[:, row, column]
        return self.readout.rates_from_values(values, neurons)

    def _cut_out(self, images, corner):
        """Return the window of each image, with zeros beyond the border."""
        height, width = self.shapes[0][1:3]
        dtype = images.dtype
        rows = ops.one_hot(self._pixels(0, corner[:, 0]), height, dtype=dtype)
        columns = ops.one_hot(self._pixels(0, corner[:, 1]), width, dtype=dtype)
        cut = ops.einsum("bih,bhw,bjw->bij", rows, images[..., 0], columns)
        return cut[..., None]

    def _border_mask(self, i, corner):
        """Return 1 for pixels of the window before stage `i` that are the image's."""
        inside = []
        for axis, side in enumerate(self.shapes[i][1:3]):
            pixels = self._pixels(i, corner[:, axis])
            inside.append(ops.cast((pixels >= 0) & (pixels < side), "float32"))
        rows, columns = inside
        return rows[:, :, None, None] * columns[:, None, :, None]

    def _pixels(self, i, corner):
        """Return the pixels `(batch, size)` that the window before stage `i` covers."""
        scale, shift = self.origins[i]
        offsets = ops.arange(self.sizes[i], dtype="int32")
        return (scale * corner - shift)[:, None] + offsets


def _apply(stage, features):
    """Apply a stage to a window; convolutions without their padding."""
    options = {"padding": "valid", "data_format": "channels_last"}
    if isinstance(stage, keras.layers.DepthwiseConv2D):
        return ops.depthwise_conv(
            features, stage.kernel, dilation_rate=stage.dilation_rate, **options
        )
    if isinstance(stage, keras.layers.Conv2D):
        return ops.conv(
            features, stage.kernel, dilation_rate=stage.dilation_rate, **options
        )
    return stage(features)

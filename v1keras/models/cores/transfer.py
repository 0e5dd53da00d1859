"""A core that was trained on objects: features of a network of `keras.applications`."""

import difflib
from typing import Any

import keras
from keras import ops

# What grey photographs have, in pixel values from 0 to 255: normalised images are
# brought to this before the network's own preprocessing.
_MEAN, _STD = 118.0, 64.0
NETWORKS = {
    "VGG16": keras.applications.vgg16,
    "VGG19": keras.applications.vgg19,
    "ResNet50": keras.applications.resnet50,
    "ConvNeXtTiny": keras.applications.convnext,
}


@keras.saving.register_keras_serializable(package="v1keras")
class TransferCore(keras.layers.Layer):
    """Features of one layer of a network for object recognition, batch-normalised; the
    network itself does not learn.

    Args:
        network: "VGG16", "VGG19", "ResNet50" or "ConvNeXtTiny".
        layer: name of one of its layers.
        weights: None for fresh weights, "imagenet" for those that Keras publishes, or a
            file of weights. A core that is loaded from a preset takes them from there.
        scale: factor by which images are enlarged first, to bring receptive fields to
            the layer's.

    Call arguments:
        images: `(batch, height, width, 1)` of zero mean and unit variance.
        training: whether the batch normalisation uses and updates batch statistics.

    Returns:
        Features `(batch, h, w, channels)`.

    Raises:
        ValueError: unknown network or layer (names the nearest), or images too small
            for the network.

    Reference: Cadena et al. 2019 (PLoS Computational Biology 15:e1006897).

    Example:

    >>> import numpy as np
    >>> core = TransferCore("VGG16", "block2_conv1", weights=None)
    >>> tuple(core(np.zeros((1, 32, 32, 1), "float32")).shape)
    (1, 16, 16, 128)
    """

    def __init__(
        self,
        network: str = "VGG19",
        layer: str = "block3_conv1",
        weights: str | None = "imagenet",
        scale: int = 1,
        name: str = "core",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if network not in NETWORKS:
            raise ValueError(
                f"network: found {network!r}, expected one of {', '.join(NETWORKS)}"
            )
        self.network, self.layer, self.weights_from, self.scale = (
            network,
            layer,
            weights,
            scale,
        )
        self.norm = keras.layers.BatchNormalization(momentum=0.9, name="norm")

    def build(self, input_shape):
        size = (input_shape[1] * self.scale, input_shape[2] * self.scale, 3)
        whole = getattr(NETWORKS[self.network], self.network)(
            include_top=False, weights=self.weights_from, input_shape=size
        )
        names = [layer.name for layer in whole.layers]
        if self.layer not in names:
            nearest = ", ".join(
                difflib.get_close_matches(self.layer, names)
            ) or ", ".join(names[:5])
            raise ValueError(
                f"layer: {self.network} has no {self.layer!r}; the nearest are"
                f" {nearest}"
            )
        self.features = keras.Model(
            whole.input, whole.get_layer(self.layer).output, name=self.network.lower()
        )
        self.features.trainable = False
        self.norm.build(self.features.output_shape)

    def call(self, images, training=False):
        pixels = ops.repeat(images * _STD + _MEAN, 3, axis=-1)
        if self.scale > 1:
            size = (images.shape[1] * self.scale, images.shape[2] * self.scale)
            pixels = ops.image.resize(pixels, size, interpolation="bilinear")
        prepared = NETWORKS[self.network].preprocess_input(pixels)
        return self.norm(self.features(prepared, training=False), training=training)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.features.output_shape[1:])

    def get_config(self):
        own = {
            "network": self.network,
            "layer": self.layer,
            "weights": None,
            "scale": self.scale,
        }
        return super().get_config() | own

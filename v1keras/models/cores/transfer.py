"""`TransferCore`: features of a network of `keras.applications`."""

import difflib
from typing import Any

import keras
from keras import ops

from v1keras.io.keras_defaults import keras_defaults
from v1keras.models.argument_checks import check_choice, check_integer
from v1keras.models.layers.composite_layer import CompositeLayer

# Mean and standard deviation of gray photographs in pixel values from 0 to 255, to
# which images are scaled before the network's own preprocessing.
_MEAN, _STD = 118.0, 64.0
NETWORKS = {
    "VGG16": keras.applications.vgg16,
    "VGG19": keras.applications.vgg19,
    "ResNet50": keras.applications.resnet50,
    "ConvNeXtTiny": keras.applications.convnext,
}


@keras.saving.register_keras_serializable(package="v1keras")
class TransferCore(CompositeLayer):
    """Compute features of one layer of a network for object recognition.

    They are batch-normalized; the network itself does not train.

    Args:
        network: String, "VGG16", "VGG19", "ResNet50" or "ConvNeXtTiny".
        layer: String, name of one of its layers.
        weights: String, "imagenet" for the weights that Keras publishes, or a file of
            weights; None for random weights. A core that is loaded from a preset takes
            them from there.
        scale: Integer, factor by which images are enlarged first, to match the
            layer's receptive fields.

    Call arguments:
        images: `(batch, height, width, 1)` of zero mean and unit variance.
        training: Boolean, whether the batch normalization uses and updates batch
            statistics.

    Returns:
        Features `(batch, h, w, channels)`.

    Raises:
        ValueError: An unknown network or layer (names the nearest), `scale` below 1, or
            images that are too small for the network.

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
        check_choice("network", network, NETWORKS)
        self.network, self.layer, self.weights_from = network, layer, weights
        self.scale = check_integer("scale", scale, 1, 64)
        self.norm = keras.layers.BatchNormalization(
            momentum=0.9, dtype=self.dtype_policy, name="norm"
        )

    def sub_layers(self) -> list[keras.layers.Layer]:
        return [self.norm]

    def build(self, input_shape):
        sizes = (None, *input_shape[1:])
        self.input_spec = keras.layers.InputSpec(shape=sizes, name="images")
        size = (input_shape[1] * self.scale, input_shape[2] * self.scale, 3)
        make_network = getattr(NETWORKS[self.network], self.network)
        with keras_defaults():
            network = make_network(
                include_top=False, weights=self.weights_from, input_shape=size
            )
        names = [layer.name for layer in network.layers]
        if self.layer not in names:
            nearest = difflib.get_close_matches(self.layer, names) or names[:5]
            raise ValueError(
                f"layer: {self.network} has no {self.layer!r}; the nearest are"
                f" {', '.join(nearest)}"
            )
        output = network.get_layer(self.layer).output
        self.features = keras.Model(network.input, output, name=self.network.lower())
        self.features.trainable = False
        self.norm.build(self.features.output_shape)

    def call(self, images, training=False):
        pixels = ops.repeat(images * _STD + _MEAN, 3, axis=-1)
        if self.scale > 1:
            size = (images.shape[1] * self.scale, images.shape[2] * self.scale)
            pixels = ops.image.resize(
                pixels, size, interpolation="bilinear", data_format="channels_last"
            )
        prepare = NETWORKS[self.network].preprocess_input
        prepared = prepare(pixels, data_format="channels_last")
        return self.norm(self.features(prepared, training=False), training=training)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.features.output_shape[1:])

    def get_config(self):
        return super().get_config() | {
            "network": self.network,
            "layer": self.layer,
            "weights": None,
            "scale": self.scale,
        }

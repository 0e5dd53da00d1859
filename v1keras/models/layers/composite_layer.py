"""`CompositeLayer`: a layer made of others, whose freezing is part of its config."""

from typing import Any

import keras


class CompositeLayer(keras.layers.Layer):
    """A layer with sub-layers, the names of the frozen ones in its configuration.

    Keras writes only the `trainable` of the layer itself: sub-layers that a constructor
    makes would all train again after saving, copying or selecting neurons.
    Configurations without the entry, of files written before there was one, are read
    with all sub-layers as the layer itself.
    """

    def __init__(self, **kwargs: Any) -> None:
        # Not the dtype of a user's global policy.
        super().__init__(**{"dtype": "float32"} | kwargs)

    def sub_layers(self) -> list[keras.layers.Layer]:
        """Return the sub-layers, whose names differ."""
        raise NotImplementedError

    @property
    def layers(self) -> list[keras.layers.Layer]:
        """The sub-layers, where `summary(expand_nested=True)` looks for them."""
        return self.sub_layers()

    def __dir__(self):
        # Keras saves what is listed: a weight's path in a file stays its attribute's.
        return [name for name in super().__dir__() if name != "layers"]

    def get_config(self):
        frozen = [layer.name for layer in self.sub_layers() if not layer.trainable]
        return super().get_config() | {"frozen": frozen}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        frozen = config.pop("frozen", None)
        layer = super().from_config(config)
        for sub_layer in layer.sub_layers():
            if frozen is None:
                sub_layer.trainable = layer.trainable
            else:
                sub_layer.trainable = sub_layer.name not in frozen
        return layer


def freeze_weights(layer: keras.layers.Layer) -> None:
    """Exclude the weights of a built layer's frozen parts from training.

    Keras marks weights as trainable when it makes them, even in a layer that was frozen
    before, and a model around the layer would train them.
    """
    for part in layer._flatten_layers():
        if not part.trainable:
            for weight in part._trainable_variables:
                weight.trainable = False


def freeze_parts(layer: keras.layers.Layer) -> None:
    """Freeze the sub-layers of a layer that was made with `trainable=False`.

    Keras passes this argument on to none of them. Built layers keep their state.
    """
    if not layer.built and not layer.trainable:
        for part in layer._flatten_layers(include_self=False):
            part.trainable = False

"""`OnOffRectification`: both signs of a linear filter, half-squared and compressed."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="v1keras", name="OnOff")
class OnOffRectification(keras.layers.Layer):
    """Half-square and compress both signs of a linear filter, side by side.

    The outputs are log(1 + max(x, 0)^2) and log(1 + max(-x, 0)^2). Half-squaring is how
    a simple cell's membrane potential becomes spikes (Heeger 1992, Half-squaring in
    responses of cat striate cells, Visual Neuroscience 9); pooled over places, both
    signs together are the energy of a complex cell (Adelson & Bergen 1985). The
    logarithm bounds strong contrasts.

    Call arguments:
        features: `(batch, h, w, channels)`.

    Returns:
        `(batch, h, w, 2 * channels)`: first the positive signs, then the negative.

    Example:

    >>> import numpy as np
    >>> features = np.array([[[[1.0, -1.0]]]])
    >>> np.asarray(OnOffRectification()(features), float).ravel().round(3).tolist()
    [0.693, 0.0, 0.0, 0.693]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32"} | kwargs)

    def call(self, features):
        # One logarithm serves both signs; ONNX has no log1p.
        power = ops.log(1 + ops.square(features))
        zeros = ops.zeros_like(power)
        positive = ops.where(features > 0, power, zeros)
        negative = ops.where(features < 0, power, zeros)
        return ops.concatenate([positive, negative], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])


# Keras names a layer's group in files of weights after its class; files written before
# the class was renamed must still fit.
OnOffRectification.__name__ = "OnOff"

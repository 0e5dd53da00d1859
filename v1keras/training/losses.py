"""Losses for `model.compile`, the Keras way; on every Keras backend."""

from typing import Any

import keras
from keras import ops

__all__ = ["PoissonLoss"]

# Far below zero softplus is 0 in float32, and 0 has no logarithm.
_EPSILON = 1e-6


@keras.saving.register_keras_serializable(package="v1keras")
class PoissonLoss(keras.losses.Loss):
    """Poisson negative log-likelihood, summed over neurons and averaged over images.

    `loss = mean_i sum_n (rate - response * log(rate + 1e-6))`, up to 1e-6 per neuron.
    It is what `v1keras.training.Trainer` minimizes less `log Gamma(response + 1)`
    per response, which no weight of the model changes. `keras.losses.Poisson` is
    averaged over neurons instead: a model's penalties would count too much against
    it, as many times as there are neurons.

    A response of NaN is missing and left out: it adds 0 to the loss and to the
    gradient.

    Args:
        reduction: String, how the losses per image are reduced, as in
            `keras.losses.Loss`: their mean by default.
        name: String, name of the loss.
        dtype: String, dtype that the loss is computed in.

    Call arguments:
        y_true: Responses `(images, neurons)`, 0 or above, NaN = missing.
        y_pred: Rates `(images, neurons)`, 0 or above.
        sample_weight: `(images,)`, how much each image counts; a scalar or
            `(images, 1)` fit, too.

    Raises:
        ValueError: The shapes differ, or `sample_weight` has a value per neuron.

    Example:

    >>> import numpy as np
    >>> rates = np.array([[1.0, 2.0], [1.0, 4.0]])
    >>> responses = np.array([[3.0, 0.0], [2.0, np.nan]])
    >>> round(float(PoissonLoss()(responses, rates)), 4)  # (1 + 2 + 1) / 2 images
    2.0
    """

    def __init__(
        self,
        reduction: str = "sum_over_batch_size",
        name: str = "poisson_loss",
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            sample_weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            shape = tuple(sample_weight.shape)
            if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
                raise ValueError(
                    f"sample_weight {shape}: expected (images,), a weight per image; "
                    "make a response NaN to leave it out"
                )
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        if len(y_true.shape) != 2 or y_true.shape[1] != y_pred.shape[-1]:
            raise ValueError(
                f"responses {tuple(y_true.shape)} and rates {tuple(y_pred.shape)}: "
                "expected the same (images, neurons)"
            )
        missing = ops.isnan(y_true)
        # Here, too: NaN times a gradient of 0 would be NaN.
        responses = ops.where(missing, 0.0, y_true)
        rates = y_pred + _EPSILON
        losses = rates - responses * ops.log(rates)
        return ops.sum(ops.where(missing, 0.0, losses), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"dtype": self.dtype}

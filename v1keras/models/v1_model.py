"""`V1Model`: a core and a readout."""

from typing import Any

import keras
import numpy as np

from v1keras.models.argument_checks import check_number
from v1keras.models.layers.composite_layer import freeze_parts, freeze_weights
from v1keras.models.model_inputs import (
    check_image_size,
    model_inputs,
    normalize_pixels,
    split_inputs,
)
from v1keras.models.neuron_rates import network_rate_fn
from v1keras.models.population_model import (
    PopulationModel,
    check_neurons,
    refuse_covariates,
)
from v1keras.models.readouts.readout import joined_unit
from v1keras.models.selection import copy_neurons, select_readout


@keras.saving.register_keras_serializable(package="v1keras")
class V1Model(PopulationModel):
    """Predict the rates of a population from images in pixel units.

    Args:
        core: Layer, images -> features `(batch, h, w, channels)`.
        readout: Layer, features -> rates `(batch, neurons)`; or a `CovariateReadout`,
            which takes covariates, too.
        image_size: Tuple `(height, width)` in pixels.
        pixel_mean: Float, subtracted from every pixel.
        pixel_std: Float, > 0, by which pixels are then divided.
        name: String, name of the model.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units; for a model with
            `covariates`, a dict of the `images` and of each covariate `(batch, k)`.

    Returns:
        Rates `(batch, neurons)`.

    Raises:
        ValueError: An image size that is not two positive integers, or a `pixel_std`
            that is not positive.

    Example:

    >>> import numpy as np
    >>> core, readout = StackedCore((8,), (5,)), FactorizedReadout(3)
    >>> model = V1Model(core, readout, (20, 20), pixel_mean=110, pixel_std=60)
    >>> tuple(model(np.zeros((2, 20, 20, 1), "float32")).shape)
    (2, 3)
    """

    def __init__(
        self,
        core: keras.Layer,
        readout: keras.Layer,
        image_size: tuple[int, ...],
        pixel_mean: float = 0.0,
        pixel_std: float = 1.0,
        name: str = "v1model",
    ) -> None:
        image_size = check_image_size(image_size)
        check_number("pixel_std", float(pixel_std), positive=True)
        covariates = getattr(readout, "covariates", {})
        inputs = model_inputs(image_size, covariates)
        images, behavior = split_inputs(inputs, covariates)
        pixels = normalize_pixels(images, pixel_mean, pixel_std)
        freeze_parts(core)
        freeze_parts(readout)
        rates = readout(core(pixels), *behavior)
        freeze_weights(core)
        freeze_weights(readout)
        super().__init__(inputs=inputs, outputs=rates, name=name)
        self.core, self.readout = core, readout
        self.image_size = image_size
        self.pixel_mean, self.pixel_std = float(pixel_mean), float(pixel_std)

    @property
    def covariates(self) -> dict[str, int]:
        return getattr(self.readout, "covariates", {})

    @property
    def output_unit(self) -> Any:
        return joined_unit([self.readout])

    def select_neurons(self, neurons: Any) -> PopulationModel:
        neurons = check_neurons(neurons, self.neuron_count)
        config = self.get_config()
        config["readout"] = select_readout(self.readout, neurons)
        selected = V1Model.from_config(config)
        selected.core.set_weights(self.core.get_weights())
        copy_neurons(selected.readout, self.readout, neurons)
        return selected

    def without_covariates(self) -> PopulationModel:
        if not self.covariates:
            return self
        scale = self.pixel_mean, self.pixel_std
        return V1Model(
            self.core, self.readout.readout, self.image_size, *scale, self.name
        )

    def covariate_statistics(self) -> dict[str, Any]:
        return self.readout.covariate_statistics() if self.covariates else {}

    def neuron_rate_fn(self) -> Any:
        refuse_covariates(self)
        return network_rate_fn(self)

    def networks(self) -> list[Any]:
        return [self]

    def first_layer_filters(self) -> Any:
        for weight in self.core.weights:
            if len(weight.shape) == 4 and weight.shape[2] == 1:
                kernels = keras.ops.convert_to_numpy(weight)[:, :, 0]
                return np.moveaxis(kernels, -1, 0)
        return None

    def receptive_field_centers(self) -> Any:
        centers = getattr(self.readout, "receptive_field_centers", None)
        if centers is None:
            return None
        features = self.core.compute_output_shape((None, *self.image_size, 1))
        return centers(features[1:3])

    def get_config(self):
        return {
            "core": keras.saving.serialize_keras_object(self.core),
            "readout": keras.saving.serialize_keras_object(self.readout),
            "image_size": self.image_size,
            "pixel_mean": self.pixel_mean,
            "pixel_std": self.pixel_std,
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        core = keras.saving.deserialize_keras_object(config["core"])
        readout = keras.saving.deserialize_keras_object(config["readout"])
        return cls.from_parts(config, {"core": core, "readout": readout})

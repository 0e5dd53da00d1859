"""`PopulationModel`, the protocol that all models share, and `V1Model`."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from v1keras.models.argument_checks import check_number
from v1keras.models.layers.composite_layer import freeze_parts, freeze_weights
from v1keras.models.model_inputs import (
    check_image_size,
    check_inputs,
    model_inputs,
    normalize_pixels,
    split_inputs,
)
from v1keras.models.neuron_rates import network_rate_fn
from v1keras.models.pixel_range import warn_of_pixels
from v1keras.models.selection import copy_neurons, select_readout


class PopulationModel(keras.Model):
    """A model that predicts the rates of a population from images in pixel units.

    `V1Model`, `MultiSessionModel`, `Ensemble` and `Concatenated` are such models. Other
    modules use the methods below alone, so that they need not know which of them they
    have.

    Attributes:
        image_size: Tuple `(height, width)` in pixels.
        pixel_mean: Float, pixel value that the model subtracts.
        preset_name: String, name of the preset that the model was loaded from, or None.
        pixel_range: Tuple `(minimum, maximum)` of the pixels in the recording that the
            model was trained on, or None if unknown. `predict` warns of images in other
            units.
    """

    image_size: tuple[int, ...]
    pixel_mean: float
    preset_name: str | None = None
    pixel_range: tuple[float, float] | None = None

    def predict(self, x, *args, **kwargs):
        images = x.get("images") if isinstance(x, dict) else x
        if self.pixel_range is not None and isinstance(images, np.ndarray):
            low, high = self.pixel_range
            name = f"{self.preset_name or self.name}.predict"
            warn_of_pixels(name, images, {"minimum": low, "maximum": high})
        return super().predict(x, *args, **kwargs)

    @property
    def covariates(self) -> dict[str, int]:
        """The inputs beside images: name of each covariate -> number of its values."""
        raise NotImplementedError

    @property
    def neuron_count(self) -> int:
        """The number of neurons."""
        return self.output_shape[-1]

    def __call__(self, inputs, *args, **kwargs):
        check_inputs(inputs, self.image_size, self.covariates)
        return super().__call__(inputs, *args, **kwargs)

    def __repr__(self):
        height, width = self.image_size
        return (
            f"<{type(self).__name__} name={self.name}, images of {height} x {width}"
            f" pixels, {self.neuron_count} neurons>"
        )

    @classmethod
    def from_parts(cls, config: dict[str, Any], parts: dict[str, Any]) -> Any:
        """Return the model of a configuration, with its deserialized parts.

        Configurations of files written before `trainable` was in them are read as True.
        """
        arguments = config | parts
        trainable = arguments.pop("trainable", True)
        model = cls(**arguments)
        if not trainable:
            model.trainable = False
        return model

    def session(self, name: str) -> "PopulationModel":
        """Return the model of the recording `name`: this model, if it has only one."""
        return self

    def select_neurons(self, neurons: Sequence[int] | np.ndarray) -> "PopulationModel":
        """Return a model of some of the neurons, with a copy of the weights.

        Args:
            neurons: Sequence of integers, indices of the outputs in the order wanted;
                ascending for `Concatenated`.

        Returns:
            A model of the same class and inputs, -> rates `(batch, len(neurons))`.

        Raises:
            ValueError: No or unknown neurons.
        """
        raise NotImplementedError

    def without_covariates(self) -> "PopulationModel":
        """Return the model of images alone, with covariates fixed at their means.

        Means are over the training images. The weights are shared with this model,
        which is returned as it is if it has no covariates.
        """
        raise NotImplementedError

    def covariate_statistics(self) -> dict[str, tuple[list[float], list[float]]]:
        """Return (mean, standard deviation) of each covariate over training images."""
        raise NotImplementedError

    def neuron_rate_fn(self) -> Callable[[Any, Any], Any]:
        """Return a function that computes the rate of one neuron per image.

        The rates are those of `model(images)`, but cheaper, and their gradient is much
        cheaper; see `v1keras.models.neuron_rates`. Some of the weights are copied:
        after further training, call this again.

        Returns:
            Callable: images `(batch, height, width, 1)` in pixel units and integer
            neurons `(batch,)` -> rates `(batch,)`. Differentiable by the images alone.

        Raises:
            ValueError: The model has several sessions, or covariates.

        Example:

        >>> model = V1Model(StackedCore((8,), (5,)), FactorizedReadout(3), (20, 20))
        >>> images = np.random.default_rng(0).normal(size=(2, 20, 20, 1))
        >>> images = images.astype("float32")
        >>> rates = model.neuron_rate_fn()(images, np.array([2, 0]))
        >>> all_rates = model(images)
        >>> bool(np.allclose(rates, [all_rates[0, 2], all_rates[1, 0]], atol=1e-6))
        True
        """
        raise NotImplementedError

    def neuron_rates(self, images: Any, neurons: Any) -> Any:
        """Return rates `(batch,)`, of one neuron per image; see `neuron_rate_fn`."""
        return self.neuron_rate_fn()(images, neurons)

    def networks(self) -> list["V1Model"]:
        """Return the `V1Model`s that the model consists of."""
        raise NotImplementedError

    def halves(self) -> tuple["PopulationModel", "PopulationModel"] | None:
        """Return two models of the same neurons that share no network, or None."""
        return None

    def first_layer_filters(self) -> np.ndarray | None:
        """Return the kernels `(n, height, width)` of the first network's first layer.

        None if the first layer is not a convolution of pixels.
        """
        return self.networks()[0].first_layer_filters()

    def receptive_field_centers(self) -> np.ndarray | None:
        """Return where the first network's readout looks, or None if it can't be said.

        Returns:
            `(neurons, 2)` rows and columns, from -1 to 1 across the features.
        """
        return self.networks()[0].receptive_field_centers()


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

    def select_neurons(self, neurons):
        neurons = check_neurons(neurons, self.neuron_count)
        config = self.get_config()
        config["readout"] = select_readout(self.readout, neurons)
        selected = V1Model.from_config(config)
        selected.core.set_weights(self.core.get_weights())
        copy_neurons(selected.readout, self.readout, neurons)
        return selected

    def without_covariates(self):
        if not self.covariates:
            return self
        scale = self.pixel_mean, self.pixel_std
        return V1Model(
            self.core, self.readout.readout, self.image_size, *scale, self.name
        )

    def covariate_statistics(self):
        return self.readout.covariate_statistics() if self.covariates else {}

    def neuron_rate_fn(self):
        refuse_covariates(self)
        return network_rate_fn(self)

    def networks(self):
        return [self]

    def first_layer_filters(self):
        for weight in self.core.weights:
            if len(weight.shape) == 4 and weight.shape[2] == 1:
                kernels = keras.ops.convert_to_numpy(weight)[:, :, 0]
                return np.moveaxis(kernels, -1, 0)
        return None

    def receptive_field_centers(self):
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


def check_neurons(neurons, count):
    """Return indices of neurons as a list of integers below `count`."""
    expected = f"expected one or more of 0 to {count - 1}"
    indices = []
    for neuron in neurons:
        is_integer = isinstance(neuron, (int, np.integer))
        if not is_integer or isinstance(neuron, bool) or not 0 <= neuron < count:
            raise ValueError(f"neurons: found {neuron!r}, {expected}")
        indices.append(int(neuron))
    if not indices:
        raise ValueError(f"neurons: found none, {expected}")
    return indices


def refuse_covariates(model):
    """Raise a `ValueError` if rates depend on more than images."""
    if model.covariates:
        raise ValueError(
            f"the model's rates depend on {', '.join(model.covariates)}, too; take"
            " model.without_covariates(), of images alone"
        )

"""`PopulationModel`, the protocol that all models share."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

import v1keras  # whose functions put stages together
from v1keras.io.keras_defaults import keras_defaults
from v1keras.models.model_inputs import check_inputs
from v1keras.models.pixel_range import warn_of_pixels


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

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Predict as Keras does; warn of images in other units than the model's."""
        images = x.get("images") if isinstance(x, dict) else x
        if self.pixel_range is not None and isinstance(images, np.ndarray):
            low, high = self.pixel_range
            name = f"{self.preset_name or self.name}.predict"
            warn_of_pixels(name, images, {"minimum": low, "maximum": high})
        # Keras casts what it is given to the global dtype.
        with keras_defaults():
            return super().predict(x, *args, **kwargs)

    @property
    def covariates(self) -> dict[str, int]:
        """The inputs beside images: name of each covariate -> number of its values."""
        raise NotImplementedError

    @property
    def neuron_count(self) -> int:
        """The number of neurons."""
        return self.output_shape[-1]

    @property
    def output_unit(self) -> tuple[np.ndarray | None, np.ndarray | None]:
        """The scale and the offset `(neurons,)` of the rates; None for 1 and 0."""
        raise NotImplementedError

    def __call__(self, inputs, *args, **kwargs):
        check_inputs(inputs, self.image_size, self.covariates)
        return super().__call__(inputs, *args, **kwargs)

    def __repr__(self):
        height, width = self.image_size
        preset = f"preset={self.preset_name}, " if self.preset_name else ""
        return (
            f"<{type(self).__name__} {preset}name={self.name}, images of {height} x"
            f" {width} pixels, {self.neuron_count} neurons>"
        )

    @classmethod
    def from_preset(cls, name: str | os.PathLike[str]) -> Any:
        """Load a trained model, as `v1keras.load_model` does.

        Args:
            name: String, name of a preset, its folder, the workdir of a training, or an
                address.

        Returns:
            A model of this class, whose `preset_name` is the preset's.

        Raises:
            ValueError: The preset is a model of another class, or its files are not as
                it states them.
            FileNotFoundError: There is no such preset.

        Example:

        >>> from v1keras.models import V1Model
        >>> V1Model.from_preset("simulated_factorized").neuron_count
        48
        """
        model = v1keras.load_model(name)
        if not isinstance(model, cls):
            raise ValueError(
                f"preset {str(name)!r} is of the class {type(model).__name__}, not"
                f" {cls.__name__}: take {type(model).__name__}.from_preset, or"
                " v1keras.load_model for any class"
            )
        return model

    def save_to_preset(
        self, folder: str | os.PathLike[str], recording: Any, config: Any = None
    ) -> None:
        """Score the model and write it as a preset, as `v1keras.save_model` does.

        Args:
            folder: Folder to write to; its name is the preset's.
            recording: `Recording` that the model was trained on, or a sequence of them.
            config: Configuration of the training, or None for the default.
        """
        v1keras.save_model(self, folder, recording, config)

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

        >>> from v1keras.models import FactorizedReadout, StackedCore, V1Model
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

    def networks(self) -> list[Any]:
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

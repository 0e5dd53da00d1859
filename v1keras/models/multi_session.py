"""`MultiSessionModel`: one core for populations that saw different images."""

from typing import Any

import keras
from keras import ops

from v1keras.models.argument_checks import check_number
from v1keras.models.layers.composite_layer import freeze_parts, freeze_weights
from v1keras.models.model_inputs import (
    check_image_size,
    model_inputs,
    normalize_pixels,
    split_inputs,
)
from v1keras.models.population_model import PopulationModel
from v1keras.models.readouts.readout import joined_unit
from v1keras.models.v1_model import V1Model


@keras.saving.register_keras_serializable(package="v1keras", name="V1Sessions")
class MultiSessionModel(PopulationModel):
    """Predict the rates of several recorded populations from shared features.

    Each population has a readout of its own.

    Args:
        core: Layer, images -> features `(batch, h, w, channels)`.
        readouts: Dict, name of each session, any text -> its readout; the layers' own
            names differ, so that weights in a file are distinguished.
        image_size: Tuple `(height, width)` in pixels, of all sessions.
        pixel_mean: Float, subtracted from every pixel.
        pixel_std: Float, > 0, by which pixels are then divided.
        name: String, name of the model.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units; for a model with
            `covariates`, a dict, as for `V1Model`.

    Returns:
        Dict, name of each session -> rates `(batch, neurons)` of its neurons.

    Raises:
        ValueError: Fewer than two readouts, two layers of one name, or readouts that
            take different covariates.

    Reference: Lurz et al. 2021 (ICLR), section 3, for a core that is shared over
        recordings.

    Example:

    >>> import numpy as np
    >>> readouts = {
    ...     "left": FactorizedReadout(3, name="left_readout"),
    ...     "right": FactorizedReadout(5, name="right_readout"),
    ... }
    >>> model = MultiSessionModel(StackedCore((8,), (5,)), readouts, (20, 20), 110, 60)
    >>> images = np.zeros((2, 20, 20, 1), "float32")
    >>> {name: tuple(rates.shape) for name, rates in model(images).items()}
    {'left': (2, 3), 'right': (2, 5)}
    >>> tuple(model.session("left")(images).shape)
    (2, 3)
    """

    def __init__(
        self,
        core: keras.Layer,
        readouts: dict[str, keras.Layer],
        image_size: tuple[int, ...],
        pixel_mean: float = 0.0,
        pixel_std: float = 1.0,
        name: str = "v1sessions",
    ) -> None:
        _check_names(readouts)
        image_size = check_image_size(image_size)
        check_number("pixel_std", float(pixel_std), positive=True)
        covariates = _common_covariates(readouts)
        inputs = model_inputs(image_size, covariates)
        images, behavior = split_inputs(inputs, covariates)
        for layer in (core, *readouts.values()):
            freeze_parts(layer)
        features = core(normalize_pixels(images, pixel_mean, pixel_std))
        outputs = {}
        for session, readout in readouts.items():
            outputs[session] = readout(features, *behavior)
        for layer in (core, *readouts.values()):
            freeze_weights(layer)
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        self.core, self.readouts = core, dict(readouts)
        self.image_size = image_size
        self.pixel_mean, self.pixel_std = float(pixel_mean), float(pixel_std)

    @property
    def covariates(self) -> dict[str, int]:
        return getattr(next(iter(self.readouts.values())), "covariates", {})

    @property
    def neuron_count(self) -> int:
        return sum(readout.neurons for readout in self.readouts.values())

    @property
    def output_unit(self) -> Any:
        return joined_unit(list(self.readouts.values()))

    def select_neurons(self, neurons: Any) -> PopulationModel:
        raise ValueError(self._one_session("neurons are counted within a recording"))

    def neuron_rate_fn(self) -> Any:
        raise ValueError(self._one_session("it has the rates of several recordings"))

    def _one_session(self, reason):
        return f"{reason}: take model.session(name), one of {', '.join(self.readouts)}"

    def without_covariates(self) -> PopulationModel:
        if not self.covariates:
            return self
        readouts = {}
        for name, readout in self.readouts.items():
            readouts[name] = readout.readout
        scale = self.pixel_mean, self.pixel_std
        return MultiSessionModel(
            self.core, readouts, self.image_size, *scale, self.name
        )

    def covariate_statistics(self) -> dict[str, Any]:
        return next(iter(self.networks())).covariate_statistics()

    def networks(self) -> list[Any]:
        return [self.session(name) for name in self.readouts]

    def session(self, name: str) -> "V1Model":
        """Return the `V1Model` of one session, which shares this model's weights.

        Raises:
            ValueError: An unknown session; lists the known ones.
        """
        if name not in self.readouts:
            raise ValueError(
                f"no session {name!r}; the model has {', '.join(self.readouts)}"
            )
        scale = self.pixel_mean, self.pixel_std
        # Keras's names are scopes of TensorFlow, which not every text can be.
        return V1Model(
            self.core,
            self.readouts[name],
            self.image_size,
            *scale,
            name=f"session_{list(self.readouts).index(name)}",
        )

    def training_model(self) -> keras.Model:
        """Return the model that is trained, with one image of each session at a time.

        The core computes the images of all sessions as one batch, each readout those of
        its own session with its covariates `(batch, sessions, k)`; weights are shared
        with this model.

        Returns:
            Model: images `(batch, sessions, height, width, 1)` -> rates `(batch, all
            neurons)`.
        """
        count = len(self.readouts)
        inputs = model_inputs(self.image_size, self.covariates, (count,))
        images, behavior = split_inputs(inputs, self.covariates)
        images = ops.reshape(images, (-1, *self.image_size, 1))
        pixels = normalize_pixels(images, self.pixel_mean, self.pixel_std)
        features = self.core(pixels)
        # (batch, sessions, h, w, channels)
        features = ops.reshape(features, (-1, count, *features.shape[1:]))
        rates = []
        for i, readout in enumerate(self.readouts.values()):
            session_behavior = []
            for columns in behavior:
                session = {name: column[:, i] for name, column in columns.items()}
                session_behavior.append(session)
            rates.append(readout(features[:, i], *session_behavior))
        return keras.Model(inputs, ops.concatenate(rates, axis=-1), name=self.name)

    def get_config(self):
        readouts = {}
        for session, readout in self.readouts.items():
            readouts[session] = keras.saving.serialize_keras_object(readout)
        return {
            "core": keras.saving.serialize_keras_object(self.core),
            "readouts": readouts,
            "image_size": self.image_size,
            "pixel_mean": self.pixel_mean,
            "pixel_std": self.pixel_std,
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        core = keras.saving.deserialize_keras_object(config["core"])
        readouts = {}
        for session, readout in config["readouts"].items():
            readouts[session] = keras.saving.deserialize_keras_object(readout)
        return cls.from_parts(config, {"core": core, "readouts": readouts})


def _check_names(readouts):
    """Raise a `ValueError` unless there are several readouts of different names."""
    names = [readout.name for readout in readouts.values()]
    if len(names) < 2 or len(set(names)) < len(names):
        received = [f"{key} ({layer.name})" for key, layer in readouts.items()]
        raise ValueError(
            f"readouts of {', '.join(received)}: expected two or more, layers of"
            " different names"
        )


def _common_covariates(readouts):
    """Return the covariates of all readouts, or raise a `ValueError` if they differ."""
    covariates = [getattr(readout, "covariates", {}) for readout in readouts.values()]
    if any(names != covariates[0] for names in covariates):
        raise ValueError(
            f"readouts take the covariates {covariates}: expected the same, with as"
            " many values, in all sessions"
        )
    return covariates[0]

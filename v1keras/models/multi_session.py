"""`MultiSessionModel`: one core for populations that saw different images."""

from typing import Any

import keras
from keras import ops

from v1keras.models.v1_model import (
    PopulationModel,
    V1Model,
    model_inputs,
    normalize_pixels,
    split_inputs,
)


@keras.saving.register_keras_serializable(package="v1keras", name="V1Sessions")
class MultiSessionModel(PopulationModel):
    """Predicts the rates of several recorded populations, each by a readout of its own,
    from features that all share.

    Args:
        core: layer, images -> features `(batch, h, w, channels)`.
        readouts: dict, a session's name -> its readout, a layer of the name
            NAME_readout: weights in a file are told apart by it.
        image_size: (height, width) in pixels, of all sessions.
        pixel_mean: subtracted from every pixel ...
        pixel_std: ... which is then divided by this.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units; for a model with
            `covariates`, a dict, as for `V1Model`.

    Returns:
        dict, a session's name -> rates `(batch, neurons)` of its neurons.

    Raises:
        ValueError: fewer than two readouts, one that is not named as its session, or
            readouts that take different columns of behaviour.

    Reference: Lurz et al. 2021 (ICLR), section 3, for a core that is shared over
        recordings.

    Example:

    >>> import numpy as np
    >>> readouts = {
    ...     name: FactorizedReadout(count, name=f"{name}_readout")
    ...     for name, count in (("left", 3), ("right", 5))
    ... }
    >>> model = MultiSessionModel(
    ...     StackedCore((8,), (5,)), readouts, (20, 20), pixel_mean=110, pixel_std=60
    ... )
    >>> {
    ...     name: tuple(rates.shape)
    ...     for name, rates in model(np.zeros((2, 20, 20, 1), "float32")).items()
    ... }
    {'left': (2, 3), 'right': (2, 5)}
    >>> tuple(model.session("left")(np.zeros((2, 20, 20, 1), "float32")).shape)
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
        **kwargs: Any,
    ) -> None:
        misnamed = [
            f"{session} ({readout.name})"
            for session, readout in readouts.items()
            if readout.name != f"{session}_readout"
        ]
        if len(readouts) < 2 or misnamed:
            found = ", ".join(misnamed or readouts)
            raise ValueError(
                f"readouts of {found}: expected two or more, each named as its session,"
                " such as a_readout of a"
            )
        covariates = [
            getattr(readout, "covariates", {}) for readout in readouts.values()
        ]
        if any(names != covariates[0] for names in covariates):
            raise ValueError(
                f"readouts take the covariates {covariates}: expected the same, with as"
                " many values, in all sessions"
            )
        inputs = model_inputs(image_size, covariates[0])
        images, behavior = split_inputs(inputs, covariates[0])
        features = core(normalize_pixels(images, pixel_mean, pixel_std))
        outputs = {
            session: readout(features, *behavior)
            for session, readout in readouts.items()
        }
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)
        self.core, self.readouts = core, dict(readouts)
        self.image_size, self.pixel_mean, self.pixel_std = (
            tuple(image_size),
            float(pixel_mean),
            float(pixel_std),
        )

    @property
    def covariates(self) -> dict[str, int]:
        return getattr(next(iter(self.readouts.values())), "covariates", {})

    @property
    def neuron_count(self) -> int:
        return sum(readout.neurons for readout in self.readouts.values())

    def select_neurons(self, neurons):
        raise ValueError(self._one_session("neurons are counted within a recording"))

    def neuron_rate_fn(self):
        raise ValueError(self._one_session("it has the rates of several recordings"))

    def _one_session(self, reason):
        return f"{reason}: take model.session(name), one of {', '.join(self.readouts)}"

    def without_covariates(self):
        if not self.covariates:
            return self
        readouts = {name: r.readout for name, r in self.readouts.items()}
        scale = self.pixel_mean, self.pixel_std
        return MultiSessionModel(
            self.core, readouts, self.image_size, *scale, self.name
        )

    def covariate_statistics(self):
        return next(iter(self.networks())).covariate_statistics()

    def networks(self):
        return [self.session(name) for name in self.readouts]

    def session(self, name: str) -> "V1Model":
        """The `V1Model` of one session, which shares its weights with this model.

        Raises:
            ValueError: there is no such session; lists those there are.
        """
        if name not in self.readouts:
            raise ValueError(
                f"no session {name!r}; the model has {', '.join(self.readouts)}"
            )
        return V1Model(
            self.core,
            self.readouts[name],
            self.image_size,
            self.pixel_mean,
            self.pixel_std,
            name=name,
        )

    def training_model(self) -> keras.Model:
        """The model for training: an image of each session `(batch, sessions, height,
        width, 1)` -> rates `(batch, all neurons)`.

        The core sees the images of all sessions as one batch, each readout those of its
        own session, and its behaviour `(batch, sessions, k)`; weights are shared with
        this model.
        """
        count = len(self.readouts)
        inputs = model_inputs(self.image_size, self.covariates, (count,))
        images, behavior = split_inputs(inputs, self.covariates)
        features = self.core(
            normalize_pixels(
                ops.reshape(images, (-1, *self.image_size, 1)),
                self.pixel_mean,
                self.pixel_std,
            )
        )
        features = ops.reshape(
            features, (-1, count, *features.shape[1:])
        )  # (batch, sessions, h, w, channels)
        own = lambda i: [
            {name: column[:, i] for name, column in columns.items()}
            for columns in behavior
        ]
        rates = [
            readout(features[:, i], *own(i))
            for i, readout in enumerate(self.readouts.values())
        ]
        return keras.Model(inputs, ops.concatenate(rates, axis=-1), name=self.name)

    def get_config(self):
        return {
            "core": keras.saving.serialize_keras_object(self.core),
            "readouts": {
                session: keras.saving.serialize_keras_object(readout)
                for session, readout in self.readouts.items()
            },
            "image_size": self.image_size,
            "pixel_mean": self.pixel_mean,
            "pixel_std": self.pixel_std,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        readouts = {
            session: keras.saving.deserialize_keras_object(readout)
            for session, readout in config["readouts"].items()
        }
        return cls(
            **config
            | {
                "core": keras.saving.deserialize_keras_object(config["core"]),
                "readouts": readouts,
            }
        )

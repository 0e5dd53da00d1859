"""`V1Model`: pixels -> rates."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="v1keras")
class V1Model(keras.Model):
    """Predicts the rates of a population from images in pixel units.

    Args:
        core: layer, images -> features `(batch, h, w, channels)`.
        readout: layer, features -> rates `(batch, neurons)`; or a `BehavingReadout`,
            which takes columns of behaviour, too.
        image_size: (height, width) in pixels.
        pixel_mean: subtracted from every pixel ...
        pixel_std: ... which is then divided by this.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units; of a model with `columns` a
            dict of the `images` and of each column `(batch, k)`.

    Returns:
        Rates `(batch, neurons)`.

    Example:

    >>> import numpy as np
    >>> model = V1Model(
    ...     StackedCore((8,), (5,)),
    ...     FactorizedReadout(3),
    ...     (20, 20),
    ...     pixel_mean=110,
    ...     pixel_std=60,
    ... )
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
        **kwargs: Any,
    ) -> None:
        columns = getattr(readout, "columns", {})
        inputs = inputs_of(image_size, columns)
        images, behavior = parted(inputs, columns)
        super().__init__(
            inputs=inputs,
            outputs=readout(core(normalized(images, pixel_mean, pixel_std)), *behavior),
            name=name,
            **kwargs,
        )
        self.core, self.readout = core, readout
        self.image_size, self.pixel_mean, self.pixel_std = (
            tuple(image_size),
            float(pixel_mean),
            float(pixel_std),
        )

    @property
    def columns(self) -> dict[str, int]:
        """dict, name of each column of behaviour that it takes beside images -> values
        in it an image; empty for images alone.
        """
        return getattr(self.readout, "columns", {})

    def get_config(self):
        return {
            "core": keras.saving.serialize_keras_object(self.core),
            "readout": keras.saving.serialize_keras_object(self.readout),
            "image_size": self.image_size,
            "pixel_mean": self.pixel_mean,
            "pixel_std": self.pixel_std,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = {
            key: keras.saving.deserialize_keras_object(config[key])
            for key in ("core", "readout")
        }
        return cls(**config | parts)


def normalized(images, mean, std):
    """Images `(batch, height, width, 1)` in pixel units, less `mean` and over `std`:
    the layer "pixels" of a model.
    """
    return keras.layers.Rescaling(1 / std, -mean / std, name="pixels")(images)


def inputs_of(image_size, columns, sessions=()):
    """The inputs of a model: images, or a dict of these as `images` and of columns of
    behaviour.

    Args:
        image_size: (height, width) in pixels.
        columns: dict, name -> values an image.
        sessions: (count,) where an image of each session comes together, each with its
            own behaviour.
    """
    images = keras.Input((*sessions, *image_size, 1), name="images")
    if not columns:
        return images
    return {"images": images} | {
        name: keras.Input((*sessions, width), name=name)
        for name, width in columns.items()
    }


def parted(inputs, columns):
    """The images among a model's inputs, and a list of the dict of the columns, empty
    where there are none.
    """
    return (
        (inputs["images"], [{name: inputs[name] for name in columns}])
        if columns
        else (inputs, [])
    )

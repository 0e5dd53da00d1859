"""`Ensemble`: the mean rate of several models of the same neurons."""

import keras


@keras.saving.register_keras_serializable(package="v1keras")
class Ensemble(keras.Model):
    """Averages the rates of its members, which errs less than each where their errors differ.

    Args:
        members: `V1Model`s for the same image size and the same neurons, of different names.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units.

    Returns:
        Rates `(batch, neurons)`.

    Raises:
        ValueError: the members' image sizes or numbers of neurons differ, or there are fewer than two.

    Example:

    >>> import numpy as np
    >>> members = [V1Model(StackedCore((8,), (5,)), FactorizedReadout(3), (20, 20), name=f"member_{i}") for i in range(2)]
    >>> tuple(Ensemble(members)(np.zeros((2, 20, 20, 1), "float32")).shape)
    (2, 3)
    """

    def __init__(self, members, name="ensemble", **kwargs):
        shapes = {(member.image_size, member.output_shape[1]) for member in members}
        if len(members) < 2 or len(shapes) != 1:
            raise ValueError(f"an ensemble of {len(members)} members with (image size, neurons) {sorted(shapes)}: expected two or more, all alike")
        images = keras.Input((*members[0].image_size, 1), name="images")
        rates = keras.layers.Average(name="mean_rate")([member(images) for member in members])
        super().__init__(inputs=images, outputs=rates, name=name, **kwargs)
        self.members = list(members)
        self.image_size, self.pixel_mean = members[0].image_size, members[0].pixel_mean

    def get_config(self):
        return {"members": [keras.saving.serialize_keras_object(member) for member in self.members], "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls([keras.saving.deserialize_keras_object(member) for member in config["members"]], name=config["name"])

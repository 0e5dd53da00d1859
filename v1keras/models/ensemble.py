"""Several models as one: `Ensemble` of the same neurons, `Concatenated` of different
ones.
"""

from collections.abc import Sequence
from typing import Any

import keras

from v1keras.models.v1_model import inputs_of, parted


@keras.saving.register_keras_serializable(package="v1keras")
class WeightedMean(keras.layers.Layer):
    """The sum of its inputs, each times its weight.

    Args:
        weights: one an input; 1 in all for a mean.

    Example:

    >>> import numpy as np
    >>> float(WeightedMean([0.25, 0.75])([np.array([4.0]), np.array([8.0])])[0])
    7.0
    """

    def __init__(self, weights: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shares = list(weights)

    def call(self, inputs):
        return sum(
            share * values for share, values in zip(self.shares, inputs, strict=True)
        )

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return super().get_config() | {"weights": self.shares}


@keras.saving.register_keras_serializable(package="v1keras")
class Ensemble(keras.Model):
    """Averages the rates of its members, which errs less than each where their errors
    differ.

    Args:
        members: `V1Model`s for the same image size and the same neurons, of different
            names.
        weights: what each member counts; None for all alike.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units; where members have `columns`
            a dict, as for `V1Model`.

    Returns:
        Rates `(batch, neurons)`.

    Raises:
        ValueError: the members' image sizes or numbers of neurons differ, there are
            fewer than two, or not one weight each.

    Example:

    >>> import numpy as np
    >>> members = [
    ...     V1Model(
    ...         StackedCore((8,), (5,)),
    ...         FactorizedReadout(3),
    ...         (20, 20),
    ...         name=f"member_{i}",
    ...     )
    ...     for i in range(2)
    ... ]
    >>> tuple(Ensemble(members)(np.zeros((2, 20, 20, 1), "float32")).shape)
    (2, 3)
    """

    def __init__(
        self,
        members: Sequence[keras.Model],
        weights: Sequence[float] | None = None,
        name: str = "ensemble",
        **kwargs: Any,
    ) -> None:
        shapes = {(member.image_size, member.output_shape[1]) for member in members}
        if len(members) < 2 or len(shapes) != 1:
            raise ValueError(
                f"an ensemble of {len(members)} members with (image size, neurons)"
                f" {sorted(shapes)}: expected two or more, all alike"
            )
        weights = (
            [1 / len(members)] * len(members)
            if weights is None
            else [float(weight) for weight in weights]
        )
        if len(weights) != len(members):
            raise ValueError(
                f"{len(weights)} weights for {len(members)} members: expected one each"
            )
        inputs, each = _given(members)
        rates = WeightedMean(weights, name="mean_rate")(each)
        super().__init__(inputs=inputs, outputs=rates, name=name, **kwargs)
        self.members, self.shares = list(members), weights
        self.image_size, self.pixel_mean = members[0].image_size, members[0].pixel_mean

    @property
    def columns(self) -> dict[str, int]:
        """As of `V1Model`: what any member takes."""
        return _columns(self.members)

    def get_config(self):
        members = [
            keras.saving.serialize_keras_object(member) for member in self.members
        ]
        return {"members": members, "weights": self.shares, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config | {"members": _made(config["members"])})


@keras.saving.register_keras_serializable(package="v1keras")
class Concatenated(keras.Model):
    """Puts the rates of models of different neurons side by side: one network a
    session, as Kindel et al. 2019 trained them.

    Args:
        members: `V1Model`s for the same image size, of different names.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units; where members have `columns`
            a dict, as for `V1Model`.

    Returns:
        Rates `(batch, neurons)`: the first member's neurons, then the second's, and so
        on.

    Raises:
        ValueError: the members' image sizes differ, or there are fewer than two.

    Example:

    >>> import numpy as np
    >>> members = [
    ...     V1Model(
    ...         StackedCore((8,), (5,)),
    ...         FactorizedReadout(i + 3),
    ...         (20, 20),
    ...         name=f"session_{i}",
    ...     )
    ...     for i in range(2)
    ... ]
    >>> tuple(Concatenated(members)(np.zeros((2, 20, 20, 1), "float32")).shape)
    (2, 7)
    """

    def __init__(
        self, members: Sequence[keras.Model], name: str = "concatenated", **kwargs: Any
    ) -> None:
        sizes = {member.image_size for member in members}
        if len(members) < 2 or len(sizes) != 1:
            raise ValueError(
                f"{len(members)} members with image sizes {sorted(sizes)}: expected two"
                " or more, all alike"
            )
        inputs, each = _given(members)
        rates = keras.layers.Concatenate(name="side_by_side")(each)
        super().__init__(inputs=inputs, outputs=rates, name=name, **kwargs)
        self.members, self.image_size, self.pixel_mean = (
            list(members),
            members[0].image_size,
            members[0].pixel_mean,
        )

    @property
    def columns(self) -> dict[str, int]:
        """As of `V1Model`: what any member takes."""
        return _columns(self.members)

    def get_config(self):
        return {
            "members": [
                keras.saving.serialize_keras_object(member) for member in self.members
            ],
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config | {"members": _made(config["members"])})


def _made(members):
    return [keras.saving.deserialize_keras_object(member) for member in members]


def _columns(members):
    return {name: width for member in members for name, width in member.columns.items()}


def _given(members):
    """The inputs of several models together, and the rates of each."""
    columns = _columns(members)
    inputs = inputs_of(members[0].image_size, columns)
    images, _ = parted(inputs, columns)
    asked = lambda member: (
        {"images": images} | {name: inputs[name] for name in member.columns}
        if member.columns
        else images
    )
    return inputs, [member(asked(member)) for member in members]

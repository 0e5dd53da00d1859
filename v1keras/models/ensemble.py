"""`Ensemble`: the mean rate of several models of the same neurons."""

from collections.abc import Sequence
from typing import Any

import keras

from v1keras.models.members import (
    call_members,
    deserialize_members,
    member_covariates,
    serialize_members,
)
from v1keras.models.readouts.ridge import RidgeReadout
from v1keras.models.v1_model import PopulationModel, refuse_covariates


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
        self.coefficients = list(weights)

    def call(self, inputs):
        weighted = zip(self.coefficients, inputs, strict=True)
        return sum(weight * values for weight, values in weighted)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return super().get_config() | {"weights": self.coefficients}


@keras.saving.register_keras_serializable(package="v1keras")
class Ensemble(PopulationModel):
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
        inputs, member_rates = call_members(members)
        rates = WeightedMean(weights, name="mean_rate")(member_rates)
        super().__init__(inputs=inputs, outputs=rates, name=name, **kwargs)
        self.members, self.coefficients = list(members), weights
        self.image_size, self.pixel_mean = members[0].image_size, members[0].pixel_mean

    @property
    def covariates(self) -> dict[str, int]:
        return member_covariates(self.members)

    def select_neurons(self, neurons):
        members = [member.select_neurons(neurons) for member in self.members]
        return Ensemble(members, self.coefficients, self.name)

    def without_covariates(self):
        if not self.covariates:
            return self
        members = [member.without_covariates() for member in self.members]
        return Ensemble(members, self.coefficients, self.name)

    def covariate_statistics(self):
        statistics = {}
        for member in reversed(self.members):
            statistics |= member.covariate_statistics()
        return statistics

    def neuron_rate_fn(self):
        refuse_covariates(self)
        functions = [member.neuron_rate_fn() for member in self.members]

        def rates(images, neurons):
            weighted = zip(self.coefficients, functions, strict=True)
            return sum(weight * rate(images, neurons) for weight, rate in weighted)

        return rates

    def networks(self):
        return [net for member in self.members for net in member.networks()]

    def halves(self):
        """Return the means of every second network, without ridge regressions."""
        networks = [
            member
            for member in self.members
            if not isinstance(getattr(member, "readout", None), RidgeReadout)
        ]
        if len(networks) < 2:
            return None
        return _mean_of(networks[0::2]), _mean_of(networks[1::2])

    def get_config(self):
        return {
            "members": serialize_members(self.members),
            "weights": self.coefficients,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config | {"members": deserialize_members(config["members"])})


def _mean_of(networks):
    return networks[0] if len(networks) == 1 else Ensemble(networks, name="half")

"""`Ensemble`: the mean rate of several models of the same neurons."""

from collections.abc import Sequence
from typing import Any

import keras

from v1keras.models.argument_checks import check_number
from v1keras.models.layers.weighted_mean import WeightedMean
from v1keras.models.members import MembersModel, call_members, serialize_members
from v1keras.models.population_model import PopulationModel, refuse_covariates
from v1keras.models.readouts.ridge import RidgeReadout


@keras.saving.register_keras_serializable(package="v1keras")
class Ensemble(MembersModel):
    """Average the rates of its members.

    The average errs less than the members where their errors differ.

    Args:
        members: Sequence of `V1Model`s for the same image size and the same neurons, of
            different names.
        weights: Sequence of floats, weight of each member; None for equal weights.
        name: String, name of the model.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units; where members have
            `covariates`, a dict, as for `V1Model`.

    Returns:
        Rates `(batch, neurons)`.

    Raises:
        ValueError: The members' image sizes or numbers of neurons differ, there are
            fewer than two, or not one weight >= 0 for each.

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
    ) -> None:
        shapes = {(member.image_size, member.neuron_count) for member in members}
        if len(members) < 2 or len(shapes) != 1:
            raise ValueError(
                f"members: found {len(members)} with (image size, neurons)"
                f" {sorted(shapes)}, expected two or more, all alike"
            )
        if weights is None:
            weights = [1 / len(members)] * len(members)
        weights = [float(weight) for weight in weights]
        if len(weights) != len(members):
            raise ValueError(
                f"weights: found {len(weights)} weights for {len(members)} members,"
                " expected one each"
            )
        for i, weight in enumerate(weights):
            check_number(f"weights[{i}]", weight)
        inputs, member_rates = call_members(members)
        rates = WeightedMean(weights, name="mean_rate")(member_rates)
        super().__init__(inputs=inputs, outputs=rates, name=name)
        self.take_members(members)
        self.coefficients = weights

    def select_neurons(self, neurons: Any) -> PopulationModel:
        chosen = [member.select_neurons(neurons) for member in self.members]
        return self.with_members(chosen)

    def with_members(self, members: Sequence[keras.Model]) -> PopulationModel:
        return Ensemble(members, self.coefficients, self.name)

    def neuron_rate_fn(self) -> Any:
        refuse_covariates(self)
        functions = [member.neuron_rate_fn() for member in self.members]

        def rates(images, neurons):
            weighted = zip(self.coefficients, functions, strict=True)
            return sum(weight * rate(images, neurons) for weight, rate in weighted)

        return rates

    def halves(self) -> Any:
        """Return the means of every second network, without ridge regressions."""
        networks = []
        for member in self.members:
            if not isinstance(getattr(member, "readout", None), RidgeReadout):
                networks.append(member)
        if len(networks) < 2:
            return None
        return _mean_of(networks[0::2]), _mean_of(networks[1::2])

    def get_config(self):
        return {
            "members": serialize_members(self.members),
            "weights": self.coefficients,
            "name": self.name,
            "trainable": self.trainable,
        }


def _mean_of(networks):
    return networks[0] if len(networks) == 1 else Ensemble(networks, name="half")

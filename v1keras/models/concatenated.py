"""`Concatenated`: models of different neurons side by side."""

from collections.abc import Sequence
from typing import Any

import keras

from v1keras.models.members import MembersModel, call_members, serialize_members
from v1keras.models.neuron_rates import take_rates
from v1keras.models.population_model import (
    PopulationModel,
    check_neurons,
    refuse_covariates,
)
from v1keras.models.readouts.readout import joined_unit


@keras.saving.register_keras_serializable(package="v1keras")
class Concatenated(MembersModel):
    """Concatenate the rates of models of different neurons.

    Kindel et al. 2019 trained one network per session.

    Args:
        members: Sequence of `V1Model`s for the same image size, of different names.
        name: String, name of the model.

    Call arguments:
        images: `(batch, height, width, 1)` in pixel units; where members have
            `covariates`, a dict, as for `V1Model`.

    Returns:
        Rates `(batch, neurons)`: the first member's neurons, then the second's, and so
        on.

    Raises:
        ValueError: The members' image sizes differ, or there are fewer than two.

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
        self, members: Sequence[keras.Model], name: str = "concatenated"
    ) -> None:
        sizes = {member.image_size for member in members}
        if len(members) < 2 or len(sizes) != 1:
            raise ValueError(
                f"members: found {len(members)} with image sizes {sorted(sizes)},"
                " expected two or more, all alike"
            )
        inputs, member_rates = call_members(members)
        rates = keras.layers.Concatenate(dtype="float32", name="side_by_side")(
            member_rates
        )
        super().__init__(inputs=inputs, outputs=rates, name=name)
        self.take_members(members)

    def select_neurons(self, neurons: Any) -> PopulationModel:
        neurons = check_neurons(neurons, self.neuron_count)
        if neurons != sorted(neurons):
            raise ValueError(
                "neurons: expected ascending indices, since the members' neurons are"
                " concatenated"
            )
        members, start = [], 0
        for member in self.members:
            stop = start + member.neuron_count
            chosen = [neuron - start for neuron in neurons if start <= neuron < stop]
            if chosen:
                members.append(member.select_neurons(chosen))
            start = stop
        return members[0] if len(members) == 1 else self.with_members(members)

    def with_members(self, members: Sequence[keras.Model]) -> PopulationModel:
        return Concatenated(members, self.name)

    @property
    def output_unit(self) -> Any:
        return joined_unit([network.readout for network in self.networks()])

    def neuron_rate_fn(self) -> Any:
        refuse_covariates(self)

        def rates(images, neurons):
            return take_rates(self(images, training=False), neurons)

        return rates

    def get_config(self):
        return {
            "members": serialize_members(self.members),
            "name": self.name,
            "trainable": self.trainable,
        }

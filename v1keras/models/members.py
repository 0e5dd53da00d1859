"""`MembersModel`: what the models that are made of other models share."""

from collections.abc import Sequence
from typing import Any

import keras

from v1keras.models.model_inputs import model_inputs, split_inputs
from v1keras.models.population_model import PopulationModel


class MembersModel(PopulationModel):
    """A model whose rates are made of those of its `members`.

    Attributes:
        members: List of `PopulationModel`s for the same image size.
    """

    members: list[Any]

    def take_members(self, members: Sequence[keras.Model]) -> None:
        """Keep the members, and their image size and pixel mean as the model's own."""
        self.members = list(members)
        self.image_size = members[0].image_size
        self.pixel_mean = members[0].pixel_mean

    def with_members(self, members: Sequence[keras.Model]) -> PopulationModel:
        """Return a model as this one, of other members."""
        raise NotImplementedError

    @property
    def covariates(self) -> dict[str, int]:
        return member_covariates(self.members)

    def without_covariates(self) -> PopulationModel:
        if not self.covariates:
            return self
        return self.with_members([each.without_covariates() for each in self.members])

    def covariate_statistics(self) -> dict[str, Any]:
        statistics: dict[str, Any] = {}
        for member in reversed(self.members):
            statistics |= member.covariate_statistics()
        return statistics

    def networks(self) -> list[Any]:
        return [net for member in self.members for net in member.networks()]

    @property
    def output_unit(self) -> Any:
        return self.members[0].output_unit

    @classmethod
    def from_config(cls, config, custom_objects=None):
        members = deserialize_members(config["members"])
        return cls.from_parts(config, {"members": members})


def serialize_members(members):
    """Return the members in serialized form."""
    return [keras.saving.serialize_keras_object(member) for member in members]


def deserialize_members(members):
    """Return the models of serialized members."""
    return [keras.saving.deserialize_keras_object(member) for member in members]


def member_covariates(members):
    """Return the dict of all members' covariates, name -> number of values."""
    covariates = {}
    for member in members:
        covariates |= member.covariates
    return covariates


def call_members(members):
    """Return the joint inputs of several models, and the rates of each."""
    covariates = member_covariates(members)
    inputs = model_inputs(members[0].image_size, covariates)
    images, _ = split_inputs(inputs, covariates)
    rates = []
    for member in members:
        member_inputs = images
        if member.covariates:
            names = ["images", *member.covariates]
            member_inputs = {name: inputs[name] for name in names}
        rates.append(member(member_inputs))
    return inputs, rates

"""Parts of the models that are made of other models."""

import keras

from v1keras.models.model_inputs import model_inputs, split_inputs


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

"""Parts of the models that are made of other models."""

import keras

from v1keras.models.v1_model import model_inputs, split_inputs


def serialize_members(members):
    """Return the serialized form of each member."""
    return [keras.saving.serialize_keras_object(member) for member in members]


def deserialize_members(members):
    """Return the model of each serialized member."""
    return [keras.saving.deserialize_keras_object(member) for member in members]


def member_covariates(members):
    """Return the covariates that any member takes: name -> number of values."""
    covariates = {}
    for member in members:
        covariates |= member.covariates
    return covariates


def call_members(members):
    """Return the inputs of several models together, and the rates of each."""
    covariates = member_covariates(members)
    inputs = model_inputs(members[0].image_size, covariates)
    images, _ = split_inputs(inputs, covariates)
    rates = []
    for member in members:
        own = images
        if member.covariates:
            own = {"images": images}
            own |= {name: inputs[name] for name in member.covariates}
        rates.append(member(own))
    return inputs, rates

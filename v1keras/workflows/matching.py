"""The neurons of a recording, brought into the order of a model's outputs."""

import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from v1keras.data import Recording, model_inputs

_UNNAMED = "all"  # the session of models of recordings that name none


def in_order_of_model(recording: Recording, metadata: Mapping[str, Any]) -> Recording:
    """Return a recording with its sessions in the order of a model's outputs.

    Sessions are matched by their names; those that the model lacks are left out. Within
    a session the neurons keep their order.

    Args:
        recording: `Recording` of the neurons of a model that has one recording.
        metadata: Mapping, the metadata of the model's preset.

    Raises:
        ValueError: A session of the model is not there, or has another number of
            neurons; names both.
    """
    if recording.neuron_session is None or set(metadata["sessions"]) == {_UNNAMED}:
        return recording
    names, counts = np.unique(recording.neuron_session, return_counts=True)
    recorded = dict(zip(names.tolist(), counts.tolist(), strict=True))
    for name, count in metadata["sessions"].items():
        if recorded.get(name) != count:
            raise ValueError(
                f"recording {recording.name!r} has the sessions"
                f" {_listed(recorded)}, expected {_listed(metadata['sessions'])}, which"
                " the model was trained on"
            )
    order = _in_order(recording.neuron_session, metadata["neuron_sessions"])
    if np.array_equal(order, np.arange(recording.neuron_count)):
        return recording
    return recording.select_neurons(order)


def in_order_of_other(
    model: Any, own: Mapping[str, Any], other: Mapping[str, Any]
) -> Any:
    """Return a model with its outputs in the order of those of another.

    Args:
        model: Model of the same recording as the other.
        own: Mapping, the metadata of its preset.
        other: Mapping, the metadata of the other's.

    Raises:
        ValueError: They have other sessions, or numbers of neurons in them.
    """
    if own["neuron_sessions"] == other["neuron_sessions"]:
        return model
    if own["sessions"] != other["sessions"]:
        raise ValueError(
            f"has the sessions {_listed(own['sessions'])}, expected"
            f" {_listed(other['sessions'])}"
        )
    labels = _labels(own["neuron_sessions"])
    return model.select_neurons(_in_order(labels, other["neuron_sessions"]))


def _labels(neuron_sessions):
    """Return the session of each neuron."""
    names = [np.repeat(name, count) for name, count in neuron_sessions]
    return np.concatenate(names)


def _in_order(labels, neuron_sessions):
    """Return the neurons of some sessions in the order of others."""
    neurons = []
    taken = Counter()
    for name, count in neuron_sessions:
        of_session = np.flatnonzero(labels == name)
        neurons.append(of_session[taken[name] : taken[name] + count])
        taken[name] += count
    return np.concatenate(neurons)


def warn_of_another_name(recording: Recording, metadata: Mapping[str, Any]) -> None:
    """Warn that a model's neurons are taken to be those of a recording it hasn't seen.

    Args:
        recording: `Recording` with as many neurons as the model.
        metadata: Mapping, the metadata of the model's preset.
    """
    trained_on = metadata["recording"].get("name", "one without a name")
    warnings.warn(
        f"the model was trained on the recording {trained_on!r}, and is asked about"
        f" {recording.name!r}: right only if its neurons are the same, in the same"
        " order"
    )


def check_fit(model: Any, recording: Recording) -> None:
    """Refuse a recording whose images, neurons or covariates are not the model's.

    Raises:
        ValueError: Names what was received and what fits.
    """
    received, expected = recording.images.shape[1:], model.image_size
    if received != expected:
        raise ValueError(
            f"recording {recording.name!r}: images of {received[0]} x {received[1]}"
            f" pixels; the model takes {expected[0]} x {expected[1]}"
        )
    if recording.neuron_count != model.neuron_count:
        raise ValueError(
            f"recording {recording.name!r}: a recording of {recording.neuron_count}"
            f" neurons; the model predicts {model.neuron_count}"
        )
    model_inputs(recording, [], model.covariates)  # raises where one is missing


def _listed(counts):
    """Return the first sessions with their numbers of neurons as text."""
    listed = [f"{name} ({count})" for name, count in list(counts.items())[:8]]
    return ", ".join(listed + ["..."] * (len(counts) > 8)) + " (neurons)"

"""A model of some of another model's neurons."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from v1keras.models.ensemble import Concatenated, Ensemble
from v1keras.models.readouts.covariates import BehavingReadout
from v1keras.models.v1_model import V1Model

# Where a readout's weights have their neurons: on the last axis, but for these; None
# where all neurons share them.
_AXES = {"mean": 0, "spread": 0, "map": None, "origin": None}


def of_neurons(model: Any, neurons: Sequence[int] | np.ndarray) -> keras.Model:
    """A model of its own that predicts some of the neurons of another, with a copy of
    the weights.

    Args:
        model: `V1Model`, or an `Ensemble` or `Concatenated` of them.
        neurons: their indices among the model's outputs, in the order wanted.

    Returns:
        A model of the same class and the same inputs -> rates `(batch, len(neurons))`.
        Of several side by side, the members that have none of the neurons are left out.

    Raises:
        ValueError: no or unknown neurons, or a model of another class; for
            `Concatenated`, neurons not in ascending order.

    Example:

    >>> import numpy as np
    >>> model = V1Model(StackedCore((8,), (5,)), FactorizedReadout(5), (20, 20))
    >>> images = np.random.default_rng(0).normal(size=(2, 20, 20, 1)).astype("float32")
    >>> bool(
    ...     np.allclose(
    ...         of_neurons(model, [4, 0])(images),
    ...         np.asarray(model(images))[:, [4, 0]],
    ...         atol=1e-6,
    ...     )
    ... )
    True
    """
    if not isinstance(model, (V1Model, Ensemble, Concatenated)):
        raise ValueError(
            f"found a {type(model).__name__}, expected a V1Model, or an Ensemble or"
            " Concatenated of them"
        )
    count, neurons = model.output_shape[1], [int(neuron) for neuron in neurons]
    if not neurons or min(neurons) < 0 or max(neurons) >= count:
        raise ValueError(
            f"neurons: found {neurons}, expected one or more of 0 to {count - 1}"
        )
    if isinstance(model, Ensemble):
        return Ensemble(
            [of_neurons(member, neurons) for member in model.members],
            model.shares,
            model.name,
        )
    if isinstance(model, Concatenated):
        if neurons != sorted(neurons):
            raise ValueError(
                "neurons: expected ascending indices, since the members stand side by"
                " side"
            )
        parts, start = [], 0
        for member in model.members:
            stop = start + member.output_shape[1]
            chosen = [neuron - start for neuron in neurons if start <= neuron < stop]
            parts += [of_neurons(member, chosen)] if chosen else []
            start = stop
        return parts[0] if len(parts) == 1 else Concatenated(parts, model.name)
    config = model.get_config()
    config["readout"] = _of_readout(config["readout"], neurons)
    cut = V1Model.from_config(config)
    cut.core.set_weights(model.core.get_weights())
    _copy(model.readout, cut.readout, neurons)
    return cut


def _of_readout(serialized, neurons):
    """A serialised readout, of some of its neurons."""
    config = dict(serialized["config"])
    for part in ("readout", "modulator"):
        if config.get(part):
            config[part] = _of_readout(config[part], neurons)
    if "neurons" in config:
        config["neurons"] = len(neurons)
    if config.get("coordinates") is not None:
        config["coordinates"] = [config["coordinates"][neuron] for neuron in neurons]
    # Without `build_config`, which is of the other number of neurons.
    return {
        key: value for key, value in serialized.items() if key != "build_config"
    } | {"config": config}


def _copy(whole, cut, neurons):
    """Copies the weights of some of a readout's neurons into another readout."""
    if isinstance(whole, BehavingReadout):
        _copy(whole.readout, cut.readout, neurons)
        if whole.shifter is not None:
            cut.shifter.set_weights(whole.shifter.get_weights())
        if whole.modulator is not None:
            *hidden, last = whole.modulator.get_weights()
            cut.modulator.set_weights([*hidden, last[:, neurons]])
        return
    for own, weight in zip(cut.weights, whole.weights, strict=True):
        axis = _AXES.get(weight.name, -1)
        values = keras.ops.convert_to_numpy(weight)
        own.assign(values if axis is None else np.take(values, neurons, axis))

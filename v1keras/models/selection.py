"""Selection of neurons: a readout of a subset of another readout's neurons."""

import keras
import numpy as np

from v1keras.models.readouts.covariate import CovariateReadout

# The axis of a weight that runs over neurons, if it is not the last; None if all
# neurons share the weight.
_AXES = {"mean": 0, "spread": 0, "map": None, "origin": None}


def select_readout(readout, neurons):
    """Return the serialized readout of selected neurons of `readout`."""
    return _select(keras.saving.serialize_keras_object(readout), neurons)


def _select(serialized, neurons):
    config = dict(serialized["config"])
    for part in ("readout", "modulator"):
        if config.get(part):
            config[part] = _select(config[part], neurons)
    if "neurons" in config:
        config["neurons"] = len(neurons)
    for name in ("coordinates", "output_scale", "output_offset"):
        if config.get(name) is not None:
            config[name] = [config[name][neuron] for neuron in neurons]
    selected = serialized | {"config": config}
    # The build configuration belongs to the other number of neurons.
    selected.pop("build_config", None)
    return selected


def copy_neurons(selected, whole, neurons):
    """Copy the weights of `neurons` from the readout `whole` to `selected`."""
    if isinstance(whole, CovariateReadout):
        copy_neurons(selected.readout, whole.readout, neurons)
        if whole.shifter is not None:
            selected.shifter.set_weights(whole.shifter.get_weights())
        if whole.modulator is not None:
            *hidden, last = whole.modulator.get_weights()
            selected.modulator.set_weights([*hidden, last[:, neurons]])
        return
    for own, weight in zip(selected.weights, whole.weights, strict=True):
        axis = _AXES.get(weight.name, -1)
        values = keras.ops.convert_to_numpy(weight)
        own.assign(values if axis is None else np.take(values, neurons, axis))

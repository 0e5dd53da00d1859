"""Sizes computed from a config are those of the model that Keras builds of it."""

import keras
import pytest

from v1keras import models, zoo
from v1keras.io.json_checks import read_json
from v1keras.zoo import architecture
from v1keras.zoo.architecture import check_architecture
from v1keras.zoo.sizes import check_sizes, core_size, readout_parameters

CORES = {
    "stacked": models.StackedCore((4, 5, 6), (5, 3, 1), pool_size=3),
    "on and off": models.StackedCore((4, 8), (5, 3), first_activation="on_off"),
    "divisive": models.StackedCore((4, 8), (5, 3), first_activation="divisive"),
    "separable": models.StackedCore((4, 5), (5, 3), separable=True, dilation=2),
    "rotation": models.RotationEquivariantCore((2, 3), (5, 3), orientations=4),
    "log Gabor": models.LogGaborCore(),
    "centers": models.LogGaborCore(center_surround=True),
    "paper": models.KindelCore(),
    "transfer": models.TransferCore("VGG16", "block2_conv1", weights=None),
}
COORDINATES = [[0.0, 0.1, 0.2], [0.3, 0.4, 0.5], [0.6, 0.7, 0.8]]
READOUTS = {
    "factorized": models.FactorizedReadout(3),
    "dense": models.DenseReadout(3),
    "ridge": models.RidgeReadout(3),
    "isotropic": models.GaussianReadout(3),
    "full": models.GaussianReadout(3, covariance="full"),
    "coordinates": models.GaussianReadout(3, coordinates=COORDINATES),
    "behavior": models.CovariateReadout(
        models.GaussianReadout(3),
        models.Shifter("pupil", [0.0, 0.0], [1.0, 1.0], hidden=(4, 5)),
        models.GainModulator(3, "running", [0.0], [1.0]),
    ),
}


def checked(layer, names):
    config = keras.saving.serialize_keras_object(layer)
    return check_architecture(
        config | {"config": to_lists(config["config"])}, "", names
    )


def to_lists(value):
    """Return what JSON makes of a config."""
    if isinstance(value, dict):
        return {key: to_lists(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_lists(entry) for entry in value]
    return value


@pytest.mark.parametrize("name", CORES)
def test_a_core_is_as_large_as_computed(name):
    core, shape = CORES[name], (35, 33, 1)
    features, parameters = core_size(checked(core, architecture._CORES), shape)
    if not core.built:
        core.build((None, *shape))
    assert features == tuple(core.compute_output_shape((None, *shape))[1:])
    assert parameters == core.count_params()


@pytest.mark.parametrize("name", READOUTS)
def test_a_readout_is_as_large_as_computed(name):
    readout = READOUTS[name]
    shape = (60,) if name == "ridge" else (5, 4, 6)
    names = (*architecture._READOUTS, "BehavingReadout")
    parameters = readout_parameters(checked(readout, names), shape)
    if not readout.built:
        readout.build((None, *shape))
    assert parameters == readout.count_params()


@pytest.mark.parametrize("name", zoo.names())
def test_a_preset_is_as_large_as_its_weights(name):
    config = check_architecture(read_json(zoo.find(name) / "config.json"))
    count = zoo.info(name)["parameters"]
    check_sizes(config, count)
    with pytest.raises(ValueError, match=f"the weights file has {count - 1:,} values"):
        check_sizes(config, count - 1)


def test_every_core_readout_and_model_may_stand_in_a_preset():
    """What has no part in a config is made by the class around it."""
    inside = {"OnOff", "DivisiveNormalization", "WeightedMean"}
    inside |= {"GroupSparsity", "Laplacian", "PopulationModel"}
    classes = {
        keras.saving.get_registered_name(getattr(models, name)).rpartition(">")[2]
        for name in models.__all__
    }
    # Keras's own Identity is the core of a readout that sees the pixels.
    assert set(architecture.CLASSES) == classes - inside | {"Identity"}

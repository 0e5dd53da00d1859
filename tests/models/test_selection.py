import keras
import numpy as np
import pytest

from v1keras import models

SIZE, COUNT = (20, 20), 6
READOUTS = {
    "factorized": lambda: models.FactorizedReadout(COUNT, name="readout"),
    "dense": lambda: models.DenseReadout(COUNT, name="readout"),
    "isotropic": lambda: models.GaussianReadout(COUNT, name="readout"),
    "full": lambda: models.GaussianReadout(COUNT, covariance="full", name="readout"),
    "retinotopic": lambda: models.GaussianReadout(
        COUNT,
        coordinates=np.linspace(-1, 1, 2 * COUNT).reshape(COUNT, 2),
        name="readout",
    ),
}


def randomized(model):
    rng = np.random.default_rng(0)
    for v in model.weights:
        v.assign(rng.uniform(0.1, 0.9, v.shape))
    return model


def network(readout="factorized", name="network", channels=COUNT):
    """Return a model with as many channels as neurons.

    So a wrong axis does not show in its size.
    """
    return randomized(
        models.V1Model(
            models.StackedCore((4, channels), (5, 3)),
            READOUTS[readout](),
            SIZE,
            100.0,
            50.0,
            name,
        )
    )


def ridge():
    core, readout = (
        models.LogGaborCore(name="gabors"),
        models.RidgeReadout(COUNT, name="ridge"),
    )
    return randomized(models.V1Model(core, readout, SIZE, 100.0, 50.0, "ridge"))


MODELS = {name: lambda name=name: network(name) for name in READOUTS} | {
    "ridge": ridge,
    "ensemble": lambda: models.Ensemble(
        [network(name="a"), network("full", "b"), ridge()], [0.5, 0.3, 0.2]
    ),
    "concatenated": lambda: models.Concatenated(
        [network(name="a"), network("dense", name="b")]
    ),
}


def images():
    return np.random.default_rng(1).uniform(0, 255, (3, *SIZE, 1)).astype("float32")


@pytest.mark.parametrize("name", MODELS)
def test_the_neurons_cut_out_answer_as_before(name, tmp_path):
    model = MODELS[name]()
    neurons = [1, 4, 7, 11] if name == "concatenated" else [4, 1, 2]
    before = np.asarray(model(images()))
    cut = model.select_neurons(neurons)
    np.testing.assert_allclose(cut(images()), before[:, neurons], rtol=1e-5)
    assert cut.output_shape == (None, len(neurons)) and type(cut) is type(model)
    cut.save(tmp_path / "cut.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "cut.keras")(images()), cut(images())
    )
    for v in cut.weights:
        v.assign(v + 1)  # a model of its own
    np.testing.assert_array_equal(model(images()), before)


def test_members_without_a_neuron_are_left_out():
    model = MODELS["concatenated"]()
    cut = model.select_neurons([7, 8])
    assert isinstance(cut, models.V1Model) and cut.name == "b"
    np.testing.assert_allclose(
        cut(images()), np.asarray(model(images()))[:, [7, 8]], rtol=1e-5
    )


def test_rates_stand_side_by_side():
    first, second = network(name="a"), network("dense", "b")
    expected = np.concatenate([first(images()), second(images())], axis=1)
    np.testing.assert_array_equal(
        models.Concatenated([first, second])(images()), expected
    )
    with pytest.raises(
        ValueError, match="members: found 1 .*, expected two or more, all alike"
    ):
        models.Concatenated([first])


@pytest.mark.parametrize("neurons", [[], [6], [-1]])
def test_neurons_that_are_not_there_are_refused(neurons):
    with pytest.raises(ValueError, match="expected one or more of 0 to 5"):
        network().select_neurons(neurons)


def test_other_models_and_orders_are_refused():
    with pytest.raises(ValueError, match="ascending"):
        MODELS["concatenated"]().select_neurons([7, 1])
    with pytest.raises(ValueError, match="take model.session"):
        readouts = {
            name: models.FactorizedReadout(2, name=f"{name}_readout") for name in "ab"
        }
        model = models.MultiSessionModel(models.StackedCore((4,), (5,)), readouts, SIZE)
        model.select_neurons([0])

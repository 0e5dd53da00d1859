"""Freezing survives saving, presets, selections of neurons, copies and pickles."""

import copy
import pickle

import keras
import numpy as np
import pytest

from v1keras import models, zoo

SIZE, NEURONS = (20, 20), 3
CORES = {
    "stacked": lambda: models.StackedCore((4, 4), (5, 3), separable=True),
    "equivariant": lambda: models.RotationEquivariantCore((2, 2), (5, 3), 4),
    "kindel": lambda: models.KindelCore(seed=3),
}
# A sub-layer of each core that is frozen alone.
LAYERS = {
    "stacked": lambda core: core.stages[0],
    "equivariant": lambda core: core.norms[1],
    "kindel": lambda core: core.dense,
}
COPIES = {
    "deepcopy": lambda model, folder: copy.deepcopy(model),
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "keras": lambda model, folder: by_file(model, folder / "model.keras"),
    "selection": lambda model, folder: model.select_neurons(range(NEURONS)),
    "clone": lambda model, folder: type(model).from_config(model.get_config()),
}


def by_file(model, path):
    model.save(path)
    return keras.saving.load_model(path)


def network(core="stacked", name="network"):
    readout = models.DenseReadout(NEURONS)
    return models.V1Model(CORES[core](), readout, SIZE, 0.0, 1.0, name)


def trained(model):
    """Return which of the weights a training step changes, moving statistics too."""
    rng = np.random.default_rng(0)
    before = [np.array(weight) for weight in model.weights]
    model.compile(keras.optimizers.SGD(0.1), "mse")
    images = rng.normal(size=(8, *SIZE, 1)).astype("float32")
    model.train_on_batch(images, rng.normal(size=(8, NEURONS)).astype("float32"))
    weights = zip(model.weights, before, strict=True)
    return [not np.array_equal(weight, values) for weight, values in weights]


@pytest.mark.parametrize("duplicate", COPIES)
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("part", ["core", "layer", "readout", "model"])
def test_what_is_frozen_stays_so(part, core, duplicate, tmp_path):
    model = network(core)
    parts = {
        "core": model.core,
        "layer": LAYERS[core](model.core),
        "readout": model.readout,
        "model": model,
    }
    parts[part].trainable = False
    frozen = [weight.trainable for weight in model.weights]
    copied = COPIES[duplicate](model, tmp_path)
    assert [weight.trainable for weight in copied.weights] == frozen
    assert len(copied.trainable_weights) == len(model.trainable_weights)
    layers, originals = copied._flatten_layers(), model._flatten_layers()
    for layer, original in zip(layers, originals, strict=True):
        assert layer.trainable == original.trainable, layer.name


@pytest.mark.parametrize("part", ["core", "layer"])
def test_a_reloaded_part_does_not_train(part, tmp_path):
    model = network()
    (model.core if part == "core" else model.core.stages[1]).trainable = False
    reloaded = by_file(model, tmp_path / "model.keras")
    changes = trained(reloaded)
    assert changes == trained(model) and not all(changes) and any(changes)
    own = model.core.weights if part == "core" else model.core.stages[1].weights
    assert changes.count(False) == len(own)


@pytest.mark.parametrize("duplicate", COPIES)
def test_a_frozen_member_stays_so(duplicate, tmp_path):
    members = [network(name="a"), network("kindel", name="b")]
    ensemble = models.Ensemble(members)
    members[0].trainable = False
    members[1].core.stages[0].trainable = False
    copied = COPIES[duplicate](ensemble, tmp_path)
    first, second = copied.members
    assert not first.trainable and not first.trainable_weights
    assert not second.core.stages[0].trainable and second.core.stages[2].trainable
    assert len(copied.trainable_weights) == len(second.weights) - 2


def test_several_sessions_keep_it(tmp_path):
    readouts = {
        name: models.FactorizedReadout(NEURONS, name=f"{name}_readout") for name in "ab"
    }
    model = models.MultiSessionModel(CORES["stacked"](), readouts, SIZE)
    model.core.trainable = False
    model.readouts["b"].trainable = False
    reloaded = by_file(model, tmp_path / "model.keras")
    expected = {weight.path for weight in model.readouts["a"].weights}
    assert {weight.path for weight in reloaded.trainable_weights} == expected


def test_a_readout_of_covariates_keeps_its_parts_states(tmp_path):
    shifter = models.Shifter("eye", [0.0, 0.0], [1.0, 1.0])
    modulator = models.GainModulator(NEURONS, "running", [0.0], [1.0])
    readout = models.CovariateReadout(
        models.GaussianReadout(NEURONS), shifter, modulator
    )
    model = models.V1Model(CORES["stacked"](), readout, SIZE)
    shifter.trainable = False
    modulator.stages[0].trainable = False
    for copied in (
        by_file(model, tmp_path / "model.keras"),
        model.select_neurons([2, 0]),
    ):
        assert not any(weight.trainable for weight in copied.readout.shifter.weights)
        stages = copied.readout.modulator.stages
        assert [stage.trainable for stage in stages] == [False, True]
        assert not any(weight.trainable for weight in stages[0].weights)


def test_a_core_that_was_made_frozen_does_not_train():
    core = models.StackedCore((4, 4), (5, 3), trainable=False)
    model = models.V1Model(core, models.DenseReadout(NEURONS), SIZE)
    assert trained(model).count(True) == len(model.readout.weights)


def test_a_preset_written_before_has_all_parts_trainable():
    """Its file has no entry for frozen parts."""
    model = zoo.load("simulated_gaussian")
    assert model.trainable and all(part.trainable for part in model.core.stages)
    config = models.StackedCore((4,), (5,), trainable=False).get_config()
    config.pop("frozen")
    assert not any(p.trainable for p in models.StackedCore.from_config(config).stages)


def test_a_preset_keeps_a_frozen_core(tmp_path, preset_metadata):
    model = network()
    model.core.trainable = False
    zoo.save(model, tmp_path / "frozen", preset_metadata)
    reloaded = zoo.load(tmp_path / "frozen")
    assert not any(weight.trainable for weight in reloaded.core.weights)
    assert all(weight.trainable for weight in reloaded.readout.weights)

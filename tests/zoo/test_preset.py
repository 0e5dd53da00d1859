"""Presets that are saved, described and loaded again."""

import json
import shutil

import keras
import numpy as np
import pytest
from made_up_presets import claim_files, images, make

from v1keras import models, zoo
from v1keras.io.atomic import sha256


def test_a_saved_model_loads_with_its_rates_and_facts(folder, preset_metadata):
    np.testing.assert_array_equal(zoo.load(folder)(images()), make()(images()))
    metadata = zoo.info(folder)
    for key, value in preset_metadata.items():
        assert metadata[key] == value
    assert metadata["image_size"] == [16, 16]
    assert metadata["parameters"] == sum(np.prod(v.shape) for v in make().variables)
    assert metadata["sha256"]["model.weights.h5"] == sha256(folder / "model.weights.h5")
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.json",
        "metadata.json",
        "model.weights.h5",
    ]


def test_the_architecture_alone_has_fresh_weights(folder):
    fresh = zoo.load(folder, load_weights=False)
    assert [v.shape for v in fresh.variables] == [v.shape for v in make().variables]
    assert not np.allclose(fresh(images()), make()(images()))


def test_a_workdir_is_taken_for_its_preset(folder, tmp_path):
    (tmp_path / "run").mkdir()
    shutil.move(folder, tmp_path / "run" / "preset")
    assert zoo.find(tmp_path / "run") == tmp_path / "run" / "preset"


def test_the_card_says_on_what_how_good_and_under_which_terms(folder):
    card = (folder / "README.md").read_text()
    assert "| reported (3) | paper, 3 | 0.512 | 0.679 | 25% |" in card
    assert "sessions (neurons): a (2), b (1)" in card and "terms: not stated" in card


def test_the_neurons_of_a_session_are_those_the_recording_says(folder):
    assert zoo.neurons_of(folder, "a").tolist() == [0, 2] and zoo.neurons_of(
        folder, "b"
    ).tolist() == [1]
    with pytest.raises(ValueError, match="session: found 'c', expected one of a, b"):
        zoo.neurons_of(folder, "c")


def make_sessions(*names):
    readouts = {
        name: models.FactorizedReadout(3, name=f"{name}_readout") for name in names
    }
    return models.MultiSessionModel(
        models.StackedCore((4, 5), (5, 3)), readouts, (16, 16), 100.0, 50.0
    )


def test_sessions_are_saved_and_never_take_one_anothers_weights(
    tmp_path, preset_metadata
):
    """{b, a} comes back as it was; its file does not load into {b, c}, though every
    shape fits.
    """
    model = make_sessions("b", "a")
    for i, v in enumerate(model.variables):
        v.assign(np.random.default_rng(i).uniform(0.1, 1, v.shape))
    zoo.save(model, tmp_path / "two", preset_metadata)
    again = zoo.load(tmp_path / "two")
    assert list(again.readouts) == ["b", "a"]
    for name, rates in model(images()).items():
        np.testing.assert_array_equal(again(images())[name], rates)
    (tmp_path / "two" / "config.json").write_text(
        json.dumps(keras.saving.serialize_keras_object(make_sessions("b", "c")))
    )
    claim_files(tmp_path / "two")
    with pytest.raises(
        ValueError, match="is 'a_readout' .*; config.json says 'b_readout'"
    ):
        zoo.load(tmp_path / "two")


def test_a_compiled_and_fitted_model_is_saved_alone(folder, tmp_path, preset_metadata):
    """The same files as of the model that was never compiled."""
    model = make()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(images(), model(images()), verbose=0)
    for variable, original in zip(model.variables, make().variables, strict=True):
        variable.assign(original)
    zoo.save(model, tmp_path / "compiled", preset_metadata)
    for file in ("config.json", "model.weights.h5"):
        expected = (folder / file).read_bytes()
        assert (tmp_path / "compiled" / file).read_bytes() == expected
    np.testing.assert_array_equal(
        zoo.load(tmp_path / "compiled")(images()), make()(images())
    )


def test_a_loaded_model_knows_its_preset(folder):
    model = zoo.load(folder)
    assert (model.preset_name, model.pixel_range) == ("made_up", (0.0, 255.0))
    assert make().preset_name is None

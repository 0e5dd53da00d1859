"""Presets that are refused, when they are opened or before they are written."""

import json

import pytest
from made_up_presets import claim_files, make

from v1keras import models, zoo


def test_metadata_laid_out_anew_is_found(folder):
    (folder / "metadata.json").write_text(
        json.dumps(json.loads((folder / "metadata.json").read_text()))
    )
    with pytest.raises(
        ValueError, match="metadata.json was changed after it was written"
    ):
        zoo.info(folder)


def test_weights_of_another_session_are_refused_though_their_shapes_fit(folder):
    make(readout="other_readout").save_weights(folder / "model.weights.h5")
    claim_files(folder)
    with pytest.raises(
        ValueError,
        match=(
            "factorized_readout is 'other_readout' .*; config.json says"
            " 'made_up_readout'"
        ),
    ):
        zoo.load(folder)


def test_weights_of_another_size_are_refused(folder):
    make(neurons=4).save_weights(folder / "model.weights.h5")
    claim_files(folder)
    with pytest.raises(ValueError, match=r"\(36, 4\).*config.json says .*\(36, 3\)"):
        zoo.load(folder)


def test_a_class_that_is_not_ours_is_not_even_imported(folder):
    config = json.loads((folder / "config.json").read_text())
    config["config"]["core"] = {
        "module": "subprocess",
        "class_name": "Popen",
        "config": {"args": ["true"]},
        "registered_name": None,
    }
    (folder / "config.json").write_text(json.dumps(config))
    claim_files(folder)
    with pytest.raises(
        ValueError, match="model.core names the class 'Popen' of 'subprocess'"
    ):
        zoo.load(folder)


@pytest.mark.parametrize(
    "core",
    [
        {
            "module": "subprocess",
            "class_name": "Popen",
            "config": {"args": ["true"]},
            "registered_name": "v1keras>Popen",
        },
        {
            "module": "keras.layers",
            "class_name": "Lambda",
            "config": {"function": "abs"},
            "registered_name": None,
        },
        {
            "module": "keras.layers",
            "class_name": "TFSMLayer",
            "config": {"filepath": "."},
            "registered_name": None,
        },
    ],
    ids=["says it is ours", "lambda", "saved model"],
)
def test_a_class_that_runs_code_is_refused(folder, core):
    config = json.loads((folder / "config.json").read_text())
    config["config"]["core"] = core
    (folder / "config.json").write_text(json.dumps(config))
    claim_files(folder)
    with pytest.raises(
        ValueError, match=rf"config.json: .* names the class '{core['class_name']}'"
    ):
        zoo.load(folder)


def test_a_failed_save_leaves_the_old_preset(folder, preset_metadata):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ValueError, match=r"'protocol' is missing in metadata.scores"):
        zoo.save(make(seed=1), folder, preset_metadata | {"scores": [{}]})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["made_up"]


def test_a_model_that_could_not_be_opened_replaces_nothing(folder, preset_metadata):
    class Mine(models.FactorizedReadout):
        pass

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    model = models.V1Model(models.StackedCore((4,), (5,)), Mine(3), (16, 16))
    with pytest.raises(ValueError, match="can't be a preset: .* the class 'Mine'"):
        zoo.save(model, folder, preset_metadata)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_unknown_name_lists_the_known():
    with pytest.raises(
        FileNotFoundError,
        match="no model 'kindel': neither a preset .*simulated_factorized",
    ):
        zoo.load("kindel")

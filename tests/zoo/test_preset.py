import json
import shutil

import keras
import numpy as np
import pytest

from v1keras import models, zoo
from v1keras.io.atomic import sha256
from v1keras.zoo.golden import check_golden, golden_rates
from v1keras.zoo.metadata import digest_of, render

FACTS = {
    "recording": {"name": "made_up", "area": "V1"},
    "pixels": {"minimum": 0.0, "maximum": 255.0},
    "sessions": {"a": 2, "b": 1},
    "neuron_sessions": [["a", 1], ["b", 1], ["a", 1]],
    "command": "none",
    "commit": "0" * 40,
    "measured_by": "none",
    "ceiling": "means",
    "config": {"data": {"protocol": "paper", "split_seed": 3}},
    "scores": [
        {
            "protocol": "paper",
            "seeds": [3],
            "neurons": "reported",
            "count": 3,
            "correlation": 0.51234,
            "cc_norm": 0.6789,
            "fraction_near_limit": 0.25,
        }
    ],
}


def make(readout="made_up_readout", neurons=3, seed=0):
    keras.utils.set_random_seed(seed)
    model = models.V1Model(
        models.StackedCore((4, 5), (5, 3)),
        models.FactorizedReadout(neurons, name=readout),
        (16, 16),
        100.0,
        50.0,
    )
    for v in model.variables:
        v.assign(np.random.default_rng(seed).uniform(0.1, 1, v.shape))
    return model


@pytest.fixture
def folder(tmp_path):
    zoo.save(make(), tmp_path / "made_up", FACTS)
    return tmp_path / "made_up"


def images():
    return np.random.default_rng(1).uniform(0, 255, (4, 16, 16, 1)).astype("float32")


def test_a_saved_model_loads_with_its_rates_and_facts(folder):
    np.testing.assert_array_equal(zoo.load(folder)(images()), make()(images()))
    found = zoo.info(folder)
    assert {key: found[key] for key in FACTS if key != "sha256"} == json.loads(
        json.dumps(FACTS)
    )
    assert found["image_size"] == [16, 16]
    assert found["parameters"] == sum(np.prod(v.shape) for v in make().variables)
    assert found["sha256"]["model.weights.h5"] == sha256(folder / "model.weights.h5")
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


def test_metadata_laid_out_anew_is_found(folder):
    (folder / "metadata.json").write_text(
        json.dumps(json.loads((folder / "metadata.json").read_text()))
    )
    with pytest.raises(
        ValueError, match="metadata.json was changed after it was written"
    ):
        zoo.info(folder)


def test_golden_outputs_are_the_rates_for_images_that_numpy_gives(folder):
    images = np.random.RandomState(0).uniform(0, 255, (5, 16, 16, 1)).astype("float32")
    stated = zoo.info(folder)["golden"]
    assert list(stated) == ["rates"]
    np.testing.assert_allclose(stated["rates"], make()(images), rtol=1e-6)


@pytest.mark.parametrize("change", [{"pixel_mean": 101.0}, {"pixel_std": 49.0}])
def test_golden_outputs_find_what_no_hash_does(folder, change):
    """An architecture that takes the same weights but computes something else, though
    all files are as stated.
    """
    config = json.loads((folder / "config.json").read_text())
    config["config"] |= change
    (folder / "config.json").write_text(json.dumps(config))
    claim_files(folder)
    zoo.load(folder)
    with pytest.raises(
        ValueError,
        match="metadata.json: the golden outputs of rates are not this model's",
    ):
        zoo.load(folder, check=True)


def test_several_outputs_have_golden_outputs_each(tmp_path):
    """As of a model with one readout a session."""
    base = make()
    inputs = keras.Input((16, 16, 1))
    rates = base(inputs)
    model = keras.Model(inputs, {"a": rates[:, :2], "b": rates[:, 2:]})
    model.image_size = (16, 16)
    golden = golden_rates(model, FACTS)
    assert {name: values.shape for name, values in golden.items()} == {
        "a": (5, 2),
        "b": (5, 1),
    }
    check_golden(
        model,
        FACTS | {"golden": {name: values.tolist() for name, values in golden.items()}},
        tmp_path,
    )
    swapped = {"a": golden["a"][:, ::-1].tolist(), "b": golden["b"].tolist()}
    with pytest.raises(ValueError, match="golden outputs of a are not this model's"):
        check_golden(model, FACTS | {"golden": swapped}, tmp_path)


def claim_files(folder, **changed):
    """Makes the metadata vouch for the files as they are, as a forger would."""
    metadata = json.loads((folder / "metadata.json").read_text())
    metadata |= changed
    metadata["sha256"] = {
        name: sha256(folder / name)
        for name in ("config.json", "model.weights.h5", "README.md")
    }
    metadata["sha256"]["metadata.json"] = digest_of(metadata)
    (folder / "metadata.json").write_text(render(metadata))


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


def make_sessions(*names):
    readouts = {
        name: models.FactorizedReadout(3, name=f"{name}_readout") for name in names
    }
    return models.MultiSessionModel(
        models.StackedCore((4, 5), (5, 3)), readouts, (16, 16), 100.0, 50.0
    )


def test_sessions_are_saved_and_never_take_one_anothers_weights(tmp_path):
    """{b, a} comes back as it was; its file does not load into {b, c}, though every
    shape fits.
    """
    model = make_sessions("b", "a")
    for i, v in enumerate(model.variables):
        v.assign(np.random.default_rng(i).uniform(0.1, 1, v.shape))
    zoo.save(model, tmp_path / "two", FACTS)
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


def test_a_failed_save_leaves_the_old_preset(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ValueError, match=r"'protocol' is missing in metadata.scores"):
        zoo.save(make(seed=1), folder, FACTS | {"scores": [{}]})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["made_up"]


def test_a_compiled_and_fitted_model_is_saved_alone(folder, tmp_path):
    """The same files as of the model that was never compiled."""
    model = make()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(images(), model(images()), verbose=0)
    for variable, original in zip(model.variables, make().variables, strict=True):
        variable.assign(original)
    zoo.save(model, tmp_path / "compiled", FACTS)
    for file in ("config.json", "model.weights.h5"):
        expected = (folder / file).read_bytes()
        assert (tmp_path / "compiled" / file).read_bytes() == expected
    np.testing.assert_array_equal(
        zoo.load(tmp_path / "compiled")(images()), make()(images())
    )


def test_a_model_that_could_not_be_opened_replaces_nothing(folder):
    class Mine(models.FactorizedReadout):
        pass

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    model = models.V1Model(models.StackedCore((4,), (5,)), Mine(3), (16, 16))
    with pytest.raises(ValueError, match="can't be a preset: .* the class 'Mine'"):
        zoo.save(model, folder, FACTS)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_loaded_model_knows_its_preset(folder):
    model = zoo.load(folder)
    assert (model.preset_name, model.pixel_range) == ("made_up", (0.0, 255.0))
    assert make().preset_name is None


def test_an_unknown_name_lists_the_known():
    with pytest.raises(
        FileNotFoundError,
        match="no model 'kindel': neither a preset .*simulated_factorized",
    ):
        zoo.load("kindel")

import json
import pathlib
import re
import runpy
import shutil

import keras
import numpy as np
import pytest

from v1keras import models, zoo
from v1keras.files import sha256

FACTS = {
    "recording": {"name": "made_up", "area": "V1"},
    "sessions": {"a": 2, "b": 1},
    "command": "none",
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
    model = models.V1Model(models.StackedCore((4, 5), (5, 3)), models.FactorizedReadout(neurons, name=readout), (16, 16), 100.0, 50.0)
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
    assert {key: found[key] for key in FACTS if key != "sha256"} == json.loads(json.dumps(FACTS))
    assert found["image_size"] == [16, 16]
    assert found["parameters"] == sum(np.prod(v.shape) for v in make().variables)
    assert found["sha256"]["model.weights.h5"] == sha256(folder / "model.weights.h5")
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "metadata.json", "model.weights.h5"]


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


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5", "metadata.json"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_byte_is_found(folder, name, place):
    content = bytearray((folder / name).read_bytes())
    content[int(place * len(content))] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        zoo.load(folder)


def test_a_file_cut_off_is_found(folder):
    (folder / "metadata.json").write_bytes((folder / "metadata.json").read_bytes()[:-40])
    with pytest.raises(ValueError, match="cut off or was changed"):
        zoo.info(folder)


def claim_files(folder):
    """Makes the metadata vouch for the files as they are, as a forger would."""
    metadata = json.loads((folder / "metadata.json").read_text())
    metadata["sha256"] = {name: sha256(folder / name) for name in ("config.json", "model.weights.h5")}
    metadata["sha256"]["metadata.json"] = zoo._own_digest(metadata)
    (folder / "metadata.json").write_text(json.dumps(metadata))


def test_weights_of_another_session_are_refused_though_their_shapes_fit(folder):
    make(readout="other_readout").save_weights(folder / "model.weights.h5")
    claim_files(folder)
    with pytest.raises(ValueError, match="factorized_readout is 'other_readout' .*; config.json says 'made_up_readout'"):
        zoo.load(folder)


def test_weights_of_another_size_are_refused(folder):
    make(neurons=4).save_weights(folder / "model.weights.h5")
    claim_files(folder)
    with pytest.raises(ValueError, match=r"\(36, 4\).*config.json says .*\(36, 3\)"):
        zoo.load(folder)


def make_sessions(*names):
    readouts = {name: models.FactorizedReadout(3, name=f"{name}_readout") for name in names}
    return models.V1Sessions(models.StackedCore((4, 5), (5, 3)), readouts, (16, 16), 100.0, 50.0)


def test_sessions_are_saved_and_never_take_one_anothers_weights(tmp_path):
    """{b, a} comes back as it was; its file does not load into {b, c}, though every shape fits."""
    model = make_sessions("b", "a")
    for i, v in enumerate(model.variables):
        v.assign(np.random.default_rng(i).uniform(0.1, 1, v.shape))
    zoo.save(model, tmp_path / "two", FACTS)
    again = zoo.load(tmp_path / "two")
    assert list(again.readouts) == ["b", "a"]
    for name, rates in model(images()).items():
        np.testing.assert_array_equal(again(images())[name], rates)
    (tmp_path / "two" / "config.json").write_text(json.dumps(keras.saving.serialize_keras_object(make_sessions("b", "c"))))
    claim_files(tmp_path / "two")
    with pytest.raises(ValueError, match="is 'a_readout' .*; config.json says 'b_readout'"):
        zoo.load(tmp_path / "two")


def test_a_class_that_is_not_ours_is_not_even_imported(folder):
    config = json.loads((folder / "config.json").read_text())
    config["config"]["core"] = {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}, "registered_name": None}
    (folder / "config.json").write_text(json.dumps(config))
    claim_files(folder)
    with pytest.raises(ValueError, match="names the class 'Popen' of 'subprocess'"):
        zoo.load(folder)


def test_a_failed_save_leaves_the_old_preset(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyError):
        zoo.save(make(seed=1), folder, FACTS | {"scores": [{}]})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["made_up"]


def test_an_unknown_name_lists_the_known():
    with pytest.raises(FileNotFoundError, match="no model 'kindel': neither a preset .*simulated_factorized"):
        zoo.load("kindel")


@pytest.mark.parametrize("name", zoo.names())
def test_every_preset_of_the_zoo_loads_and_predicts(name):
    model, metadata = zoo.load(name), zoo.info(name)
    height, width = model.image_size
    rates = np.asarray(model(np.full((2, height, width, 1), model.pixel_mean, "float32")))
    assert rates.shape == (2, sum(metadata["sessions"].values())) and np.isfinite(rates).all() and (rates >= 0).all()
    assert (zoo.find(name) / "README.md").read_text() == zoo.card(name, metadata)
    assert all(row["correlation"] > 0 for row in metadata["scores"])


def flat(config, prefix=""):
    entries = {}
    for key, value in config.items():
        entries |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return entries


@pytest.mark.parametrize("name", zoo.names())
def test_every_presets_command_makes_this_preset(name):
    """The configuration in the card's command, with its overrides, is the one the preset was trained with."""
    metadata = zoo.info(name)
    path = re.search(r"--config=(\S+)", metadata["command"])[1]
    scope = runpy.run_path(str(pathlib.Path(__file__).parent.parent / path))
    config = scope["get_config"]()
    for key, value in re.findall(r"--config\.(\S+)=(\S+)", metadata["command"]):
        group, _, last = key.rpartition(".")
        kind = type(config.to_dict()[group][last] if group else config[last])
        config.update_from_flattened_dict({key: kind(value)})
    found = flat(metadata["config"])  # of an older preset, without what has come since
    expected = {key: value for key, value in flat(json.loads(json.dumps(config.to_dict()))).items() if key in found}
    for key in ("data.protocol", "data.split_seed"):
        del found[key], expected[key]
    assert found == expected


def test_the_zoo_table_is_up_to_date():
    assert (zoo.find(zoo.names()[0]).parent / "README.md").read_text() == zoo.table()


def test_the_zoo_is_listed_and_shown(command):
    listed = command("zoo", "list")
    assert "simulated_factorized" in listed.stdout.split() and listed.returncode == 0
    assert command("zoo", "show", "simulated_factorized").stdout.startswith("# simulated_factorized\n")

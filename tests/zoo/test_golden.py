"""Golden outputs: the rates that a preset's model must give."""

import json

import keras
import numpy as np
import pytest
from made_up_presets import claim_files, make

from v1keras import zoo
from v1keras.zoo.golden import check_golden, golden_rates


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


def test_several_outputs_have_golden_outputs_each(tmp_path, preset_metadata):
    """As of a model with one readout a session."""
    base = make()
    inputs = keras.Input((16, 16, 1))
    rates = base(inputs)
    model = keras.Model(inputs, {"a": rates[:, :2], "b": rates[:, 2:]})
    model.image_size = (16, 16)
    golden = golden_rates(model, preset_metadata)
    assert {name: values.shape for name, values in golden.items()} == {
        "a": (5, 2),
        "b": (5, 1),
    }
    stated = {name: values.tolist() for name, values in golden.items()}
    check_golden(model, preset_metadata | {"golden": stated}, tmp_path)
    swapped = {"a": golden["a"][:, ::-1].tolist(), "b": golden["b"].tolist()}
    with pytest.raises(ValueError, match="golden outputs of a are not this model's"):
        check_golden(model, preset_metadata | {"golden": swapped}, tmp_path)

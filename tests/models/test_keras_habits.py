"""What a Keras user tries first on a model."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

import v1keras
from v1keras.models import (
    Ensemble,
    FactorizedReadout,
    GaussianReadout,
    StackedCore,
    V1Model,
)


def small_model(name="v1model"):
    core = StackedCore((4, 4), (5, 3), first_activation="divisive")
    return V1Model(core, FactorizedReadout(3), (16, 16), name=name)


@pytest.fixture(scope="module")
def recording():
    return v1keras.simulate_recording(40, 10, neurons_per_kind=1, image_size=16)


def test_from_preset_loads_a_model_that_has_the_name():
    model = V1Model.from_preset("simulated_gaussian")
    assert model.preset_name == "simulated_gaussian"
    assert "preset=simulated_gaussian, " in repr(model)
    images = np.full((2, *model.image_size, 1), 100, "float32")
    expected = v1keras.load_model("simulated_gaussian")(images)
    np.testing.assert_array_equal(model(images), expected)


def test_from_preset_of_another_class_says_which():
    with pytest.raises(ValueError, match="is of the class V1Model.*V1Model.from_pre"):
        Ensemble.from_preset("simulated_gaussian")
    with pytest.raises(FileNotFoundError, match="no model 'simulated_gausian'"):
        V1Model.from_preset("simulated_gausian")


def test_save_to_preset_is_opened_again_with_its_scores(recording, tmp_path):
    model = v1keras.build_model(recording, core={"filters": (4, 4, 4)})
    model.save_to_preset(tmp_path / "mine", recording)
    again = V1Model.from_preset(tmp_path / "mine")
    images = recording.images[:3, ..., None].astype("float32")
    np.testing.assert_allclose(again(images), model(images), rtol=1e-6)
    assert again.preset_name == "mine"
    (row, *_) = v1keras.zoo.info(tmp_path / "mine")["scores"]
    mean = v1keras.score(model, recording).mean("correlation")
    assert row["correlation"] == pytest.approx(mean) and row["count"] == 4


def test_save_to_preset_of_another_recording_writes_nothing(recording, tmp_path):
    with pytest.raises(ValueError, match="recording .*4 neurons; the model predicts 3"):
        small_model().save_to_preset(tmp_path / "mine", recording)
    assert not (tmp_path / "mine").exists()


def test_the_summary_opens_the_core():
    model = small_model()
    lines = []
    model.summary(expand_nested=True, line_length=120, print_fn=lines.append)
    text = "\n".join(lines)
    for layer in model.core.sub_layers():
        assert f"└ {layer.name}" in text
    assert re.search(r"conv_0 \(Conv2D\) +│ \(None, 12, 12, 4\)", text), text
    lines.clear()
    model.summary(line_length=120, print_fn=lines.append)
    assert "conv_0" not in "\n".join(lines)


def test_the_files_of_weights_have_the_paths_they_had(tmp_path):
    """The sub-layers are also at `core.layers`, where Keras would look first."""
    import h5py

    small_model().save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        groups = [name for name in file["layers"]]
        assert "stages" in file["layers/stacked_core"] and "stacked_core" in groups
        assert "layers" not in file["layers/stacked_core"]


@pytest.mark.parametrize(
    "name, call",
    [
        ("images", lambda: small_model()(np.zeros((2, 15, 16, 1)))),
        ("images", lambda: small_model().predict(np.zeros((2, 16, 16)), verbose=0)),
        ("images", lambda: small_model().core(np.zeros((2, 16, 16, 3)))),
        ("images", lambda: StackedCore((4,), (5,))(np.zeros((2, 16, 16)))),
        ("features", lambda: small_model().readout(np.zeros((2, 6, 6, 9)))),
        ("features", lambda: small_model().readout(np.zeros((2, 7, 6, 4)))),
        ("features", lambda: FactorizedReadout(3)(np.zeros((2, 7)))),
        ("features", lambda: built(GaussianReadout(3))(np.zeros((2, 8, 8, 5)))),
        ("responses", lambda: fitted(np.zeros((4, 5)))),
        ("recording", lambda: v1keras.fit(small_model(), simulated(20))),
        ("recording", lambda: v1keras.score(small_model(), simulated(20))),
        ("recording", lambda: v1keras.preferred_stimuli(small_model(), simulated(16))),
    ],
)
def test_errors_of_shape_name_the_argument(name, call):
    with pytest.raises(ValueError, match=rf"(?s)(^|name '){name}\b"):
        call()


def built(readout):
    readout(np.zeros((2, 8, 8, 4), "float32"))
    return readout


def fitted(responses):
    model = small_model()
    model.compile("adam", v1keras.losses.PoissonLoss())
    model.fit(np.zeros((4, 16, 16, 1)), responses, verbose=0)


def simulated(size):
    return v1keras.simulate_recording(40, 10, neurons_per_kind=1, image_size=size)


ELSEWHERE = """
import v1keras
recording = v1keras.simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
model = v1keras.build_model(recording, core={"filters": (4, 4, 4)})
print(v1keras.score(model, recording))
for train in (v1keras.fit, v1keras.preferred_stimuli):
    try:
        train(model, recording)
    except ValueError as error:
        print(error)
"""


@pytest.mark.slow
def test_another_backend_is_answered_in_one_sentence():
    pytest.importorskip("jax")
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *table, training, inversion = done.stdout.splitlines()
    assert table[0].startswith("10 test images")
    sentence = "{} needs TensorFlow; Keras's backend is 'jax': unset KERAS_BACKEND"
    assert training == sentence.format("training")
    assert inversion == sentence.format("inversion")

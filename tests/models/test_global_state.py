"""A user's global settings of Keras change nothing."""

import keras
import numpy as np
import outputs
import pytest

import v1keras
from v1keras import models
from v1keras.io.keras_defaults import keras_defaults

RECORDING = v1keras.simulate_recording(32, 16, neurons_per_kind=1, image_size=16)
RECORDING.covariates["eye"] = np.random.default_rng(0).normal(size=(48, 2))
SETTINGS = {
    "channels_first": lambda: keras.config.set_image_data_format("channels_first"),
    "float16": lambda: keras.config.set_floatx("float16"),
    "float64": lambda: keras.config.set_floatx("float64"),
    "mixed_float16": lambda: keras.config.set_dtype_policy("mixed_float16"),
    "mixed_bfloat16": lambda: keras.config.set_dtype_policy("mixed_bfloat16"),
}


def results():
    """Yield the outputs of layers, presets and a training."""
    for name in outputs.LAYERS:
        make, shape = outputs.LAYERS[name]
        layer = outputs.weighted_layer(make(), shape)
        images = np.random.default_rng(7).normal(size=shape).astype("float32")
        yield name, layer(images)
    images = np.random.default_rng(1).uniform(0, 255, (3, 32, 32, 1))
    images = images.astype("float32")
    preset = v1keras.load_model("simulated_gaussian")
    yield "preset", preset.predict(images, verbose=0)
    yield "neuron_rates", preset.neuron_rates(images, np.array([0, 1, 2]))
    readout = {"kind": "gaussian", "shifter": "eye", "modulator": "eye"}
    core = {"filters": (4, 4), "kernel_sizes": (5, 3), "separable": True}
    model = v1keras.build_model(RECORDING, core=core, readout=readout)
    v1keras.fit(model, RECORDING, max_epochs=1, batch_size=16)
    inputs = RECORDING.arrays("test", ["eye"])[0]
    yield "training", model.predict(inputs, verbose=0)
    plain = models.KindelCore(dropout=0.0)
    model = models.V1Model(plain, models.DenseReadout(4), (16, 16), 110, 60)
    yield "kindel", outputs.weighted(model)(RECORDING.arrays("test")[0])


@pytest.fixture(scope="module")
def expected():
    return dict(results())


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in list(SETTINGS)[2:]]


@pytest.mark.parametrize("setting", ["channels_first", "float16", *SLOW])
def test_a_global_setting_changes_nothing(setting, expected):
    with keras_defaults():  # which restores what was set
        SETTINGS[setting]()
        actual = dict(results())
    for name, values in expected.items():
        found = np.asarray(actual[name], "float64")
        np.testing.assert_allclose(found, values, rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", ["train", "evaluate", "invert"])
def test_another_backend_is_refused_in_one_line(command, tmp_path, name):
    (tmp_path / "keras.json").write_text('{"backend": "jax", "floatx": "float16"}')
    settings = [
        ({"KERAS_BACKEND": "torch"}, "'torch': unset KERAS_BACKEND"),
        ({"KERAS_HOME": str(tmp_path)}, f"in {tmp_path / 'keras.json'}"),
    ]
    for variables, fix in settings:
        needed = ["--workdir=run"] if name == "train" else ["--model=run", "--out=run"]
        done = command(name, *needed, variables=variables, cwd=tmp_path)
        assert done.returncode == 1 and done.stdout == ""
        assert "needs TensorFlow; Keras's backend is" in done.stderr
        assert done.stderr.count("\n") == 1 and fix in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["keras.json"]

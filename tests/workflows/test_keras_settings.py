"""`v1keras doctor` tells what Keras's own settings are, and what they break."""

import json
import os
import subprocess
import sys

import pytest

from v1keras.io import backend
from v1keras.workflows import doctor


def finding(tmp_path, monkeypatch, settings=None, **variables):
    """The doctor's line on Keras, with settings in a folder of their own."""
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "elsewhere"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if settings is not None:
        (tmp_path / "elsewhere").mkdir()
        text = settings if isinstance(settings, str) else json.dumps(settings)
        (tmp_path / "elsewhere" / "keras.json").write_text(text)
    return doctor._keras()


@pytest.mark.parametrize(
    "settings",
    [
        {"image_data_format": "channels_first"},
        {"floatx": "float16"},
        {"floatx": "float64", "image_data_format": "channels_first"},
    ],
)
def test_settings_that_change_nothing_are_named(tmp_path, monkeypatch, settings):
    line = finding(tmp_path, monkeypatch, settings)
    assert not line.fix
    assert str(tmp_path / "elsewhere" / "keras.json") in line.found
    for key, value in settings.items():
        assert f"{key} {value}" in line.found
    assert "changes no model of v1keras" in line.found


@pytest.mark.parametrize("settings", [None, {}, "no JSON", {"backend": "tensorflow"}])
def test_nothing_is_said_of_usual_settings(tmp_path, monkeypatch, settings):
    line = finding(tmp_path, monkeypatch, settings)
    assert (line.found, line.fix) == ("backend tensorflow", "")


@pytest.mark.parametrize("name", ["jax", "torch", "none of these"])
def test_another_backend_in_the_file_is_named(tmp_path, monkeypatch, name):
    line = finding(tmp_path, monkeypatch, {"backend": name})
    assert line.found.startswith(f"backend {name}")
    path = tmp_path / "elsewhere" / "keras.json"
    assert f'set "backend": "tensorflow" in {path}' in line.fix


def test_a_variable_goes_before_the_file(tmp_path, monkeypatch):
    stated = {"backend": "torch"}
    line = finding(tmp_path, monkeypatch, stated, KERAS_BACKEND="tensorflow")
    assert line.found.startswith("backend tensorflow") and not line.fix
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    line = doctor._keras()
    assert line.found.startswith("backend jax") and "unset KERAS_BACKEND" in line.fix


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"image_data_format": "channels_middle"}, "'image_data_format', expected one"),
        ({"floatx": "bfloat16"}, "'floatx', expected one of float16"),
        ({"floatx": None}, "found None for 'floatx'"),
        ({"epsilon": "small"}, "'epsilon', expected a number"),
        ([1], "holds no settings: remove it"),
    ],
)
def test_settings_with_which_keras_does_not_start_are_named(
    tmp_path, monkeypatch, settings, words
):
    line = finding(tmp_path, monkeypatch, settings)
    assert words in line.fix and "keras.json" in line.fix
    with pytest.raises(ValueError, match="keras.json"):
        backend.require_tensorflow("training")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "status"), [([1], 1), ({"image_data_format": "channels_first"}, 0)]
)
def test_a_command_starts_or_says_why_not(tmp_path, settings, status):
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    words = [sys.executable, "-m", "v1keras", "doctor"]
    done = subprocess.run(
        words,
        env=os.environ | {"KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status
    assert "Traceback" not in done.stdout + done.stderr
    assert "keras.json" in done.stdout

"""`v1keras --version` and `v1keras doctor`, as a user calls them."""

import configparser
import importlib
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import v1keras
from v1keras import zoo
from v1keras.workflows import doctor
from v1keras.zoo import catalog, layout

ROOT = pathlib.Path(v1keras.__file__).parents[1]


def call(*words, cwd=ROOT, **environment):
    kept = {
        key: value
        for key, value in os.environ.items()
        if key != "V1KERAS_DATA" and not key.startswith("TF")
    }
    kept |= {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(
        [sys.executable, "-m", "v1keras", *words],
        cwd=cwd,
        env=kept,
        capture_output=True,
        text=True,
    )


def test_the_console_script_is_this_command():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    scripts = dict(
        line.split(" = ")
        for line in setup["options.entry_points"]["console_scripts"].split("\n")
        if line
    )
    module, name = scripts["v1keras"].split(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_version_needs_no_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('imported')")
    done = call("--version", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"v1keras {v1keras.__version__}\n",
        "",
    )


def test_all_is_well_here(tmp_path):
    (tmp_path / "data" / "kindel2019").mkdir(parents=True)
    (tmp_path / "data" / "kindel2019" / "data.tar.gz").touch()
    (tmp_path / "data" / "holiday").mkdir()
    done = call(
        "doctor",
        cwd=tmp_path,
        V1KERAS_DATA=str(tmp_path / "data"),
        XDG_CACHE_HOME=str(tmp_path / "not" / "yet"),
    )
    assert done.returncode == 0 and done.stderr == "", done
    assert max(map(len, done.stdout.splitlines())) <= 80
    output = " ".join(done.stdout.split())
    assert "which holds kindel2019 presets ok" in output
    assert "CPU cores" in output
    assert "bfloat16" in output
    assert not (tmp_path / "not" / "yet" / "v1keras").exists()


def test_what_is_broken_is_named_with_its_fix(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no kernel image')")
    broken = {
        "V1KERAS_DATA": str(tmp_path / "gone"),
        "XDG_CACHE_HOME": str(tmp_path / "file" / "cache"),
    }
    done = call("doctor", **broken, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 1
    assert (
        done.stderr
        == "error: broken: devices, data, cache; the table says how to mend it\n"
    )
    assert (
        done.stdout.count("BROKEN") == done.stdout.count("fix: ") == 3
        and "no kernel image" in done.stdout
    )


def test_a_backend_that_cannot_train_is_named():
    done = call("doctor", KERAS_BACKEND="jax")
    assert done.returncode == 1 and "unset KERAS_BACKEND" in done.stdout


def test_a_damaged_preset_is_named(tmp_path, monkeypatch):
    shutil.copytree(zoo.find("simulated_factorized"), tmp_path / "simulated_factorized")
    monkeypatch.setattr(catalog, "zoo_folder", lambda: tmp_path)
    assert not doctor._presets().fix
    weights = tmp_path / "simulated_factorized" / layout.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    finding = doctor._presets()
    assert (
        finding.fix
        and "1 of 1 damaged" in finding.found
        and "model.weights.h5" in finding.found
    )


@pytest.mark.parametrize(
    "flags, expected",
    [
        ("fpu sse amx_bf16 avx512_bf16", "in hardware on the CPU (AMX, AVX-512)"),
        ("fpu", "only emulated"),
    ],
)
def test_precision_is_what_the_processor_states(monkeypatch, flags, expected):
    monkeypatch.setattr(pathlib.Path, "exists", lambda path: True)
    monkeypatch.setattr(
        pathlib.Path,
        "read_text",
        lambda path: f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: spectre\n",
    )
    assert expected in doctor._bfloat16(
        []
    ) and "in hardware on GPU 0" in doctor._bfloat16([(9, 0)])


def test_a_full_disk_is_broken(tmp_path, monkeypatch):
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda folder: shutil._ntuple_diskusage(1 << 40, 1 << 40, 0),
    )
    assert (
        doctor._folder("folder here", tmp_path, "go elsewhere").fix
        == "make room there, or go elsewhere"
    )


def test_unknown_word_is_answered_in_one_line():
    done = call("trian")
    assert (
        done.returncode == 1
        and done.stderr.count("\n") == 1
        and "one of data, train," in done.stderr
    )

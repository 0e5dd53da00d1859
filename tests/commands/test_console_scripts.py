"""The console scripts of a wheel, in an environment and a folder of their own.

`V1KERAS_PYTHONS="python3.10 python3.13"` tries those interpreters, too, each with the
dependencies that pip installs for it.
"""

import configparser
import os
import pathlib
import re
import site
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
OWN_FLAG = {
    "v1keras": "version",
    "v1keras-data": "train_images",
    "v1keras-train": "workdir",
    "v1keras-evaluate": "against",
    "v1keras-experiment": "gamma",
    "v1keras-invert": "neurons",
    "v1keras-tune": "space",
    "v1keras-zoo": "scores",
}
HERE = pytest.param(sys.executable, id="here", marks=pytest.mark.slow)
CLEAN = {"PATH": os.environ["PATH"]}
ASKED = os.environ.get("V1KERAS_PYTHONS", "").split()


@pytest.fixture(scope="module", params=[HERE, *ASKED])
def environment(request, tmp_path_factory):
    """Where the scripts of the installed wheel are."""
    folder = tmp_path_factory.mktemp("environment")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = [*pip, "wheel", ROOT, "--no-deps", f"--wheel-dir={folder}"]
    subprocess.run(wheel, check=True)
    subprocess.run([request.param, "-m", "venv", folder / "own"], check=True)
    scripts = folder / "own" / "bin"
    install = [scripts / "python", *pip[1:], "install", *folder.glob("*.whl")]
    if request.param != sys.executable:
        subprocess.run(install, check=True, env=CLEAN)
        return scripts
    subprocess.run([*install, "--no-deps"], check=True, env=CLEAN)
    (packages,) = folder.glob("own/lib/python*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return scripts


@pytest.fixture
def script(environment, tmp_path):
    def run(name, *words, status=0):
        done = subprocess.run(
            [environment / name, *words],
            cwd=tmp_path,
            env=CLEAN | {"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done
        return done.stderr if status else done.stdout

    return run


def test_every_script_lists_its_own_flags(script):
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = setup["options.entry_points"]["console_scripts"].strip().splitlines()
    assert sorted(line.split(" = ")[0] for line in lines) == sorted(OWN_FLAG)
    for name, flag in OWN_FLAG.items():
        assert re.search(rf"^  --(\[no\])?{flag}:", script(name, "--help"), re.M), name


def test_the_one_command_does_what_the_scripts_do(script):
    names = re.findall(r"^    (\w+)  ", script("v1keras", "--help"), re.M)
    assert {"data", "train", "evaluate", "invert", "zoo", "doctor"} <= {*names}
    for name in names:
        flags = re.findall(r"^  (--\S+):", script("v1keras", name, "--help"), re.M)
        if f"v1keras-{name}" in OWN_FLAG:
            alone = script(f"v1keras-{name}", "--help")
            assert flags == re.findall(r"^  (--\S+):", alone, re.M)


def test_wrong_words_are_answered_in_one_line(script):
    for name in OWN_FLAG:
        error = script(name, "nonsense", status=1)
        assert error.startswith("error: ") and error.count("\n") == 1, name


def test_a_network_is_trained_far_from_the_checkout(script, tmp_path):
    sizes = ["--train_images=40", "--neurons_per_kind=1", "--image_size=16"]
    script("v1keras", "data", "simulate", *sizes, "--out=made.h5")
    line = ["--config=tiny", "--config.data.recording=made.h5", "--workdir=run"]
    assert "report: run/report.html" in script("v1keras", "train", *line)
    scores = script("v1keras", "evaluate", "--model=run", "--out=scores")
    assert "CC_norm" in scores and (tmp_path / "scores" / "neurons.csv").exists()

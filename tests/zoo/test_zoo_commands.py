import csv
import io
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from v1keras import zoo

NAME = "simulated_factorized"


def test_the_zoo_is_listed_at_once_without_tensorflow(command):
    begun = time.perf_counter()
    listed = command("zoo", "list")
    took = time.perf_counter() - begun
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["preset", *zoo.names()] and listed.returncode == 0
    row = next(row for row in zoo.info(NAME)["scores"] if row["neurons"] == "reported")
    assert f"{row['correlation']:.3f}" in next(line for line in listed.stdout.splitlines() if line.startswith(NAME))
    assert took < 1
    code = "import sys; sys.argv = sys.orig_argv = ['v1keras-zoo', 'list']; from v1keras.zoo.__main__ import show_list; show_list(); "
    code += "assert not {'tensorflow', 'keras'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_card_is_shown(command):
    assert command("zoo", "show", NAME).stdout == (zoo.find(NAME) / "README.md").read_text()


def test_presets_are_verified_and_failures_named(command, tmp_path):
    shutil.copytree(zoo.find(NAME), tmp_path / "changed")
    weights = tmp_path / "changed" / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-1])
    done = command("zoo", "verify", NAME, tmp_path / "changed")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{NAME}: files, names and golden outputs are as stated")
    assert re.fullmatch(r"error: 1 of 2 presets failed: .*changed/model.weights.h5 is not the file of this preset: .*\n", done.stderr)


def test_rates_are_predicted_for_arrays_and_image_files(command, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    Image.fromarray(images[0]).save(tmp_path / "first.png")
    np.save(tmp_path / "rest.npy", images[1:])
    done = command("zoo", "predict", NAME, "first.png", "rest.npy", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    head, *rows = csv.reader(io.StringIO(done.stdout))
    assert head == ["image", *(f"neuron_{i}" for i in range(48))]
    assert [row[0] for row in rows] == ["first.png", "rest.npy[0]", "rest.npy[1]"]
    expected = zoo.load(NAME).predict(images[..., None].astype("float32"), verbose=0)
    np.testing.assert_allclose(np.array([row[1:] for row in rows], float), expected, rtol=2e-5)


def test_pixels_from_0_to_1_are_warned_of(command, tmp_path):
    np.save(tmp_path / "a.npy", np.full((1, 32, 32), 0.5))
    done = command("zoo", "predict", NAME, tmp_path / "a.npy")
    assert done.returncode == 0 and re.fullmatch(r"warning: .*a\.npy: all pixels lie from 0 to 1, .*\n", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "found 'nothing to do'; expected `list`, `show NAME`"),
        (["predict", NAME], "expected `list`"),
        (["add", "somewhere"], "`add WORKDIR --name=NAME`"),
        (["show", "gone"], "no model 'gone'"),
        (["predict", NAME, "gone.png"], "No such file or directory: .*gone.png"),
        (["add", "gone", "--name=a_b"], "gone has no metrics.json"),
        (["add", "gone", "--name=../a"], "--name: found '../a'"),
    ],
)
def test_bad_input_gets_one_line(command, tmp_path, arguments, message):
    done = command("zoo", *arguments, cwd=tmp_path)
    assert done.returncode == 1 and re.fullmatch(rf"error: .*{message}.*\n", done.stderr), done.stderr
    assert list(tmp_path.iterdir()) == []

import csv
import io
import re
import shutil
import types

import numpy as np
import pytest
from PIL import Image

from v1keras import zoo
from v1keras.zoo import __main__

NAME = "simulated_factorized"


def test_the_zoo_is_listed_at_once_without_tensorflow(command):
    listed = command("zoo", "list", variables={"PYTHONPROFILEIMPORTTIME": "1"})
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        "preset",
        *zoo.names(),
    ] and listed.returncode == 0
    row = next(row for row in zoo.info(NAME)["scores"] if row["neurons"] == "reported")
    assert f"{row['correlation']:.3f}" in next(
        line for line in listed.stdout.splitlines() if line.startswith(NAME)
    )
    # Modules instead of seconds, which depend on what else the machine does.
    imported = [line.rpartition("|")[2].strip() for line in listed.stderr.splitlines()]
    assert "v1keras.zoo.catalog" in imported and len(imported) < 500
    slow = {"tensorflow", "keras", "scipy", "h5py", "matplotlib", "PIL"}
    assert not slow & {name.partition(".")[0] for name in imported}


def test_a_card_is_shown(command):
    assert (
        command("zoo", "show", NAME).stdout
        == (zoo.find(NAME) / "README.md").read_text()
    )


def test_presets_are_verified_and_failures_named(command, tmp_path):
    shutil.copytree(zoo.find(NAME), tmp_path / "changed")
    weights = tmp_path / "changed" / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-1])
    done = command("zoo", "verify", NAME, tmp_path / "changed")
    assert done.returncode == 1
    assert done.stdout.startswith(
        f"{NAME}: files, names and golden outputs are as stated"
    )
    assert re.fullmatch(
        r"error: 1 of 2 presets failed: .*changed/model.weights.h5 is not the file of"
        r" this preset: .*\n",
        done.stderr,
    )


def test_rates_are_predicted_for_arrays_and_image_files(command, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    images[1:] = (
        images[1:] > 127
    )  # values that look like 0 to 1 are warned of, and taken as they are
    Image.fromarray(images[0]).save(tmp_path / "first.png")
    np.save(tmp_path / "rest.npy", images[1:])
    done = command("zoo", "predict", NAME, "first.png", "rest.npy", cwd=tmp_path)
    assert done.returncode == 0 and re.fullmatch(
        r"warning: rest\.npy: pixels lie from .* to .*, but .*\n", done.stderr
    ), done.stderr
    head, *rows = csv.reader(io.StringIO(done.stdout))
    assert head == ["image", *(f"neuron_{i}" for i in range(48))]
    assert [row[0] for row in rows] == ["first.png", "rest.npy[0]", "rest.npy[1]"]
    expected = zoo.load(NAME).predict(images[..., None].astype("float32"), verbose=0)
    np.testing.assert_allclose(
        np.array([row[1:] for row in rows], float), expected, rtol=2e-5
    )


@pytest.mark.parametrize(
    ("arguments", "name", "message"),
    [
        ([], None, "found 'nothing to do'; expected `list`, `show NAME`"),
        (["predict", NAME], None, "expected `list`"),
        (["add", "somewhere"], None, "`add WORKDIR --name=NAME`"),
        (["show", "gone"], None, "no model 'gone'"),
        (["predict", NAME, "gone.png"], None, "No such file or directory: .*gone.png"),
        (["add", "gone"], "a_b", "gone has no metrics.json"),
        (["add", "gone"], "../a", "--name: found '../a'"),
    ],
)
def test_bad_input_is_told(monkeypatch, capsys, arguments, name, message):
    values = types.SimpleNamespace(name=name, scores=False, half=False)
    monkeypatch.setattr(__main__.flags, "FLAGS", values)
    with pytest.raises((ValueError, OSError), match=message):
        __main__.main(["zoo", *arguments])
    assert capsys.readouterr().out == ""

"""Recordings of any name are trained on, stored, scored, inverted and shown."""

import csv
import html
import json
import pathlib

import numpy as np
import pytest

from v1keras import simulate_recording, zoo
from v1keras.evaluation.table import score_table
from v1keras.io.terminal import short_names

NAMES = [
    *("mouse 1", "Mäuse", "M1 (V1)", "2024/05/01", "a:b", "a/b", "x+y", ".", "..", ""),
    *("🐭", "long " * 60, "long " * 60 + "2", "<b>|x|</b>\n`y`\x1b[2J", "above 5 Hz"),
    *("readout_0", "images", "../../up", "{0}%s$"),
]
ROOT = pathlib.Path(__file__).parents[2]


def recording_of(name, seed=0):
    recording = simulate_recording(
        *(30, 10), neurons_per_kind=1, image_size=12, seed=seed
    )
    recording.attributes["name"] = name
    return recording


def train_flags(files):
    return [
        f"--config={ROOT / 'configs' / 'tiny.py'}",
        f"--config.data.recording={','.join(files)}",
        "--config.training.max_epochs=1",
        "--config.training.batch_size=8",
        "--config.core.filters=(2,2)",
        "--config.core.kernel_sizes=(3,3)",
        "--quiet",
    ]


def done(result):
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize(
    "names",
    [["M1 (V1)", "2024/05/01", ""], pytest.param(NAMES, marks=pytest.mark.slow)],
)
def test_recordings_of_any_names_share_a_training(tmp_path, command, names):
    files = [f"{i}.h5" for i in range(len(names))]
    for seed, (file, name) in enumerate(zip(files, names, strict=True)):
        recording_of(name, seed).save(tmp_path / file)
    done(command("train", *train_flags(files), "--workdir=w", cwd=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*files, "w"])
    model, metadata = zoo.load(tmp_path / "w", check=True), zoo.info(tmp_path / "w")
    assert list(model.readouts) == list(metadata["sessions"]) == names
    assert {row["neurons"] for row in metadata["scores"]} == {"reported", "above 5 Hz"}
    images = recording_of("").images[:2, ..., None].astype("float32")
    for name, rates in model(images).items():
        np.testing.assert_allclose(rates, model.session(name)(images), rtol=1e-5)
    groups = json.loads((tmp_path / "w" / "metrics.json").read_text())["groups"]
    assert all(f"{name}: reported" in groups for name in names)
    done(command("evaluate", "--model=w", "--out=scores", cwd=tmp_path))
    with open(
        tmp_path / "scores" / "neurons.csv", encoding="utf-8", newline=""
    ) as file:
        columns = {row["recording"] for row in csv.DictReader(file)}
    assert columns == set(names)


@pytest.mark.slow
def test_a_name_is_shown_as_it_stands(tmp_path, command):
    name = "<b>|x|</b>\n`y`\x1b[2J"
    escaped = r"\<b>\|x\|\</b> \`y\`\\x1b\[2J"
    shown_name = name.replace("\x1b", r"\x1b")
    recording_of(name).save(tmp_path / "0.h5")
    done(command("train", *train_flags(["0.h5"]), "--workdir=w", cwd=tmp_path))
    assert zoo.info(tmp_path / "w")["recording"]["name"] == name
    page = (tmp_path / "w" / "report.html").read_text("utf-8")
    assert f"<dd>{html.escape(shown_name)}</dd>" in page and "<b>" not in page
    card = (tmp_path / "w" / "preset" / "README.md").read_text("utf-8")
    assert f"- recording: {escaped}; sessions" in card
    shown = done(command("data", "info", "0.h5", cwd=tmp_path))
    assert "\nname: " in shown
    done(command("data", "plot", "0.h5", "--out=page.html", cwd=tmp_path))
    steps = ["--steps=2", "--neurons=0", "--out=cells"]
    result = command("invert", "--model=w", *steps, cwd=tmp_path)
    # After one epoch the rate may be the same for all images; that is said in a line.
    assert result.returncode == 0 or "is the same for all images" in result.stderr


def test_long_names_stay_apart_in_the_table():
    score = {"mean": 0.5, "interval": None}
    group = {"neurons": 7, "correlation": score, "cc_norm": score}
    group["fraction_near_limit"] = 0.0
    groups = {f"{name}: reported": group for name in NAMES}
    metrics = {"split": "test", "images": 9, "ceiling": "means", "groups": groups}
    lines = score_table(metrics).split("\n")[2:]
    assert len({line[:20] for line in lines}) == len(lines) == len(NAMES)
    assert max(map(len, lines)) <= 80
    assert short_names(["mouse 1", "mouse  1"], 20)["mouse 1"] != "mouse 1"

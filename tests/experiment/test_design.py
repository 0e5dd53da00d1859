import csv
import hashlib
import json

import numpy as np
import pytest
from PIL import Image

import v1keras
from v1keras.experiment import open_set
from v1keras.workflows.reopen import open_model

SLOW = pytest.mark.slow


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def manifest(designed):
    assert designed.done.returncode == 0, designed.done.stderr
    return json.loads((designed.folder / "manifest.json").read_text())


def test_each_neuron_has_its_stimuli(designed, manifest):
    made = open_set(designed.folder)
    kinds = ["preferred", "image_at_norm", "image_as_shown", "gabor"]
    for role in [*kinds, "center_surround", "masked_image"]:
        assert (made.places(role) >= 0).all()
    assert made.roles.count("blank") == 1
    assert len(set(made.names)) == len(made.names)
    blank = made.images[made.roles.index("blank")]
    assert np.ptp(blank) == 0
    patterns = (made.images - blank[0, 0]).reshape(len(made.names), -1)
    norms = np.linalg.norm(patterns, axis=1)
    for role, norm in zip(made.roles, norms, strict=True):
        if role not in ("blank", "recorded", "image_as_shown"):
            assert norm == pytest.approx(manifest["norm"], rel=0.02), role


def test_image_files_are_what_the_model_was_asked(designed, manifest, tiny):
    """Decoded here by hand: nearest squares, and the gamma of the screen."""
    model, _, recording = open_model(tiny.workdir)
    height, width = manifest["image_size"]
    side = round(2 * np.tan(np.radians(3)) * 57 * 400 / 40)
    right, up = np.tan(np.radians([2, -1])) * 57 * 400 / 40
    left, top = round((400 - side) / 2 + right), round((300 - side) / 2 - up)
    images = []
    for stimulus in manifest["stimuli"]:
        path = designed.folder / "images" / f"{stimulus['name']}.png"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == stimulus["sha256"]
        picture = np.asarray(Image.open(path))
        assert picture.shape == (300, 400)
        middles = ((np.arange(height) + 0.5) * side / height).astype(int)
        part = picture[top + middles][:, left + middles]
        images.append(255 * (part / 255) ** 2.2)
    images = np.stack(images).astype("float32")
    np.testing.assert_allclose(open_set(designed.folder).images, images, atol=1e-4)
    rates = np.asarray(model(images[..., None]))[:, manifest["neurons"]]
    rows = rows_of(designed.folder / "predicted_rates.csv")
    written = [[float(value) for value in list(row.values())[1:]] for row in rows]
    np.testing.assert_allclose(written, rates, rtol=1e-3, atol=1e-5)
    for name, stimulus in zip(images, manifest["stimuli"], strict=True):
        if stimulus["role"] == "image_as_shown":
            shown = recording.images[stimulus["recorded_image"]]
            assert np.abs(name - shown).max() < 2  # half a step of the brightest levels


def test_the_table_is_balanced(designed, manifest):
    rows = rows_of(designed.folder / "presentations.csv")
    names = sorted(stimulus["name"] for stimulus in manifest["stimuli"])
    assert len(rows) == 6 * len(names)
    for block in range(6):
        inside = [row["stimulus"] for row in rows if row["block"] == str(block)]
        assert sorted(inside) == names
    order = [row["stimulus"] for row in rows]
    assert all(a != b for a, b in zip(order, order[1:], strict=False))
    onsets = np.array([float(row["onset_s"]) for row in rows])
    np.testing.assert_allclose(np.diff(onsets), 0.6, atol=1e-5)
    conditions = rows_of(designed.folder / "conditions.csv")
    assert [row["image_file"] for row in conditions] == [
        row["image_file"] for row in rows
    ]
    for row in conditions:
        assert (designed.folder / row["image_file"]).is_file()
    for name, digest in manifest["files"].items():
        content = (designed.folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest


def test_the_first_days_responses_are_those_of_the_recording(designed, tiny):
    made, recording = open_set(designed.folder), v1keras.load_recording(tiny.recording)
    places = np.flatnonzero(np.array(made.roles) == "recorded")
    assert len(places) == 20
    assert set(made.recorded[places]) <= set(recording.repeat_images)
    expected = recording.responses[made.recorded[places]][:, made.neurons]
    np.testing.assert_allclose(made.predictions.first_day[places], expected, 1e-6)


@SLOW
def test_a_design_is_the_same_again(designed, command, tmp_path):
    again = command("experiment", "design", *designed.words, f"--out={tmp_path / 'b'}")
    assert again.returncode == 0, again.stderr
    for path in sorted(designed.folder.rglob("*.*")):
        other = tmp_path / "b" / path.relative_to(designed.folder)
        assert other.read_bytes() == path.read_bytes(), path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--gamma=0"], "gamma: found 0.0"),
        (["--luminances={folder}/down.csv"], "either --gamma=2.2"),
        (["--contrast_norm=4000"], "does not fit"),
        pytest.param(["--contrast_norm=0.5"], "the screen shows", marks=SLOW),
        pytest.param(["--contrast_norm=1900"], "the screen shows", marks=SLOW),
        (["--pixel_range=0,100"], "the screen shows 0 to 100"),
        (["--screen=wide,400"], "--screen=wide,400: expected two numbers"),
        (["--one_per=electrode"], "no such column; they have column"),
        (["--neurons=9"], "there is no neuron 9"),
        (["--degrees=70"], "leaves the screen"),
    ],
)
def test_what_does_not_fit_gets_one_line(designed, command, change, message, tmp_path):
    change = [word.format(folder=tmp_path) for word in change]
    out = tmp_path / "set"
    done = command("experiment", "design", *designed.words, *change, f"--out={out}")
    assert done.returncode == 1 and message in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not out.exists()


def test_a_table_that_falls_is_refused(designed, command, tmp_path):
    table = tmp_path / "down.csv"
    table.write_text("level,cd\n0,0.3\n128,40\n255,39\n")
    words = [word for word in designed.words if not word.startswith("--gamma")]
    words += [f"--luminances={table}", f"--out={tmp_path / 'set'}"]
    done = command("experiment", "design", *words)
    assert done.returncode == 1 and not (tmp_path / "set").exists()
    assert "down.csv" in done.stderr and "is followed by 39" in done.stderr


@SLOW
def test_inhibiting_and_diverse_stimuli_are_added(designed, command, tmp_path):
    words = [*designed.words, "--inhibiting", "--diverse=2", f"--out={tmp_path / 'b'}"]
    done = command("experiment", "design", *words)
    assert done.returncode == 0, done.stderr
    made = open_set(tmp_path / "b")
    own = np.arange(len(made.neurons))
    assert made.roles.count("diverse") == 2 * len(own)
    rates = made.predictions.rates
    lowest, highest = made.places("inhibiting"), made.places("preferred")
    assert (rates[lowest, own] < rates[made.roles.index("blank")] + 1e-3).all()
    assert (rates[lowest, own] < rates[highest, own]).all()


@pytest.mark.parametrize("words", [[], ["draw"], ["design"]])
def test_the_command_says_what_it_expects(command, words):
    done = command("experiment", *words)
    assert done.returncode == 1 and "expected `design" in done.stderr

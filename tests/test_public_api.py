"""The public functions do in Python what the commands do."""

import csv

import h5py
import numpy as np
import pytest

import v1keras
from v1keras.config import resolve
from v1keras.inversion import PreferredStimuli

VERBS = ["load_recording", "load_model", "build_model", "fit", "score", "compare"]
VERBS += ["preferred_stimuli", "characterize", "write_report"]


@pytest.fixture(scope="module")
def in_python(tiny):
    """The three commands' work on the recording of `tiny`, by functions."""
    recording = v1keras.load_recording(tiny.recording)
    model = v1keras.build_model(recording, "tiny")
    history = v1keras.fit(model, recording, "tiny")
    scores = v1keras.score(model, recording)
    return recording, model, history, scores


def test_names_are_listed():
    names = dir(v1keras)
    assert set(VERBS) <= set(names) and names == sorted(names)
    assert {"losses", "metrics", "models", "zoo"} <= set(names)
    with pytest.raises(AttributeError, match="no attribute 'Scores'; it has"):
        v1keras.Scores


def test_fit_ends_with_the_weights_of_the_command(tiny, in_python):
    _, model, history, _ = in_python
    trained = v1keras.load_model(tiny.workdir)
    pairs = zip(model.get_weights(), trained.get_weights(), strict=True)
    for weight, expected in pairs:
        np.testing.assert_array_equal(weight, expected)
    assert len(history.history["loss"]) == resolve("tiny").training.max_epochs
    best = max(history.history["validation_score"])
    assert history.best_score == best
    assert history.history["validation_score"][history.best_epoch - 1] == best


def test_score_gives_the_table_and_columns_of_the_command(tiny, in_python):
    scores = in_python[-1]
    assert tiny.trained.stdout.startswith(f"{scores}\n")
    with open(tiny.workdir / "neurons.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(scores.per_neuron)
    for name in ("correlation", "cc_norm"):
        expected = [float(row[name]) for row in rows]
        np.testing.assert_allclose(scores.per_neuron[name], expected, rtol=1e-5)
    mean = np.mean(np.clip(scores.per_neuron["cc_norm"], -1, 1))
    assert scores.mean("cc_norm") == pytest.approx(mean, abs=1e-6)
    near = np.flatnonzero(scores.per_neuron["near_limit"] >= 0.8)
    assert scores.near_limit().tolist() == near.tolist()


@pytest.mark.slow
def test_stimuli_and_cells_are_those_of_the_command(tiny, in_python, command, tmp_path):
    recording, model, _, scores = in_python
    options = ["--neurons=2,0", "--steps=30", f"--out={tmp_path}"]
    done = command("invert", f"--model={tiny.workdir}", *options)
    assert done.returncode == 0, done.stderr
    stimuli = v1keras.preferred_stimuli(model, recording, [2, 0], steps=30)
    assert isinstance(stimuli, PreferredStimuli)
    with h5py.File(tmp_path / "stimuli.h5") as file:
        assert file["neurons"][:].tolist() == [2, 0]
        np.testing.assert_array_equal(stimuli.stimuli, file["stimuli"][:])
    cells = v1keras.characterize(model, recording, stimuli, scores=scores)
    assert done.stdout.startswith(str(cells))
    with open(tmp_path / "cells.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == cells.table["class"].tolist()
    np.testing.assert_allclose(
        [float(row["rate"]) for row in rows], cells.table["rate"], rtol=1e-5
    )
    v1keras.write_report(tmp_path / "page.html", scores, stimuli, cells)
    page = (tmp_path / "page.html").read_text()
    assert page.count("<img") == 2 and "reported" in page
    with pytest.raises(ValueError, match="nothing to report"):
        v1keras.write_report(tmp_path / "page.html")


def test_objects_print_short_and_fit_a_data_frame(in_python):
    recording, model, history, scores = in_python
    for part in (recording, history, scores):
        assert repr(part).startswith("<") and len(repr(part)) < 100
    for name, column in scores.per_neuron.items():
        assert column.shape == (recording.neuron_count,), name
    comparison = v1keras.compare(scores, v1keras.score(model, recording))
    assert comparison.mean == 0 and comparison.interval == (0, 0)


def test_compare_is_the_paired_difference_over_neurons(in_python):
    recording, model, _, scores = in_python
    worse = v1keras.score(lambda images: 9 - np.asarray(model(images)), recording)
    comparison = v1keras.compare(scores, worse)
    difference = scores.per_neuron["correlation"] - worse.per_neuron["correlation"]
    assert comparison.mean == pytest.approx(difference.mean())
    low, high = comparison.interval
    assert low + high == pytest.approx(2 * comparison.mean)
    # No narrower than Student's t of four neurons, images as they are.
    width = 3.182 * difference.std(ddof=1) / 2
    assert 0.8 * width < high - comparison.mean < 3 * width
    with pytest.raises(ValueError, match="same neurons and images"):
        v1keras.compare(scores, v1keras.score(model, recording, "train"))


def test_single_keys_change_the_configuration(in_python):
    recording = in_python[0]
    core = {"filters": (2, 2), "kernel_sizes": (5, 3)}
    model = v1keras.build_model(recording, core=core)
    assert model.core.get_config()["filters"] == (2, 2)
    history = v1keras.fit(model, recording, max_epochs=1, batch_size=20)
    assert len(history.epoch) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda recording: v1keras.build_model(recording, "kindel"),
            "no configuration 'kindel': expected one of default, .*, or a file",
        ),
        (
            lambda recording: v1keras.build_model(recording, core={"filter": (2,)}),
            "core.filter: no such key; expected one of activation, .*filters",
        ),
        (
            lambda recording: v1keras.fit(
                v1keras.build_model(recording), recording, epochs=3
            ),
            "training.epochs: no such key; expected one of .*max_epochs",
        ),
        (
            lambda recording: v1keras.preferred_stimuli(
                v1keras.build_model(recording), recording, [99]
            ),
            "no neuron 99; the model has neurons 0 to 3",
        ),
        (
            lambda recording: v1keras.load_recording("nowhere.h5"),
            "no recording 'nowhere.h5'",
        ),
    ],
    ids=["configuration", "key", "training key", "neuron", "recording"],
)
def test_what_does_not_exist_is_named(in_python, call, message):
    with pytest.raises((ValueError, OSError), match=message):
        call(in_python[0])

"""Sets and second days that are refused in one line, by command."""

import hashlib
import json
import shutil

import numpy as np
import pytest

import v1keras
from v1keras.experiment import open_set
from v1keras.experiment.predictions import PREDICTIONS


def spikes(count, made):
    return np.random.default_rng(0).poisson(4, (count, made.neuron_count))


def without_a_stimulus(made, path):
    shown = np.arange(1, len(made.names))
    recording = v1keras.Recording(
        made.images[shown],
        spikes(len(shown), made),
        covariates={"stimulus": np.array(made.names)[shown]},
    )
    recording.save(path / "two.h5")
    return f"--recording={path / 'two.h5'}", "lacks 1 of the 45 stimuli of the set"


def counted_from_one(made, path):
    recording = v1keras.Recording(
        made.images,
        spikes(len(made.names), made),
        neurons={"neuron": np.arange(made.neuron_count) + 1},
        covariates={"stimulus": np.array(made.names)},
    )
    recording.save(path / "two.h5")
    return f"--recording={path / 'two.h5'}", "expected different indices of the first"


def of_other_stimuli(made, path):
    rows = ["stimulus,a,b,c,d", "blank,1,2,3,4", "grating,1,2,3,4"]
    (path / "two.csv").write_text("\n".join(rows) + "\n")
    return f"--responses={path / 'two.csv'}", "the set has no stimulus 'grating'"


def with_infinity(made, path):
    responses = np.full((made.order.size, made.neuron_count), np.inf)
    np.save(path / "two.npy", responses)
    return f"--responses={path / 'two.npy'}", "found infinity, expected numbers"


@pytest.mark.parametrize(
    "day", [without_a_stimulus, counted_from_one, of_other_stimuli, with_infinity]
)
def test_a_day_that_does_not_fit_gets_one_line(designed, made, command, tmp_path, day):
    flag, message = day(made, tmp_path)
    out = tmp_path / "outcome"
    done = command("experiment", "analyze", designed.folder, flag, f"--out={out}")
    assert done.returncode == 1 and message in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not out.exists()


@pytest.fixture
def changed(designed, tmp_path):
    """Open a copy of the set with another manifest, or arrays, whose hashes fit."""
    folder = tmp_path / "set"
    shutil.copytree(designed.folder, folder)

    def open_changed(change, arrays=None):
        manifest = json.loads((folder / "manifest.json").read_text())
        change(manifest)
        if arrays is not None:
            with np.load(folder / PREDICTIONS) as stored:
                changed_arrays = dict(stored)
            arrays(changed_arrays)
            np.savez(folder / PREDICTIONS, **changed_arrays)
            content = (folder / PREDICTIONS).read_bytes()
            manifest["files"][PREDICTIONS] = hashlib.sha256(content).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return open_set(folder)

    return open_changed


def set_role(manifest, old, new):
    stimuli = manifest["stimuli"]
    next(entry for entry in stimuli if entry["role"] == old)["role"] = new


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: set_role(m, "blank", "gabor"), "expected a blank"),
        (lambda m: set_role(m, "preferred", "gabor"), "one preferred stimulus per"),
        (lambda m: set_role(m, "gabor", "preferred"), "one preferred stimulus per"),
        (lambda m: m["neurons"].__setitem__(0, m["neurons"][1]), "there twice"),
    ],
)
def test_a_manifest_without_what_is_compared_is_refused(changed, change, message):
    with pytest.raises(ValueError, match=message):
        changed(change)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rates", np.nan, "rates: expected numbers"),
        ("shifts", 1.0, "expected a grid around no shift"),
        ("exponents", 1.0, "on both sides of 1"),
    ],
)
def test_predictions_of_no_model_are_refused(changed, name, value, message):
    def change(arrays):
        arrays[name] = np.full_like(arrays[name], value)

    with pytest.raises(ValueError, match=message):
        changed(lambda manifest: None, change)

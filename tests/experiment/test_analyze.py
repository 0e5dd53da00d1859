import csv
import json
import shutil

import h5py
import numpy as np
import pytest

import v1keras
from v1keras.workflows.analyze import analyze
from v1keras.workflows.measured import responses_in_order, responses_of_recording


@pytest.fixture(scope="module")
def trials(made, first_day_rates):
    """Spikes `(stimuli, blocks, neurons of the first day)` as predicted."""
    shape = (len(made.names), len(made.order), made.neuron_count)
    rng = np.random.default_rng(0)
    return rng.poisson(20 * first_day_rates, shape).astype("float32")


@pytest.fixture(scope="module")
def table(made, trials, tmp_path_factory):
    """A laboratory's table: a row per presentation, in the order of the set."""
    path = tmp_path_factory.mktemp("table") / "counts.npy"
    rows = [trials[place, block] for block, o in enumerate(made.order) for place in o]
    np.save(path, np.stack(rows))
    return path


def recording_of(made, trials, **changes):
    values = {
        "responses": trials.mean(axis=1),
        "repeats": trials,
        "repeat_images": np.arange(len(trials)),
        "covariates": {"stimulus": np.array(made.names)},
    }
    return v1keras.Recording(made.images, **values | changes)


def test_rows_are_matched_with_their_stimuli(made, trials, table, tmp_path):
    expected = trials[:, :, made.neurons]
    np.testing.assert_array_equal(responses_in_order(table, made), expected)
    order = np.random.default_rng(1).permutation(len(trials))
    for covariates in ({"picture": np.array(made.files)[order]}, {}):
        shuffled = v1keras.Recording(
            made.images[order],
            trials[order].mean(axis=1),
            repeats=trials[order],
            repeat_images=np.arange(len(trials)),
            covariates=covariates,
        )
        path = tmp_path / "two.h5"
        shuffled.save(path)
        found = responses_of_recording(path, made)
        # By its pixels alone, an image that serves two neurons is one image.
        rows = alone(made) if not covariates else slice(None)
        np.testing.assert_array_equal(found[rows, : expected.shape[1]], expected[rows])


def test_single_presentations_and_neurons_of_the_set_alone_will_do(
    made, trials, tmp_path
):
    """A row per presentation; columns named by the index of their neuron."""
    order = made.order.ravel()
    blocks = np.repeat(np.arange(len(made.order)), len(made.names))
    neurons = made.neurons[::-1].copy()
    single = v1keras.Recording(
        np.zeros((len(order), 4, 4)),
        trials[order, blocks][:, neurons],
        neurons={"neuron": neurons},
        covariates={"image_file": np.array(made.files)[order]},
    )
    single.save(tmp_path / "two.h5")
    found = responses_of_recording(tmp_path / "two.h5", made)
    np.testing.assert_array_equal(found, trials[:, :, made.neurons])


def test_whole_screens_are_recognized(made, trials, tmp_path):
    pictures = [made.screen.picture(levels, made.background) for levels in made.levels]
    whole = v1keras.Recording(
        np.stack(pictures),
        trials.mean(axis=1),
        repeats=trials,
        repeat_images=np.arange(len(trials)),
    )
    whole.save(tmp_path / "two.h5")
    found = responses_of_recording(tmp_path / "two.h5", made)
    rows, expected = alone(made), trials[:, :, made.neurons]
    np.testing.assert_array_equal(found[rows, : expected.shape[1]], expected[rows])


def alone(made):
    """Return the places of stimuli whose image no other has."""
    flat = made.levels.reshape(len(made.levels), -1)
    _, group, count = np.unique(flat, axis=0, return_inverse=True, return_counts=True)
    return np.flatnonzero(count[group.ravel()] == 1)


def test_the_command_writes_what_the_function_returns(
    designed, made, trials, table, command, tmp_path
):
    out = tmp_path / "outcome"
    words = [designed.folder, f"--responses={table}", f"--out={out}"]
    done = command("experiment", "analyze", *words)
    assert done.returncode == 0, done.stderr
    outcome = analyze(made, trials[:, :, made.neurons].astype(float))
    assert done.stdout.startswith(f"{outcome}\n")
    with open(out / "neurons.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["neuron"]) for row in rows] == made.neurons.tolist()
    own = made.places("preferred")
    for i, row in enumerate(rows):
        mean = trials[own[i], :, made.neurons[i]].mean()
        assert float(row["own"]) == pytest.approx(mean, rel=1e-4)
        blank = trials[made.names.index("blank"), :, made.neurons[i]].mean()
        assert float(row["blank"]) == pytest.approx(blank, rel=1e-4)
    summary = json.loads((out / "outcome.json").read_text())
    assert summary["neurons"] == len(made.neurons)
    page = (out / "report.html").read_text()
    # Each control, the matrix, three neurons, gains and blocks.
    drawn = len(summary["controls"]) + 1 + 3 + 2
    assert "Specificity" in page and page.count("<svg role=") == drawn


@pytest.mark.parametrize("what", ["missing", "changed", "table", "manifest", "mode"])
def test_a_set_that_is_not_whole_is_refused(designed, table, command, tmp_path, what):
    folder = tmp_path / "set"
    shutil.copytree(designed.folder, folder)
    image, message = folder / "images" / "blank.png", "images/blank.png"
    if what == "missing":
        image.unlink()
    elif what == "changed":
        image.write_bytes(image.read_bytes() + b"\0")
    elif what == "table":
        message = "presentations.csv"
        (folder / message).write_text("stimulus\n")
    else:
        manifest = json.loads((folder / "manifest.json").read_text())
        if what == "mode":
            manifest["stimuli"][0]["name"], message = "../secret", "small letters"
        else:
            manifest["order"][0][0], message = 1, "does not show each stimulus once"
            manifest["order"][0][1] = 1
        (folder / "manifest.json").write_text(json.dumps(manifest))
    words = [folder, f"--responses={table}", f"--out={tmp_path / 'out'}"]
    done = command("experiment", "analyze", *words)
    assert done.returncode == 1 and message in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_responses_that_do_not_fit_are_refused(made, trials, tmp_path):
    def refused(recording):
        recording.save(tmp_path / "two.h5")
        with pytest.raises(ValueError) as error:
            responses_of_recording(tmp_path / "two.h5", made)
        return str(error.value)

    names = np.array(made.names)
    few = v1keras.Recording(
        made.images[1:],
        trials.mean(axis=1)[1:],
        covariates={"stimulus": names[1:]},
    )
    assert f"lacks 1 of the {len(names)} stimuli" in refused(few)
    rolled = recording_of(made, trials, covariates={"stimulus": np.roll(names, 1)})
    assert "shows another image" in refused(rolled)
    other = v1keras.Recording(
        np.zeros((len(names), 5, 5)), trials.mean(axis=1), covariates={}
    )
    assert "no column of images named stimulus" in refused(other)
    extra = np.concatenate([trials, trials], axis=2)
    assert "neurons, expected the" in refused(recording_of(made, extra))
    np.save(tmp_path / "short.npy", np.zeros((5, 4)))
    with pytest.raises(ValueError, match="found 5 rows, expected"):
        responses_in_order(tmp_path / "short.npy", made)
    with pytest.raises(ValueError, match="no stimulus has two presentations"):
        analyze(made, trials[:, :1, made.neurons].astype(float))


def test_only_a_simulated_animal_is_shown_a_set(designed, tiny, command, tmp_path):
    words = [designed.folder, f"--recording={tiny.recording}"]
    done = command("experiment", "show", *words, f"--out={tmp_path / 'two.h5'}")
    assert done.returncode == 1 and "is of no simulated animal" in done.stderr
    with h5py.File(tiny.recording) as file:
        assert "subject" not in file.attrs

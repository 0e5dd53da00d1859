"""`python -m v1keras.train`, as a user calls it."""

import html
import re
import resource
import shutil

import h5py
import numpy as np
import pytest
from written import strict_json, table

from v1keras import zoo
from v1keras.data import Recording
from v1keras.workflows import workdir


def weights(folder):
    return zoo.info(str(folder))["sha256"]["model.weights.h5"]


def test_training_leaves_a_workdir(tiny):
    assert tiny.trained.returncode == 0, tiny.trained.stderr
    files = [
        workdir.CONFIG,
        workdir.COMMIT,
        f"{workdir.CHECKPOINTS}/member_0/000000000012.h5",
        workdir.REPORT,
        "metrics.json",
        "neurons.csv",
    ]
    files += [
        "preset/config.json",
        "preset/metadata.json",
        "preset/model.weights.h5",
        "preset/README.md",
    ]
    found = {
        str(p.relative_to(tiny.workdir)) for p in tiny.workdir.rglob("*") if p.is_file()
    }
    events = {
        name
        for name in found
        if name.startswith(f"{workdir.TENSORBOARD}/member_0/events.out.tfevents")
    }
    # One of the epochs, one of the scores after the end.
    assert found == set(files) | events and len(events) == 2
    config = strict_json(tiny.workdir / workdir.CONFIG)
    assert config["core"]["filters"] == [4, 4] and config["data"]["recording"] == str(
        tiny.recording
    )
    assert (
        "reported" in tiny.trained.stdout
        and f"report: {tiny.workdir}/report.html" in tiny.trained.stdout
    )
    # Of twelve steps; what the page says first is said here, too.
    page = (tiny.workdir / workdir.REPORT).read_text()
    for line in re.findall("^caution: (.{30})", tiny.trained.stdout, re.MULTILINE):
        assert html.escape(line, quote=False) in page
    assert "\ncaution: " in tiny.trained.stdout


@pytest.mark.slow
def test_training_again_gives_the_same_weights(tiny, command, tmp_path):
    """A second workdir; then going on with the finished run; then another seed in its
    place.
    """
    run = ["train", *tiny.config, f"--workdir={tmp_path}"]
    assert command(*run).returncode == 0
    assert weights(tmp_path) == weights(tiny.workdir)
    (tmp_path / "notes.txt").write_text("mine")
    resumed = command(*run, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert weights(tmp_path) == weights(tiny.workdir)
    assert (tmp_path / "metrics.json").read_bytes() == (
        tiny.workdir / "metrics.json"
    ).read_bytes()
    replaced = command(*run, "--overwrite", "--config.seed=1")
    assert replaced.returncode == 0, replaced.stderr
    assert weights(tmp_path) != weights(tiny.workdir)
    assert strict_json(tmp_path / workdir.CONFIG)["seed"] == 1
    assert len(list((tmp_path / workdir.TENSORBOARD).rglob("events*"))) == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_neurons_that_say_nothing_are_kept_and_counted(tiny, command, tmp_path):
    path = shutil.copy(tiny.recording, tmp_path / "silent.h5")
    with h5py.File(path, "a") as file:
        file["responses"][:, 1] = np.nan
        file["repeats"][..., 1] = np.nan
        file["responses"][:, 3] = 2
        file["repeats"][..., 3] = 2
    done = command(
        "train",
        *tiny.config,
        f"--config.data.recording={path}",
        f"--workdir={tmp_path / 'out'}",
    )
    assert done.returncode == 0, done.stderr
    assert (
        "warning: neurons 1 have no response at all: kept, but left out of every mean"
        " and counted" in done.stderr.splitlines()
    )
    assert (
        "warning: neurons 3 answer all images alike: nothing to predict; kept, left out"
        " of means" in done.stderr.splitlines()
    )
    rows, reported = (
        table(tmp_path / "out" / "neurons.csv"),
        strict_json(tmp_path / "out" / "metrics.json")["groups"]["reported"],
    )
    assert reported["neurons"] == 4
    for key in ("correlation", "cc_norm", "feve"):
        assert [row[key] == "" for row in rows] == [False, True, False, True]
        assert reported[key]["missing"] == 2
        assert reported[key]["mean"] == pytest.approx(
            (float(rows[0][key]) + float(rows[2][key])) / 2, abs=2e-6
        )
    assert zoo.load(str(tmp_path / "out")).output_shape == (None, 4)


@pytest.mark.slow
def test_several_recordings_from_the_command_line(tiny, command, tmp_path):
    """Trained together, scored together and one by one; a recording without a readout
    of its name is refused.
    """
    for name, source in (
        ("monday", tiny.recording),
        ("tuesday", tiny.recording),
        ("wednesday", tiny.recording),
    ):
        recording = Recording.load(source)
        recording.attributes["name"] = name
        recording.save(tmp_path / f"{name}.h5")
    both = f"{tmp_path / 'tuesday.h5'},{tmp_path / 'monday.h5'}"
    done = command(
        "train",
        *tiny.config,
        f"--config.data.recording={both}",
        f"--workdir={tmp_path / 'run'}",
    )
    assert done.returncode == 0, done.stderr
    assert (
        command(
            "evaluate", f"--model={tmp_path / 'run'}", f"--out={tmp_path / 'scores'}"
        ).returncode
        == 0
    )
    for name in ("metrics.json", "neurons.csv"):
        assert (tmp_path / "scores" / name).read_bytes() == (
            tmp_path / "run" / name
        ).read_bytes()
    asked = [
        f"--model={tmp_path / 'run'}",
        f"--out={tmp_path / 'out'}",
        f"--recording={tmp_path / 'monday.h5'}",
    ]
    assert command("evaluate", *asked).returncode == 0
    groups = strict_json(tmp_path / "run" / "metrics.json")["groups"]
    assert (
        strict_json(tmp_path / "out" / "metrics.json")["groups"]["reported"]
        == groups["monday: reported"]
    )
    inverted = command("invert", *asked, "--neurons=1", "--steps=5")
    assert inverted.returncode == 0, inverted.stderr
    refused = command("evaluate", *asked, f"--recording={tmp_path / 'wednesday.h5'}")
    assert (
        refused.returncode == 1
        and refused.stderr
        == "error: no session 'wednesday'; the model has tuesday, monday\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("limit", [300, 16_000])
def test_full_disk_leaves_no_half_file(tiny, command, tmp_path, limit):
    """No file may grow beyond so many bytes: too few for the configuration, too few for
    a checkpoint.
    """
    run = ["train", *tiny.config, f"--workdir={tmp_path / 'out'}"]
    done = command(
        *run,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 1, done
    *before, error = done.stderr.splitlines()
    assert re.match(r"error: .*File too large", error), done.stderr
    assert not any(
        line and not line.startswith(("epoch", "warning: checkpoint not written"))
        for line in before
    ), done.stderr
    found = {
        str(path.relative_to(tmp_path / "out")): path
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    events = [name for name in found if name.startswith(workdir.TENSORBOARD)]
    whole = {300: [], 16_000: [workdir.CONFIG, workdir.COMMIT]}[limit]
    assert sorted(found) == sorted(whole + events)
    assert len(events) == (limit == 16_000)
    for name in whole:
        assert found[name].read_bytes() == (tiny.workdir / name).read_bytes()


def test_hidden_progress_leaves_the_results(tiny, command, tmp_path):
    done = command(
        "train",
        *tiny.config,
        "--config.training.max_epochs=1",
        "--quiet",
        f"--workdir={tmp_path}",
    )
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(
        "20 test images; ceiling from repeats; intervals: other neurons and images\n"
    ) and done.stdout.endswith(f"report: {tmp_path}/report.html\n")


def test_help_lists_the_configuration_too(command):
    done = command("train", "--help")
    assert re.search(r"^ +--config: Configuration by name", done.stdout, re.MULTILINE)
    assert "--workdir:" in done.stdout and done.returncode == 0

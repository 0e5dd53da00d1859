"""`python -m v1keras.tune`: trials, their files, and what they never see."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import optuna
import pytest

from v1keras import config
from v1keras.data import Recording

SPACE = {
    "training.learning_rate": {"low": 1e-4, "high": 0.1, "log": True},
    "core.filters": {"choices": [[2, 2], [4, 4]]},
}


@pytest.fixture
def line(tiny, tmp_path):
    """The words of a small study."""
    (tmp_path / "space.json").write_text(json.dumps(SPACE))

    def words(folder, recording=tiny.recording, **flags):
        flags = {"trials": 2, "config.training.max_epochs": 2} | flags
        return [
            "--config=tiny",
            f"--config.data.recording={recording}",
            f"--space={tmp_path / 'space.json'}",
            f"--workdir={folder}",
            *(f"--{key}={value}" for key, value in flags.items()),
        ]

    return words


def trials_of(folder):
    storage = f"sqlite:///{folder / 'study.db'}"
    return optuna.load_study(study_name=folder.name, storage=storage).trials


@pytest.mark.slow
def test_trials_follow_the_validation_score_and_no_test_image(
    line, tiny, command, tmp_path
):
    """Absurd responses to the test images change nothing at all."""
    study, poisoned = tmp_path / "study", tmp_path / "poisoned"
    done = command("tune", *line(study))
    assert done.returncode == 0, done.stderr
    recording = Recording.load(tiny.recording)
    responses, repeats = np.array(recording.responses), np.array(recording.repeats)
    is_test = np.asarray(recording.split) == 2
    responses[is_test] = 1e6
    repeats[is_test[recording.repeat_images]] = 1e6
    path = tmp_path / "poisoned.h5"
    dataclasses.replace(recording, responses=responses, repeats=repeats).save(path)
    again = command("tune", *line(poisoned, path))
    assert again.returncode == 0, again.stderr
    pairs = zip(trials_of(study), trials_of(poisoned), strict=True)
    for own, other in pairs:
        assert own.params == other.params
        assert own.intermediate_values == other.intermediate_values
        assert own.value == other.value == max(own.intermediate_values.values())

    # What it writes: the best configuration, a page, and a workdir per trial.
    best = max(trials_of(study), key=lambda trial: trial.value)
    found = config.resolve(study / "best.py")
    assert found.training.learning_rate == best.params["training.learning_rate"]
    assert list(found.core.filters) == json.loads(best.params["core.filters"])
    assert found.training.max_epochs == 2
    assert found.data.recording == str(tiny.recording)
    page = (study / "study.html").read_text()
    assert page.count("<h2>") == 5 and f"{best.value:.4f}" in page
    for number in ("000", "001"):
        workdir = study / "trials" / number
        assert list((workdir / "tensorboard").rglob("events.out.tfevents.*"))
        assert (workdir / "config.json").exists()
        assert not (workdir / "metrics.json").exists()  # no score on test images
    assert re.search(rf"best: trial {best.number}, validation score", done.stdout)

    # It is done; another space is refused in one line.
    once_more = command("tune", *line(study))
    assert once_more.returncode == 0 and "2 of 2 trials are done" in once_more.stdout
    other = dict(SPACE, **{"readout.l1": {"low": 0, "high": 1}})
    (tmp_path / "space.json").write_text(json.dumps(other))
    refused = command("tune", *line(study))
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    assert "is of another space: space of readout.l1" in refused.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"config.ensemble": 2}, "a study trains one network a trial"),
        ({"config.training.strategy": "multiworker"}, "start it on each machine"),
        ({"study": "a/b"}, "--study: found 'a/b'"),
        ({"space": "none.json"}, "none.json"),
        ({"trials": 0}, "trials"),
    ],
)
def test_what_does_not_fit_is_one_line(line, command, tmp_path, flags, message):
    done = command("tune", *line(tmp_path / "study", **flags))
    assert done.returncode == 1 and message in done.stderr
    assert done.stderr.count("\n") == 1 and not (tmp_path / "study" / "trials").exists()


def test_values_that_do_not_go_together_fail_their_trial(line, command, tmp_path):
    """Two layers have a kernel size each: three filters fit no network."""
    choices = {"core.filters": {"choices": [[2, 2, 2]]}}
    (tmp_path / "space.json").write_text(json.dumps(choices))
    done = command("tune", *line(tmp_path / "study"))
    assert done.returncode == 1 and "no trial was completed: " in done.stderr
    assert [trial.state.name for trial in trials_of(tmp_path / "study")] == ["FAIL"] * 2
    assert "Why trials failed" in (tmp_path / "study" / "study.html").read_text()


@pytest.mark.slow
def test_a_study_killed_twice_ends_with_its_twenty_trials(line, tmp_path):
    """The third and fourth process share what two killed ones left."""
    study = tmp_path / "study"
    words = [sys.executable, "-m", "v1keras.tune", *line(study, trials=20)]
    outputs = [tmp_path / f"{i}.txt" for i in range(4)]

    def start(output):
        return subprocess.Popen(
            words,
            stdout=output.open("w"),
            stderr=(tmp_path / "errors.txt").open("a"),
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )

    def printed(output):
        return [int(n) for n in re.findall(r"^trial (\d+):", output.read_text(), re.M)]

    def is_running(number):
        trial = trials_of(study)[number]
        return trial.state.name == "RUNNING" and len(trial.params) == len(SPACE)

    running = []
    for output, number in ((outputs[0], 3), (outputs[1], 8)):
        process = start(output)
        while number not in printed(output):
            assert process.poll() is None, (tmp_path / "errors.txt").read_text()
            time.sleep(0.05)
        while not is_running(number + 1):
            time.sleep(0.05)
        time.sleep(0.2)  # in the middle of the training
        process.send_signal(signal.SIGKILL)
        process.wait()
        running += [t for t in trials_of(study) if t.state.name == "RUNNING"]
    assert len(running) >= 1  # a kill may come just when a trial ends
    for process in [start(output) for output in outputs[2:]]:
        assert process.wait() == 0, (tmp_path / "errors.txt").read_text()
    trials = trials_of(study)
    assert len(trials) == 20
    assert {trial.state.name for trial in trials} <= {"COMPLETE", "PRUNED"}
    for trial in running:  # it went on with what it had drawn
        assert trial.params.items() <= trials[trial.number].params.items()
    numbers = [number for output in outputs for number in printed(output)]
    assert len(numbers) == len(set(numbers)) >= 18
    last = [output.read_text() for output in outputs[2:]]
    assert any("20 of 20 trials are done" in text for text in last)

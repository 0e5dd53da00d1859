"""A study whose processes are killed, without any training."""

import subprocess
import sys

import optuna
import pytest

from v1keras.workflows.study import Study

# Runs trials; is killed in the middle of the trial whose number it is given.
RUN = """
import os, sys
from v1keras.workflows.study import Study

folder, victim = sys.argv[1], int(sys.argv[2])
study = Study(folder, None, "s", {"x": 1}, 20, 0)
for trial in study.take():
    value = trial.suggest_float("x", 0, 1)
    print(trial.number, value, flush=True)
    if trial.number == victim:
        os.kill(os.getpid(), 9)
    study.tell(trial, value, epoch=1)
"""


def start(folder, victim=-1):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, folder, str(victim)],
        stdout=subprocess.PIPE,
        text=True,
    )


def shown(process):
    lines = process.communicate()[0].splitlines()
    return [(int(line.split()[0]), float(line.split()[1])) for line in lines]


@pytest.mark.slow
def test_a_killed_study_goes_on_where_it_was(tmp_path):
    first, second = shown(start(tmp_path, 4)), shown(start(tmp_path, 11))
    both = [start(tmp_path), start(tmp_path)]
    rest = [row for process in both for row in shown(process)]
    assert [number for number, _ in first] == list(range(5))
    assert second[0] == first[-1]  # the same trial with the same value
    assert [number for number, _ in second] == list(range(4, 12))
    assert sorted(number for number, _ in rest) == list(range(11, 20))
    assert second[-1] in rest
    study = optuna.load_study(
        study_name="s", storage=f"sqlite:///{tmp_path / 'study.db'}"
    )
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 20
    assert len({trial.value for trial in study.trials}) == 20


def make(folder, **changed):
    arguments = {
        "storage": None,
        "name": "s",
        "described": {"space of readout.l1": {"low": 0.0, "high": 1.0}},
        "trials": 8,
        "warmup_epochs": 1,
    }
    return Study(folder, **(arguments | changed))


def test_a_trial_that_lags_is_pruned_after_the_warm_up(tmp_path):
    study = make(tmp_path)
    for trial in study.take():
        score = 0.1 if trial.number == 7 else 0.5
        trial.suggest_float("readout.l1", 0, 1)
        trial.report(score, 0)
        assert not trial.should_prune()
        trial.report(score, 1)
        assert trial.should_prune() == (trial.number == 7)
        study.tell(trial, score, pruned=trial.should_prune(), epoch=1)
    assert [trial.state for trial in study.trials()] == ["complete"] * 7 + ["pruned"]
    assert study.trials()[7].score == 0.1 and study.trials()[7].curve == [0.1, 0.1]


def test_more_trials_can_be_asked_for_and_fewer(tmp_path):
    for count in (2, 4, 3):
        study = make(tmp_path, trials=count)
        for trial in study.take():
            study.tell(trial, 0.0)
        assert [trial.state for trial in study.trials()] == ["complete"] * count


def test_a_study_of_another_space_is_refused(tmp_path):
    make(tmp_path)
    other = {"space of readout.l1": {"low": 0.0, "high": 2.0}}
    with pytest.raises(ValueError, match=r"another space: space of readout.l1 \(there"):
        make(tmp_path, described=other)
    make(tmp_path, name="t", described=other)


def test_a_study_of_another_folder_is_refused(tmp_path):
    storage = f"sqlite:///{tmp_path / 'shared.db'}"
    make(tmp_path / "a", storage=storage)
    make(tmp_path / "a", storage=storage)
    with pytest.raises(ValueError, match=r"keeps its trials in .*/a; expected that"):
        make(tmp_path / "b", storage=storage)


def test_trials_of_another_study_are_not_taken_for_ones_own(tmp_path):
    make(tmp_path).workdir(0).mkdir()
    make(tmp_path)
    with pytest.raises(ValueError, match="holds trials of another study than 't'"):
        make(tmp_path, name="t")


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("study.db", "--storage: expected an address such as sqlite:///study.db"),
        ("nothing://me:secret@host/x", r"nothing://me:\*\*\*@host/x can't be read"),
        ("sqlite:////no/folder/x.db", "unable to open database file"),
    ],
)
def test_a_database_that_is_none_is_refused_without_its_password(
    tmp_path, storage, message
):
    with pytest.raises(ValueError, match=message) as raised:
        make(tmp_path, storage=storage)
    assert "secret" not in str(raised.value) and "\n" not in str(raised.value)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "study.db").write_text("not a database, but long enough to be one")
    with pytest.raises(ValueError, match="file is not a database"):
        make(tmp_path)


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ValueError, match=r"`pip install v1keras\[tune\]`"):
        make(tmp_path)

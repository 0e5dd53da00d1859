"""Several processes on this machine, through the commands."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from v1keras import simulate_recording
from v1keras.training import make_strategy
from v1keras.training.cluster import check_cluster

ROOT = pathlib.Path(__file__).parents[2]
# Seconds after which a process hangs for certain, however busy the machine is.
HANGS = 600


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "tiny.h5"
    simulate_recording(80, 20, neurons_per_kind=1, image_size=16).save(path)
    return path


def flags(recording, workdir, **settings):
    settings = {
        "max_epochs": 120,
        "lr_schedule": "cosine",
        "checkpoint_s": 0.2,
    } | settings
    changed = [f"--config.training.{key}={value}" for key, value in settings.items()]
    return [
        f"--config={ROOT / 'configs' / 'tiny.py'}",
        f"--config.data.recording={recording}",
        f"--workdir={workdir}",
        *changed,
    ]


def launch(*arguments):
    return subprocess.Popen(
        [sys.executable, ROOT / "tools" / "launch_local", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def weights(workdir):
    found = {}
    with h5py.File(workdir / "preset" / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                found.__setitem__(name, item[...])
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return found


def once_there(process, folder):
    """Waits for the first checkpoint."""
    until = time.monotonic() + HANGS
    while not list(folder.glob("*.h5")):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.slow
def test_a_process_that_is_killed_comes_back_and_nothing_is_lost(recording, tmp_path):
    whole = launch("2", *flags(recording, tmp_path / "whole"), "--profile=5")
    _, errors = whole.communicate(timeout=HANGS)
    assert whole.returncode == 0, errors
    assert (
        len(list((tmp_path / "whole").rglob("*.xplane.pb"))) == 1
    )  # the first process writes
    for victim in (0, 1):
        workdir = tmp_path / str(victim)
        process = launch("2", *flags(recording, workdir))
        workers = process.stderr.readline().split()[1:]
        once_there(process, workdir / "checkpoints" / "member_0")
        os.kill(int(workers[victim]), signal.SIGKILL)
        _, errors = process.communicate(timeout=HANGS)
        assert process.returncode == 0, errors
        assert f"process {victim} was killed by SIGKILL; starts again" in errors
        expected, found = weights(tmp_path / "whole"), weights(workdir)
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.mark.slow
def test_one_of_several_that_is_asked_to_stop_stops_all(recording, tmp_path):
    """And one process alone goes on from there."""
    process = launch("2", *flags(recording, tmp_path / "run", max_epochs=100_000))
    workers = process.stderr.readline().split()[1:]
    once_there(process, tmp_path / "run" / "checkpoints" / "member_0")
    os.kill(int(workers[1]), signal.SIGTERM)
    _, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 128 + signal.SIGTERM
    assert (
        "error: stopped by SIGTERM in epoch" in errors
        and "holds its state: --resume goes on" in errors
    )


@pytest.mark.slow
def test_a_training_stops_with_a_word_on_how_to_go_on(recording, tmp_path):
    line = [
        sys.executable,
        "-m",
        "v1keras.train",
        *flags(recording, tmp_path / "run", max_epochs=100_000),
    ]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    once_there(process, tmp_path / "run" / "checkpoints" / "member_0")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 130 and errors.splitlines()[-1].startswith(
        "error: stopped by SIGINT in epoch"
    )
    assert errors.splitlines()[-1].endswith(
        f"{tmp_path / 'run' / 'checkpoints' / 'member_0'} holds its state: --resume"
        " goes on"
    )


@pytest.mark.slow
def test_a_machine_that_never_comes_is_named(recording, free_ports, command, tmp_path):
    here, absent = (f"localhost:{port}" for port in free_ports(2))
    setting = json.dumps(
        {"cluster": {"worker": [here, absent]}, "task": {"type": "worker", "index": 0}}
    )
    done = command(
        "train",
        *flags(recording, tmp_path / "run", cluster_timeout_s=3),
        variables={"TF_CONFIG": setting},
        timeout=HANGS,
    )
    assert done.returncode == 1
    assert (
        done.stderr
        == f"error: no answer from {absent} within 3 s; start all machines of TF_CONFIG"
        " within that time\n"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "TF_CONFIG: Expecting property name .*expected the like of"),
        ("[]", "TF_CONFIG: 'list' object has no attribute"),
        ("{}", "TF_CONFIG names no worker: found '{}'"),
        (
            '{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
            "TF_CONFIG names no worker",
        ),
        (
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
            r"task worker 1 is none of its cluster \(1 processes\)",
        ),
        (
            (
                '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index":'
                ' "first"}}'
            ),
            "invalid literal",
        ),
    ],
)
def test_a_cluster_that_says_nothing_of_use_is_refused(text, message, monkeypatch):
    with pytest.raises(ValueError, match=message):
        check_cluster(text)
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=message):
        make_strategy("auto")


def test_without_a_cluster_multiworker_is_refused(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    with pytest.raises(
        ValueError, match="neither TF_CONFIG is set nor is this a Slurm step"
    ):
        make_strategy("multiworker")


def test_mirrored_on_one_device_goes_on_and_says_so():
    with pytest.warns(
        UserWarning, match="there is one device here, .*; training uses it alone"
    ):
        assert make_strategy("mirrored").num_replicas_in_sync == 1


def job_with(free_ports):
    """A job whose two ports, 15,000 and its number on, nobody has."""
    for job in range(4321, 14_000, 7):
        with contextlib.suppress(OSError):
            free_ports(2, first=15_000 + job)
            return job
    raise OSError("no two ports are free")


@pytest.mark.slow
def test_the_tasks_of_a_slurm_step_find_each_other(recording, free_ports, tmp_path):
    settings = {
        "SLURM_JOB_ID": str(job_with(free_ports)),
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_NODELIST": "localhost",
        "SLURM_STEP_TASKS_PER_NODE": "2",
    }
    line = [
        sys.executable,
        "-m",
        "v1keras.train",
        *flags(recording, tmp_path / "run", strategy="multiworker", max_epochs=2),
    ]
    tasks = [
        subprocess.Popen(
            line,
            env=os.environ | settings | {"SLURM_PROCID": str(i)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(2)
    ]
    for task in tasks:
        _, errors = task.communicate(timeout=HANGS)
        assert task.returncode == 0, errors
    assert (tmp_path / "run" / "metrics.json").exists()

import json
import os
import pathlib
import socket
import subprocess
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from v1keras.training import is_chief, make_strategy

SCRIPT = pathlib.Path(__file__).parent / "replicas.py"


def start(out, strategy, cpus, **environment):
    return subprocess.Popen(
        [sys.executable, SCRIPT, out, strategy, str(cpus)], env=os.environ | environment, stderr=subprocess.PIPE, text=True
    )


def finish(*processes):
    for process in processes:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    out = tmp_path_factory.mktemp("one") / "one.npz"
    finish(start(out, "one", 1))
    return np.load(out)


def same(found, expected, replicas):
    assert found["replicas"] == replicas
    for name in expected.files:
        if name != "replicas":
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-5, err_msg=name)


def test_two_mirrored_devices_learn_what_one_does(one_device, tmp_path):
    finish(start(tmp_path / "two.npz", "mirrored", 2))
    same(np.load(tmp_path / "two.npz"), one_device, 2)


@pytest.mark.slow
def test_two_worker_processes_learn_what_one_does(one_device, tmp_path):
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            ports.append(free.getsockname()[1])
    cluster = {"worker": [f"localhost:{port}" for port in ports]}
    settings = [json.dumps({"cluster": cluster, "task": {"type": "worker", "index": i}}) for i in range(2)]
    finish(*(start(tmp_path / "workers.npz", "auto", 1, TF_CONFIG=setting) for setting in settings))
    same(np.load(tmp_path / "workers.npz"), one_device, 2)


@pytest.mark.parametrize(
    ("jobs", "task", "chief"),
    [
        ({"worker": 2}, ("worker", 0), True),
        ({"worker": 2}, ("worker", 1), False),
        ({"chief": 1, "worker": 2}, ("chief", 0), True),
        ({"chief": 1, "worker": 2}, ("worker", 0), False),
    ],
)
def test_one_process_of_a_cluster_writes(monkeypatch, jobs, task, chief):
    cluster = {job: [f"localhost:{i}" for i in range(count)] for job, count in jobs.items()}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": task[0], "index": task[1]}}))
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    assert is_chief(types.SimpleNamespace(cluster_resolver=resolver)) == chief


def test_a_process_alone_writes():
    assert is_chief(make_strategy("one"))

import json
import os
import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from v1keras.training import is_chief, make_strategy

SCRIPT = pathlib.Path(__file__).parent / "replicas.py"


def start(out, strategy, cpus, feed, **environment):
    return subprocess.Popen(
        [sys.executable, SCRIPT, out, strategy, str(cpus), feed],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*processes):
    for process in processes:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors


@pytest.fixture(scope="session")
def alone(python):
    """What the script writes where it is the only process."""

    def run(out, strategy, cpus, feed="resident"):
        done = python(SCRIPT, out, strategy, cpus, feed)
        assert done.returncode == 0, done.stderr
        return np.load(out)

    return run


@pytest.fixture(scope="module")
def one_device(alone, tmp_path_factory):
    return alone(tmp_path_factory.mktemp("one") / "one.npz", "one", 1)


def same(found, expected, replicas):
    """Compare weights to 1e-5 of the largest of their array, and each epoch's loss.

    A metric that depends on the images alone is compared to the sixth digit.
    """
    assert found["replicas"] == replicas
    assert len(expected["losses"]) == 3 * 5  # three models, five epochs
    np.testing.assert_allclose(found["losses"], expected["losses"], rtol=1e-5)
    np.testing.assert_allclose(found["exact"], expected["exact"], atol=1e-6)
    np.testing.assert_allclose(
        found["scores"], expected["scores"], atol=1e-4
    )  # of weights that differ in the fifth digit
    for name in expected.files:
        if name.isdigit():
            np.testing.assert_allclose(
                found[name],
                expected[name],
                rtol=0,
                atol=1e-5 * abs(expected[name]).max(),
                err_msg=name,
            )


@pytest.mark.slow
@pytest.mark.parametrize("replicas", [2, 4])
def test_mirrored_devices_learn_what_one_does(one_device, alone, replicas, tmp_path):
    found = alone(tmp_path / "mirrored.npz", "mirrored", replicas)
    same(found, one_device, replicas)


@pytest.mark.slow
def test_streamed_images_teach_what_resident_ones_do(one_device, alone, tmp_path):
    found = alone(tmp_path / "streamed.npz", "one", 1, "streamed")
    for name in one_device.files:
        np.testing.assert_array_equal(found[name], one_device[name])


@pytest.mark.slow
@pytest.mark.parametrize(("cpus", "feed"), [(1, "resident"), (2, "streamed")])
def test_two_worker_processes_learn_what_one_does(
    one_device, cpus, feed, free_ports, tmp_path
):
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    settings = [
        json.dumps({"cluster": cluster, "task": {"type": "worker", "index": i}})
        for i in range(2)
    ]
    finish(
        *(
            start(tmp_path / "workers.npz", "auto", cpus, feed, TF_CONFIG=setting)
            for setting in settings
        )
    )
    found = np.load(tmp_path / "workers.npz")
    same(found, one_device, int(found["replicas"]))
    assert found["replicas"] in (2, 2 * cpus)


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
    cluster = {
        job: [f"localhost:{i}" for i in range(count)] for job, count in jobs.items()
    }
    monkeypatch.setenv(
        "TF_CONFIG",
        json.dumps({"cluster": cluster, "task": {"type": task[0], "index": task[1]}}),
    )
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    assert is_chief(types.SimpleNamespace(cluster_resolver=resolver)) == chief


def test_a_process_alone_writes():
    assert is_chief(make_strategy("one"))

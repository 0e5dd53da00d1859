"""Several epochs, and several replicas, against gradient descent written out."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from epochs import by_numpy, data, linear_model, trainer_of

from v1keras.training import make_strategy

SCRIPT = pathlib.Path(__file__).parent / "counted_replicas.py"


@pytest.mark.parametrize("max_device_data_gb", [2.0, 0.0])
def test_each_epoch_shows_the_images_in_an_order_of_its_own(max_device_data_gb):
    losses, kernel, bias = by_numpy()
    model = linear_model()
    trainer = trainer_of(
        model, make_strategy("one"), max_device_data_gb=max_device_data_gb
    )
    progress = trainer.fit(data(), data())
    found = [logs["loss"] for logs in progress.history]
    np.testing.assert_allclose(found, losses, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], kernel, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], bias, atol=1e-6)


def test_the_loss_of_an_epoch_is_of_that_epoch_alone():
    """Without learning all epochs have one loss."""
    trainer = trainer_of(linear_model(), make_strategy("one"), rate=0.0, max_epochs=3)
    losses = [logs["loss"] for logs in trainer.fit(data(), data()).history]
    np.testing.assert_allclose(losses, [by_numpy(rate=0.0)[0][0]] * 3, rtol=1e-5)


def start(out, replicas, **environment):
    return subprocess.Popen(
        [sys.executable, SCRIPT, out, str(replicas)],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def check(out, *processes):
    for process in processes:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
    losses, kernel, bias = by_numpy(l2=0.1)
    for feed in ("resident", "streamed"):
        found = np.load(out / f"{feed}.npz")
        np.testing.assert_allclose(found["losses"], losses, rtol=1e-5, err_msg=feed)
        np.testing.assert_allclose(found["kernel"], kernel, atol=1e-6, err_msg=feed)
        np.testing.assert_allclose(found["bias"], bias, atol=1e-6, err_msg=feed)


@pytest.mark.slow
@pytest.mark.parametrize("replicas", [2, 4])
def test_losses_and_weights_do_not_depend_on_the_number_of_replicas(replicas, tmp_path):
    check(tmp_path, start(tmp_path, replicas))


@pytest.mark.slow
def test_each_of_two_workers_reads_its_own_share(free_ports, tmp_path):
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    settings = [
        json.dumps({"cluster": cluster, "task": {"type": "worker", "index": i}})
        for i in range(2)
    ]
    check(tmp_path, *[start(tmp_path, 2, TF_CONFIG=setting) for setting in settings])

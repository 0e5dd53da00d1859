"""Trains a softplus regression on several replicas and writes its losses and weights.

Run by test_epochs.py in processes of its own:

    python counted_replicas.py OUT REPLICAS

writes OUT/resident.npz and OUT/streamed.npz: of that many logical CPUs, or, where
`TF_CONFIG` is set, of the workers that it names.
"""

import os
import pathlib
import sys

import numpy as np
import tensorflow as tf
from epochs import data, linear_model, trainer_of

from v1keras.training import is_chief, make_strategy


def main(out, replicas):
    if "TF_CONFIG" in os.environ:
        strategy = make_strategy("multiworker")
    else:
        cpu = tf.config.list_physical_devices("CPU")[0]
        devices = [tf.config.LogicalDeviceConfiguration()] * int(replicas)
        tf.config.set_logical_device_configuration(cpu, devices)
        strategy = make_strategy("mirrored")
    assert strategy.num_replicas_in_sync == int(replicas)
    train(out, strategy, "resident", 2.0)
    train(out, strategy, "streamed", 0.0)


def train(out, strategy, feed, gigabytes):
    with strategy.scope():
        model = linear_model(l2=0.1)
        trainer = trainer_of(model, strategy, max_device_data_gb=gigabytes)
    progress = trainer.fit(data(), data())
    if is_chief(strategy):
        losses = [logs["loss"] for logs in progress.history]
        kernel, bias = model.get_weights()
        np.savez(
            pathlib.Path(out) / f"{feed}.npz", losses=losses, kernel=kernel, bias=bias
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

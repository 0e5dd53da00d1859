"""Devices of a training: one, several, or those of several machines."""

import logging
import os
import signal
import threading
import warnings

import tensorflow as tf

from v1keras.training.cluster import check_cluster, slurm_config, spans_machines
from v1keras.training.handshake import meet
from v1keras.training.interruption import STOPPING
from v1keras.training.supervisor import CONNECTED, MET, report

STRATEGIES = ("auto", "one", "mirrored", "multiworker")


def make_strategy(
    name: str = "auto", cluster_timeout_s: float = 300.0
) -> tf.distribute.Strategy:
    """Make a `tf.distribute` strategy.

    Args:
        name: String. "one": one device; "mirrored": all GPUs of this machine, or its
            logical CPU devices where it has none; "multiworker": the machines that the
            environment variable `TF_CONFIG` lists, or else the tasks of a Slurm step;
            "auto": multiworker where `TF_CONFIG` is set, mirrored where there are two
            GPUs or more, else one.
        cluster_timeout_s: Float, number of seconds that the machines wait for each
            other.

    Raises:
        ValueError: Unknown name, or a `TF_CONFIG` that can't be used.
        OSError: Not all machines came.

    Example:

    >>> make_strategy("one").num_replicas_in_sync
    1
    """
    if name not in STRATEGIES:
        raise ValueError(
            f"strategy: found {name!r}, expected one of {', '.join(STRATEGIES)}"
        )
    if spans_machines(name):
        return _multiworker(cluster_timeout_s)
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return _mirrored(gpus or tf.config.list_logical_devices("CPU"))
    # TensorFlow's own: a model of any scope fits it.
    return tf.distribute.get_strategy()


def is_multiworker(strategy):
    """Return whether the strategy spans several processes."""
    return strategy.extended._in_multi_worker_mode()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Return whether this process writes files: the only one, or the first of several.

    Args:
        strategy: `tf.distribute` strategy.
    """
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type in (None, "chief"):
        return True
    if "chief" in resolver.cluster_spec().jobs:
        return False
    return resolver.task_type == "worker" and not resolver.task_id


def gpu_capabilities() -> list[tuple[int, int]]:
    """Return the (major, minor) compute capability of each GPU of this machine."""
    details = tf.config.experimental.get_device_details
    return [
        details(gpu).get("compute_capability", (0, 0))
        for gpu in tf.config.list_physical_devices("GPU")
    ]


def _multiworker(timeout_s):
    if not os.environ.get("TF_CONFIG"):
        os.environ["TF_CONFIG"] = slurm_config()
    here, others = check_cluster(os.environ["TF_CONFIG"])
    meet(here, others, timeout_s)
    report(MET)
    logger = tf.get_logger()  # It reports every reduction.
    logger.setLevel(max(logger.level, logging.WARNING))
    # Before anything looks at the devices: afterwards it can't be made.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    if threading.current_thread() is threading.main_thread():
        for number in STOPPING:  # TensorFlow has taken them for itself.
            signal.signal(number, signal.getsignal(number))
    report(CONNECTED)
    return strategy


def _mirrored(devices):
    if len(devices) == 1:
        warnings.warn(
            f"strategy mirrored: there is one device here, {devices[0].name}; training"
            " uses it alone"
        )
    return tf.distribute.MirroredStrategy([device.name for device in devices])

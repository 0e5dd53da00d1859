"""Where the training runs: one device, several, or several machines."""

import os

import tensorflow as tf

STRATEGIES = ("auto", "one", "mirrored", "multiworker")


def make_strategy(name="auto"):
    """A `tf.distribute` strategy.

    Args:
        name: "one" device; "mirrored" over all GPUs of this machine (over its logical CPU devices where it has none);
            "multiworker" over the machines that the environment variable `TF_CONFIG` lists; "auto": multiworker where `TF_CONFIG` is
            set, mirrored where there are two GPUs or more, else one.

    Raises:
        ValueError: unknown name.

    Example:

    >>> make_strategy("one").num_replicas_in_sync
    1
    """
    if name not in STRATEGIES:
        raise ValueError(f"strategy: found {name!r}, expected one of {', '.join(STRATEGIES)}")
    if name == "multiworker" or (name == "auto" and os.environ.get("TF_CONFIG")):
        return tf.distribute.MultiWorkerMirroredStrategy()  # first of all: it can't be once devices were looked at
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy([device.name for device in gpus or tf.config.list_logical_devices("CPU")])
    return tf.distribute.get_strategy()  # TensorFlow's own: a model needs no scope to be made in


def is_chief(strategy):
    """Whether this process is the one that writes files: the only one, or the first of several."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type in (None, "chief"):
        return True
    return resolver.task_type == "worker" and not resolver.task_id and "chief" not in resolver.cluster_spec().jobs

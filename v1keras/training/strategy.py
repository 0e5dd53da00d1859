"""Where the training runs: one device, several, or several machines."""

import json
import os
import shutil
import socket
import sys
import threading

import tensorflow as tf
from absl import logging

STRATEGIES = ("auto", "one", "mirrored", "multiworker")
_TF_CONFIG = '{"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker", "index": 0}}'


def make_strategy(name="auto", wait_s=300.0):
    """A `tf.distribute` strategy.

    Args:
        name: "one" device; "mirrored" over all GPUs of this machine (over its logical CPU devices where it has none);
            "multiworker" over the machines that the environment variable `TF_CONFIG` lists, or else over the tasks of a Slurm step;
            "auto": multiworker where `TF_CONFIG` is set, mirrored where there are two GPUs or more, else one.
        wait_s: seconds that the machines wait for each other; then the process says who is missing and ends with status 1.

    Raises:
        ValueError: unknown name, or a `TF_CONFIG` that says nothing of use.

    Example:

    >>> make_strategy("one").num_replicas_in_sync
    1
    """
    if name not in STRATEGIES:
        raise ValueError(f"strategy: found {name!r}, expected one of {', '.join(STRATEGIES)}")
    if name == "multiworker" or (name == "auto" and os.environ.get("TF_CONFIG")):
        if not os.environ.get("TF_CONFIG"):
            os.environ["TF_CONFIG"] = json.dumps(_of_slurm())
        others = check_cluster(os.environ["TF_CONFIG"])
        tf.get_logger().setLevel("WARNING")  # it tells of every reduction
        impatient = threading.Timer(wait_s, _end, (others, wait_s))
        impatient.daemon = True
        impatient.start()
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()  # first of all: it can't be once devices were looked at
        finally:
            impatient.cancel()
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        devices = gpus or tf.config.list_logical_devices("CPU")
        if len(devices) == 1:
            logging.warning("strategy mirrored: there is one device here, %s; goes on with it alone", devices[0].name)
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()  # TensorFlow's own: a model needs no scope to be made in


def check_cluster(text):
    """The addresses of the other machines that a `TF_CONFIG` names.

    Args:
        text: the value of the environment variable.

    Raises:
        ValueError: it is no JSON, names no worker, or this process is none of those it names.

    Example:

    >>> check_cluster('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}')
    ['a:1']
    """
    expected = f"expected the like of {_TF_CONFIG}"
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        here = task.get("type"), int(task.get("index", 0))
        hosts = {(job, i): host for job, addresses in cluster.items() for i, host in enumerate(addresses) if job in ("chief", "worker")}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"TF_CONFIG: {error}; found {text!r}; {expected}") from None
    if not hosts:
        raise ValueError(f"TF_CONFIG names no worker: found {text!r}; {expected}")
    if here not in hosts:
        raise ValueError(f"TF_CONFIG: task {here[0]} {here[1]} is none of its cluster ({len(hosts)} processes); {expected}")
    return [host for task, host in hosts.items() if task != here]


def is_multiworker(strategy):
    """Whether the strategy spans several processes."""
    return strategy.extended._in_multi_worker_mode()


def is_chief(strategy):
    """Whether this process is the one that writes files: the only one, or the first of several."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type in (None, "chief"):
        return True
    return resolver.task_type == "worker" and not resolver.task_id and "chief" not in resolver.cluster_spec().jobs


def _of_slurm():
    """The `TF_CONFIG` of a Slurm step."""
    if "SLURM_PROCID" not in os.environ:
        raise ValueError(f"strategy multiworker: neither TF_CONFIG is set nor is this a Slurm step; set it: {_TF_CONFIG}")
    gpus = None if shutil.which("nvidia-smi") else 0
    port = 15_000 + int(os.environ.get("SLURM_JOB_ID", 0)) % 15_000  # jobs that share a node must not share ports
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(port_base=port, gpus_per_node=gpus, gpus_per_task=gpus)
    cluster = resolver.cluster_spec().as_dict()
    kind, index = resolver.get_task_info()
    return {"cluster": cluster, "task": {"type": kind, "index": index}}


def _end(others, wait_s):
    """Ends the process: TensorFlow waits for the others where nothing can reach it."""
    silent = [host for host in others if not _answers(host)]
    told = f"no answer from {', '.join(silent)}" if silent else "all of them answer, but the cluster does not form"
    print(f"error: the machines of TF_CONFIG did not meet within {wait_s:.0f} s: {told}; start them all, within that time", file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def _answers(host):
    name, _, port = host.rpartition(":")
    try:
        with socket.create_connection((name, int(port)), timeout=2):
            return True
    except (OSError, ValueError):
        return False

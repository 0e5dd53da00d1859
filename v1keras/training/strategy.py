"""Where the training runs: one device, several, or several machines."""

import json
import os
import shutil
import socket
import time
import warnings

import tensorflow as tf

STRATEGIES = ("auto", "one", "mirrored", "multiworker")
_TF_CONFIG = (
    '{"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker",'
    ' "index": 0}}'
)


def make_strategy(name: str = "auto", wait_s: float = 300.0) -> tf.distribute.Strategy:
    """A `tf.distribute` strategy.

    Args:
        name: "one" device; "mirrored" over all GPUs of this machine (over its logical
            CPU devices where it has none); "multiworker" over the machines that the
            environment variable `TF_CONFIG` lists, or else over the tasks of a Slurm
            step; "auto": multiworker where `TF_CONFIG` is set, mirrored where there are
            two GPUs or more, else one.
        wait_s: seconds that the machines wait for each other.

    Raises:
        ValueError: unknown name, or a `TF_CONFIG` that says nothing of use.
        OSError: not all machines came.

    Example:

    >>> make_strategy("one").num_replicas_in_sync
    1
    """
    if name not in STRATEGIES:
        raise ValueError(
            f"strategy: found {name!r}, expected one of {', '.join(STRATEGIES)}"
        )
    if name == "multiworker" or (name == "auto" and os.environ.get("TF_CONFIG")):
        if not os.environ.get("TF_CONFIG"):
            os.environ["TF_CONFIG"] = json.dumps(_of_slurm())
        meet(*check_cluster(os.environ["TF_CONFIG"]), wait_s)
        tf.get_logger().setLevel("WARNING")  # it tells of every reduction
        return (
            tf.distribute.MultiWorkerMirroredStrategy()
        )  # first of all: it can't be once devices were looked at
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        devices = gpus or tf.config.list_logical_devices("CPU")
        if len(devices) == 1:
            warnings.warn(
                f"strategy mirrored: there is one device here, {devices[0].name}; goes"
                " on with it alone"
            )
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return (
        tf.distribute.get_strategy()
    )  # TensorFlow's own: a model needs no scope to be made in


def check_cluster(text: str) -> tuple[str, list[str]]:
    """The addresses of this and of the other processes that a `TF_CONFIG` names.

    Returns:
        (HOST:PORT, list of HOST:PORT).

    Args:
        text: the value of the environment variable.

    Raises:
        ValueError: it is no JSON, names no worker, or this process is none of those it
            names.

    Example:

    >>> task = '"task": {"type": "worker", "index": 1}'
    >>> check_cluster('{"cluster": {"worker": ["a:1", "b:1"]}, ' + task + "}")
    ('b:1', ['a:1'])
    """
    expected = f"expected the like of {_TF_CONFIG}"
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        here = task.get("type"), int(task.get("index", 0))
        hosts = {
            (job, i): host
            for job, addresses in cluster.items()
            for i, host in enumerate(addresses)
            if job in ("chief", "worker")
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"TF_CONFIG: {error}; found {text!r}; {expected}") from None
    if not hosts:
        raise ValueError(f"TF_CONFIG names no worker: found {text!r}; {expected}")
    if here not in hosts:
        raise ValueError(
            f"TF_CONFIG: task {here[0]} {here[1]} is none of its cluster ({len(hosts)}"
            f" processes); {expected}"
        )
    return hosts[here], [host for task, host in hosts.items() if task != here]


def meet(here, others, wait_s):
    """Waits until all processes of a cluster are there: TensorFlow itself waits for
    ever, where no signal reaches it.

    Args:
        here: this one's HOST:PORT, on which it listens meanwhile.
        others: list of HOST:PORT.
        wait_s: seconds.

    Raises:
        OSError: the port is taken, or some did not come; names them.
    """
    until, missing = time.monotonic() + wait_s, list(others)
    with socket.create_server(("", int(here.rpartition(":")[2]))):
        while missing:
            missing = [host for host in missing if not _answers(host)]
            if missing and time.monotonic() > until:
                raise OSError(
                    f"no answer from {', '.join(missing)} within {wait_s:.0f} s; start"
                    " all machines of TF_CONFIG within that time"
                )
            time.sleep(0.2 if missing else 0)


def is_multiworker(strategy):
    """Whether the strategy spans several processes."""
    return strategy.extended._in_multi_worker_mode()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes files: the only one, or the first of
    several.
    """
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type in (None, "chief"):
        return True
    return (
        resolver.task_type == "worker"
        and not resolver.task_id
        and "chief" not in resolver.cluster_spec().jobs
    )


def _of_slurm():
    """The `TF_CONFIG` of a Slurm step."""
    if "SLURM_PROCID" not in os.environ:
        raise ValueError(
            "strategy multiworker: neither TF_CONFIG is set nor is this a Slurm step;"
            f" set it: {_TF_CONFIG}"
        )
    port = (
        15_000 + int(os.environ.get("SLURM_JOB_ID", 0)) % 15_000
    )  # jobs that share a node must not share ports
    # It asks nvidia-smi for the GPUs that tasks share; where there is none, any number
    # that is large enough will do.
    gpus = (
        {}
        if shutil.which("nvidia-smi")
        else {"auto_set_gpu": False, "gpus_per_node": 1024, "gpus_per_task": 1}
    )
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
        port_base=port, **gpus
    )
    cluster = resolver.cluster_spec().as_dict()
    kind, index = resolver.get_task_info()
    return {"cluster": cluster, "task": {"type": kind, "index": index}}


def _answers(host):
    name, _, port = host.rpartition(":")
    try:
        with socket.create_connection((name, int(port)), timeout=2):
            return True
    except (OSError, ValueError):
        return False


def gpu_capabilities() -> list[tuple[int, int]]:
    """Return the (major, minor) compute capability of each GPU of this machine."""
    details = tf.config.experimental.get_device_details
    return [
        details(gpu).get("compute_capability", (0, 0))
        for gpu in tf.config.list_physical_devices("GPU")
    ]

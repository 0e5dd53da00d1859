"""Workers of a training on several machines: their addresses."""

import json
import os
import shutil

import tensorflow as tf

TF_CONFIG_EXAMPLE = (
    '{"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker",'
    ' "index": 0}}'
)


def spans_machines(strategy: str) -> bool:
    """Return whether a strategy of this name is one of several machines."""
    if strategy == "auto":
        return bool(os.environ.get("TF_CONFIG"))
    return strategy == "multiworker"


def check_cluster(text: str) -> tuple[str, list[str]]:
    """Return the addresses of the processes that a `TF_CONFIG` names.

    Args:
        text: String, value of the environment variable.

    Returns:
        Tuple of this process's HOST:PORT and a list of the others'.

    Raises:
        ValueError: It is not JSON, names no worker, or this process is none of those it
            names.

    Example:

    >>> task = '"task": {"type": "worker", "index": 1}'
    >>> check_cluster('{"cluster": {"worker": ["a:1", "b:1"]}, ' + task + "}")
    ('b:1', ['a:1'])
    """
    expected = f"expected the like of {TF_CONFIG_EXAMPLE}"
    try:
        config = json.loads(text)
        cluster, task = config.get("cluster", {}), config.get("task", {})
        here = task.get("type"), int(task.get("index", 0))
        hosts: dict[tuple[str, int], str] = {}
        for job, addresses in cluster.items():
            if job in ("chief", "worker"):
                hosts |= {(job, i): host for i, host in enumerate(addresses)}
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


def slurm_config() -> str:
    """Return the `TF_CONFIG` of a Slurm step.

    Raises:
        ValueError: This process is not a task of a Slurm step.
    """
    if "SLURM_PROCID" not in os.environ:
        raise ValueError(
            "strategy multiworker: neither TF_CONFIG is set nor is this a Slurm step;"
            f" set it: {TF_CONFIG_EXAMPLE}"
        )
    # Jobs that share a node must not share ports.
    port = 15_000 + int(os.environ.get("SLURM_JOB_ID", 0)) % 15_000
    # The resolver asks nvidia-smi for the GPUs that tasks share; where there is none,
    # any number that is large enough will do.
    gpus = {}
    if not shutil.which("nvidia-smi"):
        gpus = {"auto_set_gpu": False, "gpus_per_node": 1024, "gpus_per_task": 1}
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
        port_base=port, **gpus
    )
    cluster = resolver.cluster_spec().as_dict()
    kind, index = resolver.get_task_info()
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})

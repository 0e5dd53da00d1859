"""Workers of a training on several machines: their addresses, start and restart."""

import json
import os
import shutil
import socket
import sys
import time

import tensorflow as tf

# Raised by TensorFlow at the step after a worker was lost, at once or after ten seconds
# without a sign of life.
WORKER_LOST_ERRORS = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)
TF_CONFIG_EXAMPLE = (
    '{"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker",'
    ' "index": 0}}'
)
_RESTARTS, _MAX_RESTARTS = "V1KERAS_RESTARTS", 20


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


def wait_for_workers(here: str, others: list[str], timeout_s: float) -> None:
    """Wait until all processes of a cluster answer.

    TensorFlow itself would wait for ever, and no signal would reach it.

    Args:
        here: String, this process's HOST:PORT, on which it listens meanwhile.
        others: List of strings, HOST:PORT of the other processes.
        timeout_s: Float, number of seconds to wait.

    Raises:
        OSError: The port is taken, or some did not come; names them.
    """
    deadline = time.monotonic() + timeout_s
    missing = list(others)
    with socket.create_server(("", int(here.rpartition(":")[2]))):
        while missing:
            missing = [host for host in missing if not _answers(host)]
            if missing and time.monotonic() > deadline:
                raise OSError(
                    f"no answer from {', '.join(missing)} within {timeout_s:.0f} s;"
                    " start all machines of TF_CONFIG within that time"
                )
            time.sleep(0.2 if missing else 0)


def restart_process(error: tf.errors.OpError) -> None:
    """Start this command again with `--resume`, in place of this process.

    TensorFlow can't take a lost machine back into a running cluster. The new process
    waits for the others, the lost one included, as at the first start.

    Args:
        error: One of `WORKER_LOST_ERRORS`.

    Raises:
        tf.errors.OpError: The error itself, where this process is the only one.
        OSError: The process has been restarted too often.
    """
    if not os.environ.get("TF_CONFIG"):
        raise error
    reason = _reason(error)
    restarts = int(os.environ.get(_RESTARTS, 0)) + 1
    if restarts > _MAX_RESTARTS:
        raise OSError(
            f"a machine was lost for the {restarts}th time ({reason}); see what ends"
            " it, then resume with --resume"
        )
    print(
        f"warning: a machine was lost ({reason}); resuming from the last checkpoint as"
        " soon as all are back",
        file=sys.stderr,
        flush=True,
    )
    os.environ[_RESTARTS] = str(restarts)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # The old cluster's sockets.
    words = [word for word in sys.orig_argv if word not in ("--resume", "--overwrite")]
    os.execv(sys.executable, [*words, "--resume"])


def _reason(error):
    """Return the line of TensorFlow's message that names the lost task."""
    for line in error.message.splitlines():
        if "ollective" in line or "task" in line:
            return line[:150]
    return type(error).__name__


def _answers(host):
    name, _, port = host.rpartition(":")
    try:
        with socket.create_connection((name, int(port)), timeout=2):
            return True
    except (OSError, ValueError):
        return False

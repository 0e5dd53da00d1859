"""A process that answers while TensorFlow can't.

TensorFlow holds Python's lock while it waits for a cluster, and takes SIGTERM for
itself. So a training on several machines is done by a child process. Its parent, which
schedulers and users know, answers signals, bounds the time that connecting takes, and
starts another child when a machine was lost: TensorFlow can't take one back into a
running cluster.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Iterator

import tensorflow as tf

from v1keras.io.terminal import say
from v1keras.training.cluster import spans_machines
from v1keras.training.interruption import STOPPING, Stopped

# Raised by TensorFlow at the step after a worker was lost, at once or after ten seconds
# without a sign of life.
WORKER_LOST_ERRORS = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)
MET, CONNECTED = b"m", b"c"  # what a child reports
_MAX_RESTARTS = 20
_RESTART = 75  # exit status of a child that another is to follow
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PAUSE = 0.1  # seconds

# End of the pipe of a supervised process to its parent.
_reports: int | None = None


def supervise(strategy: str, timeout_s: float) -> int:
    """Go on in a child process; its parent stays in this function until all is done.

    Nothing happens where the strategy is not one of several machines.

    Args:
        strategy: String, name of the strategy.
        timeout_s: Float, number of seconds that TensorFlow may take to connect
            processes that have met.

    Returns:
        Integer, in the child: number of children before it, whose training it resumes.

    Raises:
        Stopped: In the parent: a signal came before the training could save its state.
        OSError: In the parent: TensorFlow did not connect the processes in time, or a
            machine was lost too often.
        SystemExit: In the parent: the training has ended.
    """
    if not spans_machines(strategy) or not hasattr(os, "fork"):
        return 0
    with _noted_signals() as signals:
        for restarts in range(_MAX_RESTARTS + 1):
            child = _fork()
            if child is None:
                break
            pid, reports = child
            status = _watch(pid, reports, timeout_s, signals)
            if status != _RESTART:
                _end(status)
        else:
            raise OSError(
                f"a machine was lost for the {_MAX_RESTARTS + 1}th time; see what ends"
                " it, then resume with --resume"
            )
    return restarts


def report(stage: bytes) -> None:
    """Tell the parent, if there is one, how far this process has come."""
    if _reports is not None:
        os.write(_reports, stage)


def request_restart(error: tf.errors.OpError) -> None:
    """End this process for another one that resumes its training.

    It waits for the others, the lost one included, as at the first start.

    Args:
        error: One of `WORKER_LOST_ERRORS`.

    Raises:
        tf.errors.OpError: The error itself, where this process has no parent.
    """
    if _reports is None:
        raise error
    say(
        f"warning: a machine was lost ({_reason(error)}); resuming from the last"
        " checkpoint as soon as all are back",
        sys.stderr,
    )
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_RESTART)  # An orderly end would wait for the machine that was lost.


@contextlib.contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """Yield a list that signals are noted in for the duration of the block."""
    signals: list[int] = []
    handlers = {}
    for number in STOPPING:
        handlers[number] = signal.signal(
            number, lambda number, frame: signals.append(number)
        )
    try:
        yield signals
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _fork():
    """Start a child; return its number and its reports, and None in the child."""
    global _reports
    sys.stdout.flush()
    sys.stderr.flush()
    parent, (reader, writer) = os.getpid(), os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    os.close(reader)
    _reports = writer
    # Ctrl-C reaches the parent alone, which passes it on.
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended meanwhile
        os._exit(1)
    return None


def _watch(pid, reports, timeout_s, signals):
    """Return the exit status of a child, or its signal's number with a minus."""
    deadline, connected, passed_on = None, False, False
    while True:
        stage = b""
        if not connected:
            if select.select([reports], [], [], _PAUSE)[0]:
                stage = os.read(reports, 1)
            connected = stage == CONNECTED
        if stage == MET:
            deadline = time.monotonic() + timeout_s
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            os.close(reports)
            return os.waitstatus_to_exitcode(status)
        if signals:
            number = signals.pop(0)
            if not connected or passed_on:
                _kill(pid)
                name = signal.Signals(number).name
                when = "again" if passed_on else "before the training has begun"
                raise Stopped(f"stopped by {name} {when}", number)
            os.kill(pid, number)
            passed_on = True
        if deadline and not connected and time.monotonic() > deadline:
            _kill(pid)
            raise OSError(
                "all processes of the cluster have met, but TensorFlow did not connect"
                f" them within {timeout_s:.0f} s: one of them has ended, or a firewall"
                " is between them"
            )
        if connected or not stage:
            time.sleep(_PAUSE)


def _kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _end(status):
    """End this process as its child has ended."""
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


def _reason(error):
    """Return the line of TensorFlow's message that names the lost task."""
    for line in error.message.splitlines():
        if "ollective" in line or "task" in line:
            return line[:150]
    return type(error).__name__

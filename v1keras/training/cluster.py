"""What a process does when another machine of its cluster is lost."""

import os
import sys

import tensorflow as tf

# What TensorFlow raises at the next step, at once or when ten seconds have passed
# without a sign of life.
LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
_COUNT, _MOST = "V1KERAS_STARTED_AGAIN", 20


def start_again(error):
    """Starts this command anew with `--resume`: TensorFlow can't take back a machine
    that was lost into a cluster that stands.

    The new process waits for the others, the lost one included, as at the first start.

    Args:
        error: one of `LOST`.

    Raises:
        The error itself where this is no process of several; OSError where it has
        started again often already.
    """
    if not os.environ.get("TF_CONFIG"):
        raise error
    told = next(
        (
            line
            for line in error.message.splitlines()
            if "ollective" in line or "task" in line
        ),
        type(error).__name__,
    )[:150]
    times = int(os.environ.get(_COUNT, 0)) + 1
    if times > _MOST:
        raise OSError(
            f"a machine was lost for the {times}th time ({told}); see what ends it,"
            " then go on with --resume"
        )
    print(
        f"warning: a machine was lost ({told}); going on from the last checkpoint as"
        " soon as all are back",
        file=sys.stderr,
        flush=True,
    )
    os.environ[_COUNT] = str(times)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # the old cluster's sockets
    os.execv(
        sys.executable,
        [word for word in sys.orig_argv if word not in ("--resume", "--overwrite")]
        + ["--resume"],
    )

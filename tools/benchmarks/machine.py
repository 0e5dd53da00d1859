"""What the machine can do at most, and how a measurement was taken."""

import os
import time

import tensorflow as tf


class Watch:
    """Seconds, and processors busy, between two moments of this process.

    Example:

    >>> with Watch() as watch:
    ...     total = sum(range(1000))
    >>> watch.seconds > 0
    True
    """

    def __enter__(self):
        self._began, self._used = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._began
        self.processor_seconds = time.process_time() - self._used
        self.busy = self.processor_seconds / self.seconds


def processors():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def ceiling(repeats=5):
    """The largest rates of matrix product and convolution, in GFLOP/s: {"matmul
    float32": ..., ...}.
    """
    found = {}
    for name in ("float32", "bfloat16"):
        left, right = (tf.cast(tf.random.normal((2048, 2048)), name) for _ in range(2))
        features, kernel = (
            tf.cast(tf.random.normal((32, 28, 56, 64)), name),
            tf.cast(tf.random.normal((7, 7, 64, 64)), name),
        )
        work = {
            f"matmul {name}": (
                tf.function(lambda a=left, b=right: tf.matmul(a, b)),
                2 * 2048**3,
            ),
            f"convolution {name}": (
                tf.function(lambda x=features, k=kernel: tf.nn.conv2d(x, k, 1, "SAME")),
                2 * 32 * 28 * 56 * 49 * 64 * 64,
            ),
        }
        for what, (function, flop) in work.items():
            function()
            found[what] = flop / min(_seconds(function) for _ in range(repeats)) / 1e9
    return found


def _seconds(function):
    with Watch() as watch:
        function()
    return watch.seconds

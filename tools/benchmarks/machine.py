"""The highest rates of the machine, and a watch for measurements."""

import os
import time


class Watch:
    """Measure seconds and busy processors of a block in this process.

    Example:

    >>> with Watch() as watch:
    ...     total = sum(range(1000))
    >>> watch.seconds > 0
    True
    """

    def __enter__(self):
        self._start = time.perf_counter()
        self._processor_start = time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._start
        self.processor_seconds = time.process_time() - self._processor_start
        self.busy = self.processor_seconds / self.seconds


def processors():
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0))


def ceiling(repeats=5):
    """Measure the largest rates of matrix product and convolution.

    Returns:
        Dict in GFLOP/s: `{"matmul float32": ..., ...}`.
    """
    import tensorflow as tf

    rates = {}
    for name in ("float32", "bfloat16"):
        left = tf.cast(tf.random.normal((2048, 2048)), name)
        right = tf.cast(tf.random.normal((2048, 2048)), name)
        features = tf.cast(tf.random.normal((32, 28, 56, 64)), name)
        kernel = tf.cast(tf.random.normal((7, 7, 64, 64)), name)
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
        for operation, (function, flop) in work.items():
            function()
            seconds = min(_seconds(function) for _ in range(repeats))
            rates[operation] = flop / seconds / 1e9
    return rates


def _seconds(function):
    with Watch() as watch:
        function()
    return watch.seconds

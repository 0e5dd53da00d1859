"""The progress bar of a training."""

import sys
import time
from typing import TextIO

import keras


class ProgressBar(keras.callbacks.Callback):
    """A line of progress, at most 80 characters wide, rewritten after each epoch.

    It shows the epoch, the validation score and the longest time that is left.

    Args:
        stream: Text stream to write to; None for stderr. If it is not a terminal, one
            line is written at the end.
        metric: String, name of the log to show.
    """

    def __init__(
        self, stream: TextIO | None = None, metric: str = "validation_score"
    ) -> None:
        super().__init__()
        self.stream = stream or sys.stderr
        self.metric = metric

    def on_train_begin(self, logs=None):
        self.began = time.monotonic()
        self.first = None
        self.line = ""
        self.best = None

    def on_epoch_begin(self, epoch, logs=None):
        # A resumed training does not begin at 0.
        if self.first is None:
            self.first = epoch

    def on_epoch_end(self, epoch, logs=None):
        total, done = self.params["epochs"], epoch + 1
        value = logs[self.metric]
        self.best = value if self.best is None else max(self.best, value)
        passed = time.monotonic() - self.began
        left = passed / (done - self.first) * (total - done)
        bar = ("=" * (8 * done // total)).ljust(8)
        self.line = (
            f"epoch {done:>{len(str(total))}}/{total} [{bar}]"
            f" validation {value:.3f} (best {self.best:.3f})"
            f"  at most {_clock(left)} left"
        )
        if self.stream.isatty():
            self.stream.write("\r" + self.line)
            self.stream.flush()

    def on_train_end(self, logs=None):
        passed = _clock(time.monotonic() - self.began)
        if self.line:
            start = "\r" if self.stream.isatty() else ""
            line = self.line.split("  at most")[0]
            self.stream.write(f"{start}{line}  took {passed}    \n")


def _clock(seconds):
    """Return a duration as h:mm:ss or m:ss."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

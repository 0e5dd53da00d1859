"""Progress bar of a training."""

import sys
import time
from typing import TextIO

import keras


class ProgressBar(keras.callbacks.Callback):
    """Line of at most 80 columns that is rewritten after each epoch.

    It shows the epoch, the validation score, and when training ends at the latest.

    Args:
        stream: Text stream; None for stderr. One that is not a terminal gets one line
            at the end.
        metric: String, name of the log to show.
    """

    def __init__(
        self, stream: TextIO | None = None, metric: str = "validation_score"
    ) -> None:
        super().__init__()
        self.stream = stream or sys.stderr
        self.metric = metric

    def on_train_begin(self, logs=None):
        self.started = time.monotonic()
        self.first_epoch = None
        self.best = None
        self.line = ""

    def on_epoch_begin(self, epoch, logs=None):
        if self.first_epoch is None:  # Not 0 in a resumed training.
            self.first_epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        total = self.params["epochs"]
        completed = epoch + 1
        value = logs[self.metric]
        self.best = value if self.best is None else max(self.best, value)
        seconds = time.monotonic() - self.started
        remaining = seconds / (completed - self.first_epoch) * (total - completed)
        bar = "=" * (8 * completed // total)
        self.line = (
            f"epoch {completed:>{len(str(total))}}/{total} [{bar:<8}]"
            f" validation {value:.3f} (best {self.best:.3f})"
            f"  at most {_clock(remaining)} left"
        )
        if self.stream.isatty():
            self.stream.write("\r" + self.line)
            self.stream.flush()

    def on_train_end(self, logs=None):
        if not self.line:
            return
        if self.stream.isatty():
            self.stream.write("\r")
        line = self.line.split("  at most")[0]
        took = _clock(time.monotonic() - self.started)
        self.stream.write(f"{line}  took {took}    \n")


def _clock(seconds):
    """Return a duration as h:mm:ss or m:ss."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"

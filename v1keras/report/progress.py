"""The progress bar of a training."""

import sys
import time
from typing import TextIO

import keras


class ProgressBar(keras.callbacks.Callback):
    """One line of at most 80 columns that is rewritten after each epoch: how far, the
    validation score, and when training ends at the latest.

    Args:
        stream: where to; None for stderr. Written only where that is a terminal;
            elsewhere one line at the end.
        metric: the log it shows.
    """

    def __init__(
        self, stream: TextIO | None = None, metric: str = "validation_score"
    ) -> None:
        super().__init__()
        self.stream, self.metric = stream or sys.stderr, metric

    def on_train_begin(self, logs=None):
        self.began, self.first, self.line, self.best = time.monotonic(), None, "", None

    def on_epoch_begin(self, epoch, logs=None):
        self.first = (
            epoch if self.first is None else self.first
        )  # a resumed training does not begin at 0

    def on_epoch_end(self, epoch, logs=None):
        total, done = self.params["epochs"], epoch + 1
        value = logs[self.metric]
        self.best = value if self.best is None else max(self.best, value)
        passed = time.monotonic() - self.began
        left = passed / (done - self.first) * (total - done)
        filled = 8 * done // total
        self.line = (
            f"epoch {done:>{len(str(total))}}/{total}"
            f" [{'=' * filled}{' ' * (8 - filled)}] validation {value:.3f} (best"
            f" {self.best:.3f})  at most {_clock(left)} left"
        )
        if self.stream.isatty():
            self.stream.write("\r" + self.line)
            self.stream.flush()

    def on_train_end(self, logs=None):
        passed = _clock(time.monotonic() - self.began)
        if self.line:
            self.stream.write(
                ("\r" if self.stream.isatty() else "")
                + self.line.split("  at most")[0]
                + f"  took {passed}    \n"
            )


def _clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

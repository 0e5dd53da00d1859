"""TensorBoard events of a training."""

import contextlib
import json
import os
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from v1keras.report.figures import tile


@contextlib.contextmanager
def _plain_errors(folder):
    """Raise TensorFlow's errors of writing as `OSError`."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(
            f"TensorBoard's events in {folder}: {error.message.splitlines()[0]}"
        ) from None


class TensorBoardLog(keras.callbacks.Callback):
    """A log of a training: scalars, filters, scores of neurons and the configuration.

    Scalars are written after each epoch; filters and the distribution of scores over
    neurons after every few; the configuration, which distinguishes runs, under HParams.

    Args:
        folder: Folder of the event files.
        config: Nested dict, the configuration.
        trainer: `Trainer`: `scores` holds the `(neurons,)` validation correlations of
            the last epoch, `progress.best_score` the highest mean.
        every: Integer, epochs between two histograms and images.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        config: dict[str, Any],
        trainer: Any,
        every: int = 10,
    ) -> None:
        super().__init__()
        self.folder = str(folder)
        self.config = config
        self.trainer = trainer
        self.every = every

    def on_train_begin(self, logs=None):
        with _plain_errors(self.folder):
            self.writer = tf.summary.create_file_writer(self.folder)
        with _plain_errors(self.folder), self.writer.as_default(step=0):
            tf.summary.text(
                "configuration", "```\n" + json.dumps(self.config, indent=1) + "\n```"
            )
            hparams.hparams(dict(_flat(self.config)))

    def on_epoch_end(self, epoch, logs=None):
        names = {
            "loss": "training/loss",
            "learning_rate": "training/learning_rate",
            "images_per_second": "training/images_per_second",
            "validation_score": "validation/correlation",
        }
        with _plain_errors(self.folder), self.writer.as_default(step=epoch + 1):
            for key, name in names.items():
                tf.summary.scalar(name, logs[key])
            if epoch % self.every == 0:
                self._log_neurons()

    def _log_neurons(self):
        """Write the distribution of scores and the filters."""
        scores = self.trainer.scores
        name = "validation/correlation_of_neurons"
        tf.summary.histogram(name, scores[np.isfinite(scores)])
        filters = _first_filters(self.model)
        if filters is not None:
            sheet = tile(filters)[None, ..., None]
            tf.summary.image("filters/first_layer", sheet)

    def on_train_end(self, logs=None):
        progress = self.trainer.progress
        step = progress.epoch
        with _plain_errors(self.folder), self.writer.as_default(step=step):
            tf.summary.scalar("validation/best_correlation", progress.best_score)
            self.writer.close()


class Profile(keras.callbacks.Callback):
    """A profile of training steps, for TensorBoard's tabs Profile and Graphs.

    It starts after the first steps, in which everything is compiled, and ends at the
    first pause after the given number of steps.

    Args:
        folder: Folder of the event files.
        steps: Integer, smallest number of steps to profile.
    """

    def __init__(self, folder: str | os.PathLike[str], steps: int) -> None:
        super().__init__()
        self.folder = str(folder)
        self.steps = steps
        self.left = None

    def on_epoch_begin(self, epoch, logs=None):
        self.seen = 0

    def on_train_batch_end(self, batch, logs=None):
        done, self.seen = batch + 1 - self.seen, batch + 1
        if self.left is None:
            self.left = self.steps
            with _plain_errors(self.folder):
                tf.summary.trace_on(graph=True)
                tf.profiler.experimental.start(self.folder)
        elif self.left > 0:
            self.left -= done
            if self.left <= 0:
                self._write()

    def on_train_end(self, logs=None):
        if self.left is None or self.left > 0:
            ran = 0 if self.left is None else self.steps - self.left
            warnings.warn(
                f"--profile={self.steps}: the training had {ran} steps after the first"
                " few, in which it is compiled"
            )
            if ran:
                self._write()

    def _write(self):
        with _plain_errors(self.folder):
            tf.profiler.experimental.stop()
            with tf.summary.create_file_writer(self.folder).as_default(step=0):
                tf.summary.trace_export("steps")


def _flat(config, prefix=""):
    """Yield the keys of a nested configuration, with values that HParams takes."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, (bool, int, float, str)):
            yield prefix + key, value
        else:
            yield prefix + key, str(value)


def _first_filters(model):
    """Return the `(filters, height, width)` of the first convolution, or None."""
    for weight in model.trainable_variables:
        if len(weight.shape) == 4:
            return np.moveaxis(keras.ops.convert_to_numpy(weight)[:, :, 0], -1, 0)
    return None

"""Logs of a training for TensorBoard."""

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
    """Raise TensorFlow's errors of writing as the operating system's."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(
            f"TensorBoard's events in {folder}: {error.message.splitlines()[0]}"
        ) from None


class TensorBoardLog(keras.callbacks.Callback):
    """Callback that logs scalars, filters, scores of neurons and hyperparameters.

    Args:
        folder: String or path, folder of the event files.
        hyperparameters: Dict from name to boolean, number or string, shown under
            HParams and, as JSON, under Text.
        name: String, name of the row of HParams.
        trainer: `Trainer`: its `scores` are the `(neurons,)` validation correlations
            of the last epoch, `state.best_score` is the highest mean.
        every: Integer, number of epochs between two histograms and images.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        hyperparameters: dict[str, bool | int | float | str],
        name: str,
        trainer: Any,
        every: int = 10,
    ) -> None:
        super().__init__()
        self.folder = str(folder)
        self.hyperparameters = hyperparameters
        self.name = name
        self.trainer = trainer
        self.every = every

    def on_train_begin(self, logs=None):
        with _plain_errors(self.folder):
            self.writer = tf.summary.create_file_writer(self.folder)
        with _plain_errors(self.folder), self.writer.as_default(step=0):
            text = json.dumps(self.hyperparameters, indent=1)
            tf.summary.text("configuration", f"```\n{text}\n```")
            hparams.hparams(self.hyperparameters, trial_id=self.name)

    def on_epoch_end(self, epoch, logs=None):
        names = {
            "validation_score": "scores/validation_correlation",
            "loss": "training/loss",
            "learning_rate": "training/learning_rate",
            "images_per_second": "training_speed/images_per_second",
        }
        with _plain_errors(self.folder), self.writer.as_default(step=epoch + 1):
            for key, name in names.items():
                tf.summary.scalar(name, logs[key])
            if epoch % self.every == 0:
                self._log_neurons()

    def _log_neurons(self):
        """Write the distribution of scores and the filters."""
        scores = self.trainer.scores
        name = "scores/validation_correlation_of_neurons"
        tf.summary.histogram(name, scores[np.isfinite(scores)])
        filters = _first_filters(self.model)
        if filters is not None:
            sheet = tile(filters)[None, ..., None]
            tf.summary.image("filters/first_layer", sheet)

    def on_train_end(self, logs=None):
        state = self.trainer.state
        with _plain_errors(self.folder), self.writer.as_default(step=state.epoch):
            name = "scores/best_validation_correlation"
            tf.summary.scalar(name, state.best_score)
            self.writer.close()


def log_test_scores(
    folder: str | os.PathLike[str],
    hyperparameters: dict[str, bool | int | float | str],
    name: str,
    scores: dict[str, float],
) -> None:
    """Write the scores of a finished training, to stand in a row of HParams.

    Args:
        folder: String or path, folder of the event files.
        hyperparameters: Dict, as for `TensorBoardLog`.
        name: String, name of the row.
        scores: Dict from name to score.
    """
    with _plain_errors(folder):
        writer = tf.summary.create_file_writer(str(folder))
        with writer.as_default(step=0):
            hparams.hparams(hyperparameters, trial_id=name)
            for key, score in scores.items():
                tf.summary.scalar(f"scores/{key}", score)
        writer.close()


class Profile(keras.callbacks.Callback):
    """Callback that profiles some steps for TensorBoard's Profile and Graphs tabs.

    It begins after the first steps, in which everything is compiled, and ends at the
    first pause after the requested number of steps.

    Args:
        folder: String or path, folder of the event files.
        steps: Integer, minimum number of steps.
    """

    def __init__(self, folder: str | os.PathLike[str], steps: int) -> None:
        super().__init__()
        self.folder = str(folder)
        self.steps = steps
        self.steps_left = None

    def on_epoch_begin(self, epoch, logs=None):
        self.step = 0

    def on_train_batch_end(self, batch, logs=None):
        steps = batch + 1 - self.step
        self.step = batch + 1
        if self.steps_left is None:
            self.steps_left = self.steps
            with _plain_errors(self.folder):
                tf.summary.trace_on(graph=True)
                tf.profiler.experimental.start(self.folder)
        elif self.steps_left > 0:
            self.steps_left -= steps
            if self.steps_left <= 0:
                self._write()

    def on_train_end(self, logs=None):
        if self.steps_left is None or self.steps_left > 0:
            ran = 0 if self.steps_left is None else self.steps - self.steps_left
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


def _first_filters(model):
    """Return `(filters, height, width)` of the first convolution, or None."""
    for weight in model.trainable_variables:
        if len(weight.shape) == 4:
            return np.moveaxis(keras.ops.convert_to_numpy(weight)[:, :, 0], -1, 0)
    return None

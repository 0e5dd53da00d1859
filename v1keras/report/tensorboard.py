"""What TensorBoard shows of a training."""

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
    """TensorFlow's errors of writing as the operating system's."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(
            f"TensorBoard's events in {folder}: {error.message.splitlines()[0]}"
        ) from None


class TensorBoardLog(keras.callbacks.Callback):
    """Writes scalars each epoch; filters and the spread of scores over neurons every
    few; and what tells runs apart under HParams.

    Args:
        folder: of the event files.
        config: the configuration, nested: shown under Text, and key by key under
            HParams.
        trainer: the `Trainer`: `scores` gives the `(neurons,)` validation correlations
            of the last epoch, `progress.best_score` the highest.
        every: epochs between two histograms and images.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        config: dict[str, Any],
        trainer: Any,
        every: int = 10,
    ) -> None:
        super().__init__()
        self.folder, self.config, self.trainer, self.every = (
            str(folder),
            config,
            trainer,
            every,
        )

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
                scores = self.trainer.scores
                tf.summary.histogram(
                    "validation/correlation_of_neurons", scores[np.isfinite(scores)]
                )
                filters = _first_filters(self.model)
                if filters is not None:
                    tf.summary.image(
                        "filters/first_layer", tile(filters)[None, ..., None]
                    )

    def on_train_end(self, logs=None):
        with (
            _plain_errors(self.folder),
            self.writer.as_default(step=self.trainer.progress.epoch),
        ):
            tf.summary.scalar(
                "validation/best_correlation", self.trainer.progress.best_score
            )
            self.writer.close()


class Profile(keras.callbacks.Callback):
    """Records where the time of some steps goes, and the graph of a step, for
    TensorBoard's tabs Profile and Graphs.

    It begins after the first steps, in which everything is compiled, and ends at the
    first pause after as many steps as asked for.

    Args:
        folder: of the event files.
        steps: how many, at least.
    """

    def __init__(self, folder: str | os.PathLike[str], steps: int) -> None:
        super().__init__()
        self.folder, self.steps, self.left = str(folder), steps, None

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
    """The keys of a nested configuration, with values that HParams takes."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield (
                prefix + key,
                value if isinstance(value, (bool, int, float, str)) else str(value),
            )


def _first_filters(model):
    """`(filters, height, width)` of the first convolution, or None."""
    for weight in model.trainable_variables:
        if len(weight.shape) == 4:
            return np.moveaxis(keras.ops.convert_to_numpy(weight)[:, :, 0], -1, 0)
    return None

"""What TensorBoard shows of a training."""

import contextlib
import os
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from v1keras.report.figures import tile


@contextlib.contextmanager
def _plain_errors(folder):
    """TensorFlow's errors of writing as the operating system's."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(f"TensorBoard's events in {folder}: {error.message.splitlines()[0]}") from None


class TensorBoardLog(keras.callbacks.Callback):
    """Writes scalars each epoch; filters and the spread of scores over neurons every few.

    Args:
        folder: of the event files.
        text: the configuration, shown under Text.
        scores: callable that gives the `(neurons,)` validation correlations of the last epoch.
        every: epochs between two histograms and images.
    """

    def __init__(self, folder: str | os.PathLike[str], text: str, scores: Callable[[], np.ndarray], every: int = 10) -> None:
        super().__init__()
        self.folder, self.text, self.scores, self.every = str(folder), text, scores, every

    def on_train_begin(self, logs=None):
        with _plain_errors(self.folder):
            self.writer = tf.summary.create_file_writer(self.folder)
        with _plain_errors(self.folder), self.writer.as_default(step=0):
            tf.summary.text("configuration", "```\n" + self.text + "\n```")

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
                scores = self.scores()
                tf.summary.histogram("validation/correlation_of_neurons", scores[np.isfinite(scores)])
                filters = _first_filters(self.model)
                if filters is not None:
                    tf.summary.image("filters/first_layer", tile(filters)[None, ..., None])

    def on_train_end(self, logs=None):
        with _plain_errors(self.folder):
            self.writer.close()


def _first_filters(model):
    """`(filters, height, width)` of the first convolution, or None."""
    for weight in model.trainable_variables:
        if len(weight.shape) == 4:
            return np.moveaxis(keras.ops.convert_to_numpy(weight)[:, :, 0], -1, 0)
    return None

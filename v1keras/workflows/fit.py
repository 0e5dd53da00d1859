"""One network trained on its recordings."""

from collections.abc import Sequence
from typing import Any

import keras
import ml_collections
import numpy as np
import tensorflow as tf

from v1keras.config import resolve
from v1keras.data import Recording
from v1keras.data.presentations import model_data
from v1keras.data.quality import varying_neurons
from v1keras.data.statistics import response_unit
from v1keras.evaluation import correlation
from v1keras.io.backend import require_tensorflow
from v1keras.io.keras_defaults import keras_defaults
from v1keras.report import ProgressBar
from v1keras.training import (
    Checkpoints,
    Schedule,
    Trainer,
    TrainingHistory,
    check_responses,
    make_likelihood,
)
from v1keras.workflows.build import equalizing_weights
from v1keras.workflows.matching import check_fit
from v1keras.workflows.score import session_of


def fit(
    model: keras.Model,
    recording: Recording | Sequence[Recording],
    config: Any = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: tf.distribute.Strategy | None = None,
    **training: Any,
) -> TrainingHistory:
    """Train a model on a recording, and leave the best weights in it.

    The noise model, early stopping by the validation correlation, the learning rate's
    schedule and missing responses are those of `python -m v1keras.train`. Test images
    are not looked at. A progress bar goes to stderr, unless
    `keras.config.disable_interactive_logging()` was called.

    Args:
        model: Model of the recording's neurons, as `build_model` returns it.
        recording: `Recording` with training and validation images; for a model of
            several recordings, a sequence of them in the order of its sessions.
        config: Configuration: a name, a file, an `ml_collections.ConfigDict`, or None
            for the default. Its `training` branch and `seed` are used.
        callbacks: Sequence of Keras callbacks; their logs hold `loss`,
            `validation_score`, `learning_rate` and `images_per_second`.
        strategy: `tf.distribute` strategy in whose scope the model was built; None for
            one device.
        **training: Keys of the configuration's `training` branch, such as
            `max_epochs=20`.

    Returns:
        `TrainingHistory`: as Keras's, `history` is a dict of lists with an entry per
        epoch; `best_score` and `best_epoch` are those of the weights kept.

    Raises:
        ValueError: The configuration or the recording does not fit.
        FloatingPointError: The loss is no longer finite.

    Example:

    >>> import v1keras
    >>> recording = v1keras.simulate_recording(
    ...     40, 10, neurons_per_kind=1, image_size=16
    ... )
    >>> model = v1keras.build_model(recording)
    >>> history = fit(model, recording, max_epochs=1)
    >>> len(history.history["loss"]), history.best_epoch
    (1, 1)
    """
    config = resolve(config, training=training)
    recordings = [recording] if isinstance(recording, Recording) else list(recording)
    for part in recordings:
        check_fit(session_of(model, part), part)
    bar = [ProgressBar()] if keras.config.is_interactive_logging_enabled() else []
    trainer = make_trainer(config.training, config.seed, model, recordings, strategy)
    return run_trainer(trainer, model, recordings, [*callbacks, *bar])


def make_trainer(
    config: ml_collections.ConfigDict,
    seed: int,
    model: Any,
    recordings: Sequence[Recording],
    strategy: tf.distribute.Strategy | None = None,
    likelihood: keras.Layer | None = None,
) -> Trainer:
    """Return the `Trainer` that the `training` branch of a configuration describes.

    Args:
        config: The branch.
        seed: Integer, seed of the order of the images.
        model: `V1Model`, or `MultiSessionModel` of as many recordings.
        recordings: Sequence of `Recording`s with training and validation images.
        strategy: `tf.distribute` strategy in whose scope the model was built.
        likelihood: Noise model made in that scope; None for a new one.
    """
    require_tensorflow("training")
    strategy = strategy or tf.distribute.get_strategy()
    for recording in recordings:
        check_batch_size(config.batch_size, recording)
        check_validation(recording)
    with strategy.scope():
        trained = model if len(recordings) == 1 else model.training_model()
        likelihood = likelihood or make_likelihood(config.likelihood)
        likelihood.set_unit(*getattr(model, "output_unit", (None, None)))
        with keras_defaults():  # the learning rate's own dtype
            optimizer = keras.optimizers.Adam(config.learning_rate)
    for recording in recordings:
        check_responses(likelihood, recording.responses)
    weights = []
    for recording in recordings:
        unit = response_unit(recording, likelihood.nonnegative)
        responses = side(recording, "train")[1]
        weights.append(equalizing_weights(responses, config.rate_weighting, *unit))
    schedule = schedule_of(config, seed)
    return Trainer(
        trained,
        optimizer,
        likelihood,
        correlation,
        strategy,
        schedule,
        np.concatenate(weights),
    )


def run_trainer(
    trainer: Trainer,
    model: Any,
    recordings: Sequence[Recording],
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoints: Checkpoints | None = None,
) -> TrainingHistory:
    """Train on the training images, stop by the validation images."""
    train, validation = (
        [side(recording, name, model.covariates) for recording in recordings]
        for name in ("train", "validation")
    )
    progress = trainer.fit(train, validation, callbacks, checkpoints)
    return TrainingHistory(progress.history, progress.best_score, progress.best_epoch)


def side(recording, split, covariates=None):
    """Return (inputs, responses) of one side of the split, as `model_data` does."""
    indices = recording.indices(split)
    inputs, responses, _ = model_data(recording, indices, covariates)
    return inputs, responses


def schedule_of(config: ml_collections.ConfigDict, seed: int) -> Schedule:
    """Return the `Schedule` that the `training` branch of a configuration describes."""
    return Schedule(
        batch_size=config.batch_size,
        max_epochs=config.max_epochs,
        lr_schedule=config.lr_schedule,
        patience=config.patience,
        lr_decay_factor=config.lr_decay_factor,
        max_lr_decays=config.max_lr_decays,
        ema_momentum=config.ema_momentum,
        max_device_data_gb=config.max_device_data_gb,
        seed=seed,
    )


def check_validation(recording):
    """Refuse validation images that can't tell when to stop.

    Training follows the correlation over them, which needs two different responses.
    """
    images = recording.indices("validation")
    if not varying_neurons(recording, images):
        raise ValueError(
            f"recording {recording.name!r}: no neuron's response varies over its"
            f" {len(images)} validation images, so no correlation tells when to stop:"
            " mark more images in `split`, or let --config.data.protocol=paper draw"
            " them"
        )


def check_batch_size(batch_size, recording):
    """Refuse a batch larger than the recording's training images."""
    count = len(recording.indices("train"))
    if batch_size > count:
        raise ValueError(
            f"batch_size: found {batch_size}, expected 1 to {count}, the training"
            " images there are"
        )

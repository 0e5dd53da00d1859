"""The one training loop."""

import dataclasses
import json
import pathlib
import time

import h5py
import keras
import numpy as np
import tensorflow as tf

from v1keras.files import written_whole
from v1keras.training.strategy import is_chief


@dataclasses.dataclass
class Schedule:
    """How long and how fast to train.

    Args:
        batch_size: images a step, over all replicas.
        max_epochs: passes through the training images, at most.
        patience: epochs without a better validation score, after which the best weights are restored and the learning rate is
            multiplied by `decay`; after the last of `decays` times training stops.
        decay: factor.
        decays: how often.
        seed: of the order of the images.
    """

    batch_size: int = 32
    max_epochs: int = 200
    patience: int = 10
    decay: float = 0.3
    decays: int = 3
    seed: int = 0


@dataclasses.dataclass
class Progress:
    """Where a training stands; written with each checkpoint."""

    epoch: int = 0
    best_epoch: int = 0
    best_score: float = -np.inf
    waited: int = 0
    decayed: int = 0
    seconds: float = 0.0
    finished: bool = False


class Trainer:
    """Fits a model to responses by maximum likelihood.

    Args:
        model: images -> rates `(batch, neurons)`, made in the strategy's scope.
        optimizer: a Keras optimizer, made in the strategy's scope.
        likelihood: rates -> TensorFlow Probability distribution of the responses.
        score: (responses, rates), both `(images, neurons)`, -> one value a neuron; the mean of its finite values decides when to stop.
        strategy: a `tf.distribute` strategy.
        schedule: a `Schedule`.

    Example:

    >>> import keras, numpy as np
    >>> from v1keras.training import Schedule, Trainer, make_strategy, poisson
    >>> rng = np.random.default_rng(0)
    >>> images = rng.normal(size=(64, 4, 4, 1)); rates = np.exp(images[:, 0, 0] + [0, 0.5])
    >>> model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "exponential")])
    >>> fit = lambda responses, rates: -np.mean((responses - rates) ** 2, axis=0)
    >>> schedule = Schedule(batch_size=16, max_epochs=20)
    >>> trainer = Trainer(model, keras.optimizers.Adam(0.05), poisson, fit, make_strategy("one"), schedule)
    >>> trainer.fit((images, rates), (images, rates)).best_score > -0.5
    True
    """

    def __init__(self, model, optimizer, likelihood, score, strategy, schedule):
        replicas = strategy.num_replicas_in_sync
        if schedule.batch_size % replicas:
            raise ValueError(
                f"batch_size {schedule.batch_size} is not divisible by {replicas} replicas; take a multiple of {replicas}"
            )
        self.model, self.optimizer, self.strategy, self.schedule = model, optimizer, strategy, schedule
        self.likelihood, self.score = likelihood, score
        self.progress, self.best = Progress(), None
        self.scores = None  # (neurons,), the validation scores of the last epoch
        with strategy.scope():
            optimizer.build(model.trainable_variables)
        self._predict = tf.function(lambda images: model(images, training=False), reduce_retracing=True)

    def fit(self, train, validation, callbacks=(), checkpoint=None):
        """Trains until the validation score stops rising, and leaves the best weights in the model.

        Args:
            train: (images `(n, h, w, 1)`, responses `(n, neurons)`); NaN responses are left out.
            validation: the same, of other images.
            callbacks: Keras callbacks; their logs hold `loss`, `validation_score`, `learning_rate`, `images_per_second`.
            checkpoint: file that is written after each epoch, and from which an interrupted training goes on; None for none.

        Returns:
            `Progress`.

        Raises:
            ValueError: fewer training images than one batch.
            FloatingPointError: the loss is no longer finite.
        """
        images, responses = train
        steps = len(images) // self.schedule.batch_size
        if not steps:
            raise ValueError(f"{len(images)} training images are fewer than a batch of {self.schedule.batch_size}")
        if checkpoint and pathlib.Path(checkpoint).exists():
            self._restore(checkpoint)
        callbacks = keras.callbacks.CallbackList(list(callbacks), model=self.model)
        callbacks.set_params({"epochs": self.schedule.max_epochs, "steps": steps})
        self.model.stop_training = False
        epoch_of_steps = self._compile(images, responses)
        callbacks.on_train_begin()
        progress = self.progress
        while not progress.finished and progress.epoch < self.schedule.max_epochs:
            callbacks.on_epoch_begin(progress.epoch)
            began = time.perf_counter()
            order = np.random.default_rng((self.schedule.seed, progress.epoch)).permutation(len(images))
            order = order[: steps * self.schedule.batch_size].reshape(steps, self.schedule.batch_size)
            rate = self._learning_rate()
            loss = float(epoch_of_steps(tf.constant(order, tf.int32)))
            took = time.perf_counter() - began
            if not np.isfinite(loss):
                raise FloatingPointError(
                    f"the loss is {loss} in epoch {progress.epoch + 1}: lower the learning rate (it is {rate:g}), or look for "
                    "extreme responses; checkpoints hold the last good epoch"
                )
            self.scores = self.score(validation[1], self.predict(validation[0]))
            finite = self.scores[np.isfinite(self.scores)]
            score = float(finite.mean()) if finite.size else 0.0
            self._advance(score)
            progress.seconds += time.perf_counter() - began
            logs = {"loss": loss, "validation_score": score, "learning_rate": rate, "images_per_second": order.size / took}
            callbacks.on_epoch_end(progress.epoch - 1, logs)
            progress.finished |= self.model.stop_training
            if checkpoint and is_chief(self.strategy):
                self._save(checkpoint)
        progress.finished = True
        _assign(self.model.variables, self.best)
        callbacks.on_train_end()
        return progress

    def predict(self, images, batch_size=256):
        """Rates `(n, neurons)` of `(n, h, w, 1)` images."""
        parts = (images[i : i + batch_size] for i in range(0, len(images), batch_size))
        return np.concatenate([np.asarray(self._predict(tf.constant(part, tf.float32))) for part in parts])

    def _compile(self, images, responses):
        """One epoch as one call: images and responses live on every device, each replica takes its share of every batch."""
        with self.strategy.scope():
            images = tf.Variable(images, trainable=False, dtype=_stored(images))
            responses = tf.Variable(responses, trainable=False, dtype=tf.float32)
        replicas = self.strategy.num_replicas_in_sync
        share = self.schedule.batch_size // replicas
        trainable = self.model.trainable_variables

        def step(batch):
            begin = tf.distribute.get_replica_context().replica_id_in_sync_group * share
            mine = batch[begin : begin + share]
            shown, target = tf.cast(tf.gather(images, mine), tf.float32), tf.gather(responses, mine)
            known = tf.math.is_finite(target)
            with tf.GradientTape() as tape:
                rates = self.model(shown, training=True)
                log_prob = self.likelihood(rates).log_prob(tf.where(known, target, tf.ones_like(target)))
                # Summed over neurons, averaged over the global batch: replicas' gradients add up to one device's.
                nll = -tf.reduce_sum(tf.where(known, log_prob, 0)) / self.schedule.batch_size
                loss = nll + sum(self.model.losses, tf.zeros(())) / replicas
            gradients = tape.gradient(loss, [v.value for v in trainable])
            self.optimizer.apply(gradients, trainable)
            return loss

        @tf.function
        def epoch_of_steps(order):
            total = tf.zeros(())
            for batch in order:
                losses = self.strategy.run(step, args=(batch,))
                total += self.strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)
            return total / tf.cast(tf.shape(order)[0], tf.float32)

        return epoch_of_steps

    def _advance(self, score):
        """Early stopping: keeps the best weights; returns to them at a lower learning rate when nothing better comes."""
        progress, schedule = self.progress, self.schedule
        progress.epoch += 1
        if self.best is None or score > progress.best_score:
            progress.best_score, progress.best_epoch, progress.waited = score, progress.epoch, 0
            self.best = [keras.ops.convert_to_numpy(v) for v in self.model.variables]
            return
        progress.waited += 1
        if progress.waited >= schedule.patience:
            progress.waited = 0
            progress.decayed += 1
            progress.finished = progress.decayed > schedule.decays
            _assign(self.model.variables, self.best)
            self.optimizer.learning_rate.assign(self._learning_rate() * schedule.decay)

    def _learning_rate(self):
        return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

    def _save(self, path):
        # The variables themselves: tf.train.Checkpoint of a Keras 3 model leaves out the state of its random layers.
        with written_whole(path) as beside, h5py.File(beside, "w") as file:
            file.attrs["progress"] = json.dumps(dataclasses.asdict(self.progress))
            groups = {"model": self.model.variables, "optimizer": self.optimizer.variables, "best": self.best}
            for group, variables in groups.items():
                for i, v in enumerate(variables):
                    file[f"{group}/{i}"] = keras.ops.convert_to_numpy(v)

    def _restore(self, path):
        with h5py.File(path, "r") as file:
            shapes = [file[f"model/{i}"].shape for i in range(len(file["model"]))]
            if shapes != [tuple(v.shape) for v in self.model.variables]:
                raise ValueError(f"{path} is of another model: its variables' shapes differ; start anew in another workdir")
            self.progress = Progress(**json.loads(file.attrs["progress"]))
            self.best = [file[f"best/{i}"][...] for i in range(len(file["best"]))]
            _assign(self.model.variables, [file[f"model/{i}"][...] for i in range(len(file["model"]))])
            _assign(self.optimizer.variables, [file[f"optimizer/{i}"][...] for i in range(len(file["optimizer"]))])


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _stored(images):
    """Half precision holds the values of uint8 exactly, in half the memory; uint8 itself can't be sent between machines."""
    return tf.float16 if np.asarray(images).dtype == np.uint8 else tf.float32

"""The one training loop."""

import dataclasses
import json
import pathlib
import time

import h5py
import keras
import numpy as np
import tensorflow as tf

from v1keras.files import check_room, written_whole
from v1keras.training.schedule import Progress
from v1keras.training.strategy import is_chief


class Trainer:
    """Fits a model to responses by maximum likelihood.

    Args:
        model: images `(batch, h, w, 1)` -> rates `(batch, neurons)`, made in the strategy's scope; or, of sessions with images of their
            own, an image of each `(batch, sessions, h, w, 1)` -> the rates of all their neurons, session after session.
        optimizer: a Keras optimizer, made in the strategy's scope.
        likelihood: a noise model of `v1keras.training.likelihoods`, made in the strategy's scope; it learns along.
        score: (responses, rates), both `(images, neurons)`, -> one value a neuron; the mean of its finite values decides when to stop.
        strategy: a `tf.distribute` strategy.
        schedule: a `Schedule`.
        weights: `(neurons,)`, what each neuron's log-likelihood counts; None for 1 each.

    Example:

    >>> import keras, numpy as np
    >>> from v1keras.training import Poisson, Schedule, Trainer, make_strategy
    >>> rng = np.random.default_rng(0)
    >>> images = rng.normal(size=(64, 4, 4, 1)); rates = np.exp(images[:, 0, 0] + [0, 0.5])
    >>> model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "exponential")])
    >>> fit = lambda responses, rates: -np.mean((responses - rates) ** 2, axis=0)
    >>> schedule = Schedule(batch_size=16, max_epochs=20)
    >>> trainer = Trainer(model, keras.optimizers.Adam(0.05), Poisson(), fit, make_strategy("one"), schedule)
    >>> trainer.fit((images, rates), (images, rates)).best_score > -0.5
    True
    """

    def __init__(self, model, optimizer, likelihood, score, strategy, schedule, weights=None):
        schedule.check(strategy.num_replicas_in_sync)
        self.model, self.optimizer, self.strategy, self.schedule = model, optimizer, strategy, schedule
        self.likelihood, self.score, self.weights = likelihood, score, weights
        self.progress, self.best, self.average = Progress(), None, None
        self._first_rate = self._learning_rate()
        self.scores = None  # (neurons,), the validation scores of the last epoch
        with strategy.scope():
            if not likelihood.built:
                likelihood.build(model.output_shape)
                likelihood.built = True
            optimizer.build(model.trainable_variables + likelihood.trainable_variables)
        self._predict = tf.function(lambda images: model(images, training=False), reduce_retracing=True)

    def fit(self, train, validation, callbacks=(), checkpoint=None):
        """Trains until the validation score stops rising, and leaves the best weights in the model.

        Args:
            train: (images `(n, h, w, 1)`, responses `(n, neurons)`), or a list of these, one a session; NaN responses are left out.
            validation: the same, of other images.
            callbacks: Keras callbacks; their logs hold `loss`, `validation_score`, `learning_rate`, `images_per_second`.
            checkpoint: file that is written after each epoch, and from which an interrupted training goes on; None for none.

        Returns:
            `Progress`.

        Raises:
            ValueError: fewer training images than one batch.
            FloatingPointError: the loss is no longer finite.
        """
        train, validation = ([data] if isinstance(data, tuple) else data for data in (train, validation))
        counts = [len(images) for images, _ in train]
        steps = self.schedule.steps or max(counts) // self.schedule.batch_size
        if min(counts) < self.schedule.batch_size:
            raise ValueError(f"{min(counts)} training images are fewer than a batch of {self.schedule.batch_size}")
        if checkpoint and pathlib.Path(checkpoint).exists():
            self._restore(checkpoint)
        if self.progress.finished:
            _assign(self._variables(), self.best)
            return self.progress
        callbacks = keras.callbacks.CallbackList(list(callbacks), model=self.model)
        callbacks.set_params({"epochs": self.schedule.max_epochs, "steps": steps})
        self.model.stop_training = False
        epoch_of_steps = self._compile(train)
        callbacks.on_train_begin()
        progress = self.progress
        while not progress.finished:
            callbacks.on_epoch_begin(progress.epoch)
            began = time.perf_counter()
            order = self._order(counts, steps)
            if self.schedule.annealing == "cosine":
                self.optimizer.learning_rate.assign(self._first_rate * self._cosine(progress.epoch))
            rate = self._learning_rate()
            loss = float(epoch_of_steps(tf.constant(order, tf.int32)))
            took = time.perf_counter() - began
            if not np.isfinite(loss):
                raise FloatingPointError(
                    f"the loss is {loss} in epoch {progress.epoch + 1}: lower the learning rate (it is {rate:g}), or look for "
                    "extreme responses; checkpoints hold the last good epoch"
                )
            self._advance(validation)
            logs = {"loss": loss, "validation_score": progress.score, "learning_rate": rate, "images_per_second": order.size / took}
            progress.history.append(logs)
            callbacks.on_epoch_end(progress.epoch - 1, dict(logs))
            progress.finished |= self.model.stop_training or progress.epoch == self.schedule.max_epochs
            if checkpoint and is_chief(self.strategy):
                self._save(checkpoint)
        _assign(self._variables(), self.best)
        callbacks.on_train_end()
        return progress

    def _order(self, counts, steps):
        """`(steps, batch_size, sessions)` indices of the images of this epoch's batches."""
        rng, size = np.random.default_rng((self.schedule.seed, self.progress.epoch)), self.schedule.batch_size

        def drawn(count):
            if self.schedule.steps:
                return np.stack([rng.permutation(count)[:size] for _ in range(steps)])
            rounds = [rng.permutation(count) for _ in range(-(-steps * size // count))]
            return np.concatenate(rounds)[: steps * size].reshape(steps, size)

        return np.stack([drawn(count) for count in counts], axis=-1)

    def predict(self, images, batch_size=256):
        """Rates `(n, neurons)` of images `(n, h, w, 1)`, or `(n, sessions, h, w, 1)`."""
        parts = (images[i : i + batch_size] for i in range(0, len(images), batch_size))
        return np.concatenate([np.asarray(self._predict(tf.constant(part, tf.float32))) for part in parts])

    def _compile(self, train):
        """One epoch as one call: images and responses live on every device, each replica takes its share of every batch."""
        with self.strategy.scope():
            images = [tf.Variable(shown, trainable=False, dtype=_stored(shown)) for shown, _ in train]
            responses = [tf.Variable(target, trainable=False, dtype=tf.float32) for _, target in train]
        weights = 1.0 if self.weights is None else tf.constant(self.weights, tf.float32)
        replicas = self.strategy.num_replicas_in_sync
        share = self.schedule.batch_size // replicas
        trainable = self.model.trainable_variables + self.likelihood.trainable_variables

        def step(batch):
            begin = tf.distribute.get_replica_context().replica_id_in_sync_group * share
            mine = tf.unstack(batch[begin : begin + share], axis=1)
            shown = _side_by_side([tf.cast(tf.gather(*pair), tf.float32) for pair in zip(images, mine, strict=True)], tf.stack)
            target = tf.concat([tf.gather(*pair) for pair in zip(responses, mine, strict=True)], axis=1)
            known = tf.math.is_finite(target)
            with tf.GradientTape() as tape:
                # Far below zero softplus is 0 in float32, and 0 has no logarithm.
                rates = self.model(shown, training=True) + 1e-6
                log_prob = self.likelihood.distribution(rates).log_prob(tf.where(known, target, tf.ones_like(target)))
                # Summed over neurons, averaged over the global batch: replicas' gradients add up to one device's.
                nll = -tf.reduce_sum(weights * tf.where(known, log_prob, 0)) / self.schedule.batch_size
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

    def _variables(self):
        return self.model.variables + self.likelihood.variables

    def _scores(self, validation):
        """`(neurons,)` scores; sessions with fewer images than another show some again, which count once."""
        most = np.arange(max(len(images) for images, _ in validation))
        rates = self.predict(_side_by_side([images[most % len(images)] for images, _ in validation], np.stack))
        ends = np.cumsum([responses.shape[1] for _, responses in validation])
        each = zip(validation, np.split(rates, ends[:-1], axis=1), strict=True)
        return np.concatenate([self.score(responses, found[: len(responses)]) for (_, responses), found in each])

    def _advance(self, validation):
        """Validates; keeps the best weights; on a plateau returns to them at a lower learning rate, and in the end stops."""
        progress, schedule = self.progress, self.schedule
        trained = _values(self._variables())
        if schedule.averaging:
            # Less of the past in the first epochs, which are far from where the weights end.
            keep = min(schedule.averaging, (1 + progress.epoch) / (10 + progress.epoch))
            self.average = _mixed(self.average or trained, trained, keep)
            _assign(self._variables(), self.average)
        self.scores = self._scores(validation)
        finite = self.scores[np.isfinite(self.scores)]
        progress.score = float(finite.mean()) if finite.size else 0.0
        progress.epoch += 1
        progress.waited += 1
        if self.best is None or progress.score > progress.best_score:
            progress.best_score, progress.best_epoch, progress.waited = progress.score, progress.epoch, 0
            self.best = self.average if schedule.averaging else trained
        if schedule.averaging:
            _assign(self._variables(), trained)
        if schedule.annealing == "plateau" and progress.waited >= schedule.patience:
            progress.waited = 0
            progress.decayed += 1
            progress.finished = progress.decayed > schedule.decays
            _assign(self._variables(), self.best)
            self.optimizer.learning_rate.assign(self._learning_rate() * schedule.decay)

    def _cosine(self, epoch):
        """Share of the first learning rate: up to it within five epochs, down to zero by half a cosine."""
        middle = epoch + 0.5
        return min(1.0, middle / 5) * (0.5 + 0.5 * np.cos(np.pi * middle / self.schedule.max_epochs))

    def _learning_rate(self):
        return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

    def _save(self, path):
        # The variables themselves: tf.train.Checkpoint of a Keras 3 model leaves out the state of its random layers.
        groups = {"model": _values(self._variables()), "optimizer": _values(self.optimizer.variables)}
        groups |= {"best": self.best, "average": self.average or []}
        with written_whole(path) as beside:
            check_room(beside.parent, [value for values in groups.values() for value in values])
            with h5py.File(beside, "w") as file:
                file["progress"] = json.dumps(dataclasses.asdict(self.progress))
                for group, values in groups.items():
                    for i, value in enumerate(values):
                        file[f"{group}/{i}"] = value

    def _restore(self, path):
        with h5py.File(path, "r") as file:
            progress = Progress(**json.loads(file["progress"].asstr()[()]))
            saved = {group: [file[group][str(i)][...] for i in range(len(file[group]))] for group in file if group != "progress"}
        if [v.shape for v in saved["model"]] != [tuple(v.shape) for v in self._variables()]:
            raise ValueError(f"{path} is of another model: its variables' shapes differ; start anew in another workdir")
        self.progress, self.best, self.average = progress, saved["best"], saved.get("average")
        _assign(self._variables(), saved["model"])
        _assign(self.optimizer.variables, saved["optimizer"])


def _side_by_side(sessions, stack):
    """The images of one session as they are, of several with a second axis over sessions."""
    return stack(sessions, axis=1) if len(sessions) > 1 else sessions[0]


def _values(variables):
    return [keras.ops.convert_to_numpy(v) for v in variables]


def _mixed(old, new, keep):
    """keep * old + (1 - keep) * new; what is no float, such as the state of a random layer, is taken as it is."""
    return [(keep * a + (1 - keep) * b).astype(b.dtype) if b.dtype.kind == "f" else b for a, b in zip(old, new, strict=True)]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _stored(images):
    """Half precision holds the values of uint8 exactly, in half the memory; uint8 itself can't be sent between machines."""
    return tf.float16 if np.asarray(images).dtype == np.uint8 else tf.float32

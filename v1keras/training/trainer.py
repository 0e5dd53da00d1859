"""The one training loop."""

import contextlib
import dataclasses
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from v1keras.training.checkpoints import Checkpoints
from v1keras.training.input_pipeline import feed_of
from v1keras.training.interruption import Stopped, StopRequest, stop_requests
from v1keras.training.prediction import Predictor, count_of
from v1keras.training.schedule import Progress, Schedule
from v1keras.training.strategy import is_chief, is_multiworker

# Images and responses, arrays or `v1keras.data.LazyRows`.
Data = tuple[Any, Any]


class Trainer:
    """Fits a model to responses by maximum likelihood.

    Args:
        model: images `(batch, h, w, 1)`, or a dict of these and of others -> rates
            `(batch, neurons)`, made in the strategy's scope; or, of sessions with
            images of their own, an image of each `(batch, sessions, h, w, 1)` -> the
            rates of all their neurons, session after session.
        optimizer: a Keras optimizer, made in the strategy's scope.
        likelihood: a noise model of `v1keras.training.likelihoods`, made in the
            strategy's scope; it learns along.
        score: (responses, rates), both `(images, neurons)`, -> one value a neuron; the
            mean of its finite values decides when to stop.
        strategy: a `tf.distribute` strategy.
        schedule: a `Schedule`.
        weights: `(neurons,)`, what each neuron's log-likelihood counts; None for 1
            each.

    Example:

    >>> import keras, numpy as np
    >>> from v1keras.training import Poisson, Schedule, Trainer, make_strategy
    >>> rng = np.random.default_rng(0)
    >>> images = rng.normal(size=(64, 4, 4, 1))
    ... rates = np.exp(images[:, 0, 0] + [0, 0.5])
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((4, 4, 1)),
    ...         keras.layers.Flatten(),
    ...         keras.layers.Dense(2, "exponential"),
    ...     ]
    ... )
    >>> fit = lambda responses, rates: -np.mean((responses - rates) ** 2, axis=0)
    >>> schedule = Schedule(batch_size=16, max_epochs=20)
    >>> trainer = Trainer(
    ...     model,
    ...     keras.optimizers.Adam(0.05),
    ...     Poisson(),
    ...     fit,
    ...     make_strategy("one"),
    ...     schedule,
    ... )
    >>> trainer.fit((images, rates), (images, rates)).best_score > -0.5
    True
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        likelihood: keras.Layer,
        score: Callable[[np.ndarray, np.ndarray], np.ndarray],
        strategy: tf.distribute.Strategy,
        schedule: Schedule,
        weights: np.ndarray | None = None,
    ) -> None:
        schedule.check(strategy.num_replicas_in_sync)
        self.model, self.optimizer, self.strategy, self.schedule = (
            model,
            optimizer,
            strategy,
            schedule,
        )
        self.likelihood, self.score, self.weights = likelihood, score, weights
        self.progress, self.best, self.average = Progress(), None, None
        self._first_rate = self._learning_rate()
        self.scores = None  # (neurons,), the validation scores of the last epoch
        with strategy.scope():
            if not likelihood.built:
                likelihood.build(model.output_shape)
                likelihood.built = True
            optimizer.build(model.trainable_variables + likelihood.trainable_variables)
            self._gathered = tf.function(lambda values: strategy.gather(values, axis=0))
            self.predict = Predictor(
                tf.function(
                    lambda images: model(images, training=False), reduce_retracing=True
                )
            )

    def fit(
        self,
        train: Data | list[Data],
        validation: Data | list[Data],
        callbacks: Sequence[keras.callbacks.Callback] = (),
        checkpoints: Checkpoints | None = None,
    ) -> Progress:
        """Trains until the validation score stops rising, and leaves the best weights
        in the model.

        Args:
            train: (images `(n, h, w, 1)` or the dict that the model takes, responses
                `(n, neurons)`), arrays or `LazyRows`, or a list of these, one per
                session; NaN responses are left out.
            validation: the same, of other images.
            callbacks: Keras callbacks; their logs hold `loss`, `validation_score`,
                `learning_rate`, `images_per_second`.
            checkpoints: `Checkpoints` that are written on the way, and from which an
                interrupted training goes on; None for none.

        Returns:
            `Progress`.

        Raises:
            ValueError: fewer training images than one batch, or the checkpoints are of
                another model.
            FloatingPointError: the loss is no longer finite.
            Stopped: a signal asked to stop, and the state is in `checkpoints`.
        """
        train, validation = (
            [data] if isinstance(data, tuple) else data for data in (train, validation)
        )
        counts = [count_of(inputs) for inputs, _ in train]
        steps = self.schedule.steps or max(counts) // self.schedule.batch_size
        if min(counts) < self.schedule.batch_size:
            raise ValueError(
                f"{min(counts)} training images are fewer than a batch of"
                f" {self.schedule.batch_size}"
            )
        if checkpoints:
            self._restore(checkpoints)
        if self.progress.finished:
            _assign(self._variables(), self.best)
            return self.progress
        callbacks = keras.callbacks.CallbackList(list(callbacks), model=self.model)
        callbacks.set_params({"epochs": self.schedule.max_epochs, "steps": steps})
        self.model.stop_training = False
        feed = feed_of(
            train, self.strategy, self.schedule.batch_size, self.schedule.resident_gb
        )
        some_steps = self._compile(feed)
        callbacks.on_train_begin()
        progress = self.progress
        with (
            stop_requests() if checkpoints else contextlib.nullcontext(StopRequest())
        ) as request:
            while not progress.finished:
                callbacks.on_epoch_begin(progress.epoch)
                if self.schedule.annealing == "cosine":
                    self.optimizer.learning_rate.assign(
                        self._first_rate * self._cosine(progress.epoch)
                    )
                rate = self._learning_rate()
                speed = self._epoch(
                    feed,
                    some_steps,
                    self._order(counts, steps),
                    rate,
                    checkpoints,
                    request,
                    callbacks,
                )
                logs = {"loss": progress.loss / steps}
                self._advance(validation)
                logs |= {
                    "validation_score": progress.score,
                    "learning_rate": rate,
                    "images_per_second": speed,
                }
                progress.history.append(logs)
                callbacks.on_epoch_end(progress.epoch - 1, dict(logs))
                progress.finished |= (
                    self.model.stop_training
                    or progress.epoch == self.schedule.max_epochs
                )
                if checkpoints:
                    self._pause(checkpoints, request, progress.finished)
        _assign(self._variables(), self.best)
        callbacks.on_train_end()
        return progress

    def _epoch(self, feed, some_steps, order, rate, checkpoints, request, callbacks):
        """What is left of an epoch; its images a second."""
        progress, began, first = self.progress, time.perf_counter(), self.progress.step
        for block, start, stop in feed.blocks(order, first):
            losses = some_steps(block, tf.constant(start), tf.constant(stop)).numpy()
            progress.step += len(losses)
            for loss in (
                losses.tolist()
            ):  # one by one: the sum is the same however the steps were divided
                progress.loss += loss
            if not np.isfinite(progress.loss):
                raise FloatingPointError(
                    f"the loss is {progress.loss} in epoch {progress.epoch + 1}: lower"
                    f" the learning rate (it is {rate:g}), or look for extreme"
                    " responses; checkpoints hold the last good epoch"
                )
            callbacks.on_train_batch_end(
                progress.step - 1
            )  # of several batches the last: of a step alone nothing is known
            if checkpoints and progress.step < len(order):
                self._pause(checkpoints, request)
            feed.took((time.perf_counter() - began) / (progress.step - first))
        return (progress.step - first) * order[0].size / (time.perf_counter() - began)

    def _order(self, counts, steps):
        """`(steps, batch_size, sessions)` indices of the images of this epoch's
        batches.
        """
        rng, size = (
            np.random.default_rng((self.schedule.seed, self.progress.epoch)),
            self.schedule.batch_size,
        )

        def drawn(count):
            if self.schedule.steps:
                return np.stack([rng.permutation(count)[:size] for _ in range(steps)])
            rounds = [rng.permutation(count) for _ in range(-(-steps * size // count))]
            return np.concatenate(rounds)[: steps * size].reshape(steps, size)

        return np.stack([drawn(count) for count in counts], axis=-1)

    def _compile(self, feed):
        """Compile steps of an epoch: each replica takes its share of every batch."""
        neurons = self.model.output_shape[-1]
        weights = 1.0 if self.weights is None else tf.constant(self.weights, tf.float32)
        replicas = self.strategy.num_replicas_in_sync
        trainable = self.model.trainable_variables + self.likelihood.trainable_variables

        def step(block, i):
            inputs, responses = zip(*feed.batch(block, i), strict=True)
            shown = _side_by_side(
                tf.nest.map_structure(
                    lambda each: tf.cast(each, tf.float32), list(inputs)
                ),
                tf.stack,
            )
            target = tf.cast(tf.concat(responses, axis=1), tf.float32)
            known = tf.math.is_finite(target)
            with tf.GradientTape() as tape:
                # Far below zero softplus is 0 in float32, and 0 has no logarithm.
                rates = tf.cast(self.model(shown, training=True), tf.float32) + 1e-6
                log_prob = self.likelihood.distribution(rates).log_prob(
                    tf.where(known, target, tf.ones_like(target))
                )
                # Summed over neurons, averaged over the global batch: replicas'
                # gradients add up to one device's.
                nll = (
                    -tf.reduce_sum(weights * tf.where(known, log_prob, 0))
                    / self.schedule.batch_size
                )
                loss = nll + sum(self.model.losses, tf.zeros(())) / replicas
                # Replicas are traced in turn within one call of the model: the next
                # would find what this one's layers have added beside its own.
                self.model._clear_losses()
            gradients = tape.gradient(loss, [v.value for v in trainable])
            self.optimizer.apply(gradients, trainable)
            return loss / neurons

        @tf.function
        def some_steps(block, start, stop):
            losses = tf.TensorArray(tf.float32, size=stop - start)
            for i in tf.range(start, stop):
                loss = self.strategy.run(step, args=(block, i))
                losses = losses.write(
                    i - start,
                    self.strategy.reduce(tf.distribute.ReduceOp.SUM, loss, axis=None),
                )
            return losses.stack()

        return some_steps

    def _pause(self, checkpoints, request, finished=False):
        """Between two steps: saves where that is due, and stops where that was asked
        for.
        """
        asked = request.number
        if is_multiworker(self.strategy):  # all stop at the same step
            values = self.strategy.experimental_distribute_values_from_function(
                lambda _: tf.constant([asked])
            )
            asked = int(tf.reduce_max(self._gathered(values)))
        if (finished or asked or checkpoints.due) and is_chief(self.strategy):
            self._save(checkpoints)
        if asked and not finished:
            where = (
                f"in epoch {self.progress.epoch + 1}, after {self.progress.step} steps"
                " of it"
            )
            raise Stopped(
                f"stopped by {signal.Signals(asked).name} {where}; {checkpoints.folder}"
                " holds its state: --resume goes on",
                asked,
            )

    def _variables(self):
        return self.model.variables + self.likelihood.variables

    def _scores(self, validation):
        """`(neurons,)` scores; sessions with fewer images than another show some again,
        which count once.
        """
        if len(validation) == 1:
            return self.score(
                np.asarray(validation[0][1]), self.predict(validation[0][0])
            )
        most = np.arange(max(count_of(inputs) for inputs, _ in validation))
        shown = [
            tf.nest.map_structure(lambda array: array[most % len(array)], inputs)
            for inputs, _ in validation
        ]
        rates = self.predict(_side_by_side(shown, np.stack))
        ends = np.cumsum([responses.shape[1] for _, responses in validation])
        each = zip(validation, np.split(rates, ends[:-1], axis=1), strict=True)
        return np.concatenate(
            [
                self.score(responses, found[: len(responses)])
                for (_, responses), found in each
            ]
        )

    def _advance(self, validation):
        """Validates; keeps the best weights; on a plateau returns to them at a lower
        learning rate, and in the end stops.
        """
        progress, schedule = self.progress, self.schedule
        trained = _values(self._variables())
        if schedule.averaging:
            # Less of the past in the first epochs, which are far from where the weights
            # end.
            keep = min(schedule.averaging, (1 + progress.epoch) / (10 + progress.epoch))
            self.average = _mixed(self.average or trained, trained, keep)
            _assign(self._variables(), self.average)
        self.scores = self._scores(validation)
        finite = self.scores[np.isfinite(self.scores)]
        progress.score = float(finite.mean()) if finite.size else 0.0
        progress.epoch += 1
        progress.step, progress.loss = 0, 0.0
        progress.waited += 1
        if self.best is None or progress.score > progress.best_score:
            progress.best_score, progress.best_epoch, progress.waited = (
                progress.score,
                progress.epoch,
                0,
            )
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
        """Share of the first learning rate: up to it within five epochs, down to zero
        by half a cosine.
        """
        middle = epoch + 0.5
        return min(1.0, middle / 5) * (
            0.5 + 0.5 * np.cos(np.pi * middle / self.schedule.max_epochs)
        )

    def _learning_rate(self):
        return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

    def _save(self, checkpoints):
        # The variables themselves: tf.train.Checkpoint of a Keras 3 model leaves out
        # the state of its random layers.
        groups = {
            "model": _values(self._variables()),
            "optimizer": _values(self.optimizer.variables),
        }
        groups |= {"best": self.best or [], "average": self.average or []}
        checkpoints.save(
            int(self.optimizer.iterations.numpy()),
            groups,
            dataclasses.asdict(self.progress),
        )

    def _restore(self, checkpoints):
        saved, progress = checkpoints.newest()
        if saved is None:
            return
        if [v.shape for v in saved["model"]] != [
            tuple(v.shape) for v in self._variables()
        ]:
            raise ValueError(
                f"{checkpoints.folder} is of another model: its variables' shapes"
                " differ; start anew in another workdir"
            )
        self.progress, self.best, self.average = (
            Progress(**progress),
            saved["best"] or None,
            saved["average"] or None,
        )
        _assign(self._variables(), saved["model"])
        _assign(self.optimizer.variables, saved["optimizer"])


def _side_by_side(sessions, stack):
    """The inputs of one session as they are, of several with a second axis over
    sessions.
    """
    return (
        tf.nest.map_structure(lambda *each: stack(each, axis=1), *sessions)
        if len(sessions) > 1
        else sessions[0]
    )


def _values(variables):
    return [keras.ops.convert_to_numpy(v) for v in variables]


def _mixed(old, new, keep):
    """keep * old + (1 - keep) * new; what is no float, such as the state of a random
    layer, is taken as it is.
    """
    return [
        (keep * a + (1 - keep) * b).astype(b.dtype) if b.dtype.kind == "f" else b
        for a, b in zip(old, new, strict=True)
    ]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)

"""The training loop."""

import contextlib
import dataclasses
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from v1keras.training import weights
from v1keras.training.callbacks import callback_list
from v1keras.training.checkpoints import Checkpoints
from v1keras.training.input_pipeline import draw_order, make_pipeline
from v1keras.training.interruption import Stopped, StopRequest, stop_requests
from v1keras.training.prediction import Predictor, count_of, score_sessions
from v1keras.training.schedule import Schedule, TrainingState
from v1keras.training.step import make_step
from v1keras.training.strategy import is_chief, is_multiworker

# Images and responses, arrays or `v1keras.data.LazyRows`.
Data = tuple[Any, Any]


class Trainer:
    """Maximum-likelihood training of a model on responses.

    Args:
        model: Keras model made in the strategy's scope, images `(batch, h, w, 1)`, or a
            dict of these and of covariates -> rates `(batch, neurons)`. For sessions
            with images of their own, it takes an image of each session, `(batch,
            sessions, h, w, 1)`, and returns the rates of all neurons, session after
            session.
        optimizer: Keras optimizer, made in the strategy's scope.
        likelihood: Noise model of `v1keras.training.likelihoods`, made in the
            strategy's scope; its parameters are trained with the model.
        score: Callable, (responses, rates), both `(images, neurons)` -> `(neurons,)`;
            the mean of its finite values is the validation score.
        strategy: `tf.distribute` strategy.
        schedule: `Schedule`.
        neuron_weights: Float array `(neurons,)`, weight of each neuron's
            log-likelihood; None for equal weights.

    Attributes:
        state: `TrainingState`.
        scores: `(neurons,)` validation scores of the last epoch, None before it.

    Example:

    >>> import keras, numpy as np
    >>> from v1keras.training import Poisson, Schedule, Trainer, make_strategy
    >>> rng = np.random.default_rng(0)
    >>> images = rng.normal(size=(64, 4, 4, 1))
    >>> rates = np.exp(images[:, 0, 0] + [0, 0.5])
    >>> layers = [
    ...     keras.Input((4, 4, 1)),
    ...     keras.layers.Flatten(),
    ...     keras.layers.Dense(2, "exponential"),
    ... ]
    >>> trainer = Trainer(
    ...     keras.Sequential(layers),
    ...     keras.optimizers.Adam(0.05),
    ...     Poisson(),
    ...     lambda responses, rates: -np.mean((responses - rates) ** 2, axis=0),
    ...     make_strategy("one"),
    ...     Schedule(batch_size=16, max_epochs=20),
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
        neuron_weights: np.ndarray | None = None,
    ) -> None:
        schedule.check(strategy.num_replicas_in_sync)
        self.model = model
        self.optimizer = optimizer
        self.likelihood = likelihood
        self.score = score
        self.strategy = strategy
        self.schedule = schedule
        self.neuron_weights = neuron_weights
        self.state = TrainingState()
        self.scores = None
        self._best: Any = None
        self._average: Any = None
        self._full_rate = self._learning_rate()
        with strategy.scope():
            if not likelihood.built:
                likelihood.build(model.output_shape)
                likelihood.built = True
            optimizer.build(model.trainable_variables + likelihood.trainable_variables)
            self._gather = tf.function(lambda values: strategy.gather(values, axis=0))
            self._predict = Predictor(
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
    ) -> TrainingState:
        """Train until the schedule ends, and leave the best weights in the model.

        Args:
            train: Tuple (images `(n, h, w, 1)` or the dict that the model takes,
                responses `(n, neurons)`) of arrays or `LazyRows`, or a list of these,
                one per session. NaN responses are left out.
            validation: The same, of other images.
            callbacks: Sequence of Keras callbacks; their logs hold `loss`,
                `validation_score`, `learning_rate` and `images_per_second`.
            checkpoints: `Checkpoints` to write during training, from which an
                interrupted training resumes; None for none.

        Returns:
            `TrainingState`.

        Raises:
            ValueError: Fewer training images than one batch, or the checkpoints are of
                another model.
            FloatingPointError: The loss is no longer finite.
            Stopped: A signal asked to stop, and the state is in `checkpoints`.
        """
        train = [train] if isinstance(train, tuple) else train
        validation = [validation] if isinstance(validation, tuple) else validation
        schedule, counts = self.schedule, [count_of(inputs) for inputs, _ in train]
        steps = schedule.steps or max(counts) // schedule.batch_size
        if min(counts) < schedule.batch_size:
            raise ValueError(
                f"{min(counts)} training images are fewer than a batch of"
                f" {schedule.batch_size}"
            )
        if checkpoints:
            self._restore(checkpoints)
        state = self.state
        if state.finished:
            weights.assign(self._variables(), self._best)
            return state
        pipeline = make_pipeline(
            train, self.strategy, schedule.batch_size, schedule.max_device_data_gb
        )
        step = make_step(
            self.model,
            self.optimizer,
            self.likelihood,
            schedule.batch_size,
            self.strategy.num_replicas_in_sync,
            self.neuron_weights,
        )
        train_steps = pipeline.compile(step)
        shown = self.model, self.optimizer, schedule.max_epochs, steps
        # Without checkpoints nothing is saved, so signals keep their usual effect.
        ignored = contextlib.nullcontext(StopRequest())
        with (
            callback_list(callbacks, *shown) as callbacks,
            stop_requests() if checkpoints else ignored as request,
        ):
            callbacks.on_train_begin()
            while not state.finished:
                if schedule.lr_schedule == "cosine":
                    factor = schedule.cosine_factor(state.epoch)
                    self.optimizer.learning_rate.assign(self._full_rate * factor)
                callbacks.on_epoch_begin(state.epoch)
                order = draw_order(counts, steps, schedule, state.epoch)
                rate = self._learning_rate()
                first, started = state.step, time.perf_counter()
                for losses in pipeline.run(train_steps, order, first):
                    state.add_losses(losses, rate)
                    # Of several steps the last: a call returns when all are done.
                    callbacks.on_train_batch_end(state.step - 1)
                    if state.step < steps:
                        self._checkpoint_or_stop(checkpoints, request)
                images = (state.step - first) * order[0].size
                speed = images / (time.perf_counter() - started)
                logs = self._end_epoch(validation, steps, rate, speed)
                callbacks.on_epoch_end(state.epoch - 1, logs)
                state.finished |= self.model.stop_training
                state.finished |= state.epoch == schedule.max_epochs
                self._checkpoint_or_stop(checkpoints, request)
            weights.assign(self._variables(), self._best)
            callbacks.on_train_end()
        return state

    def _end_epoch(self, validation, steps, rate, speed):
        """Validate, keep the best weights, follow the schedule; return the logs."""
        state, schedule = self.state, self.schedule
        trained = weights.read(self._variables())
        candidate = trained
        if schedule.ema_momentum:
            momentum = schedule.momentum_in(state.epoch)
            candidate = weights.moving_average(
                self._average or trained, trained, momentum
            )
            self._average = candidate
            weights.assign(self._variables(), candidate)
        self.scores = score_sessions(self._predict, self.score, validation)
        finite = self.scores[np.isfinite(self.scores)]
        state.score = float(finite.mean()) if finite.size else 0.0
        logs = {
            "loss": state.loss / steps,
            "validation_score": state.score,
            "learning_rate": rate,
            "images_per_second": speed,
        }
        state.history.append(logs)
        state.epoch += 1
        state.step = 0
        state.loss = 0.0
        state.epochs_since_best += 1
        if self._best is None or state.score > state.best_score:
            state.best_score = state.score
            state.best_epoch = state.epoch
            state.epochs_since_best = 0
            self._best = candidate
        if schedule.ema_momentum:
            weights.assign(self._variables(), trained)
        if schedule.lr_schedule == "plateau":
            self._decay_on_plateau()
        return dict(logs)

    def _decay_on_plateau(self):
        """Return to the best weights at a lower learning rate, or finish."""
        state, schedule = self.state, self.schedule
        if state.epochs_since_best < schedule.patience:
            return
        state.epochs_since_best = 0
        state.num_lr_decays += 1
        state.finished = state.num_lr_decays > schedule.max_lr_decays
        weights.assign(self._variables(), self._best)
        rate = self._learning_rate() * schedule.lr_decay_factor
        self.optimizer.learning_rate.assign(rate)

    def _checkpoint_or_stop(self, checkpoints, request):
        """Save the state where that is due, and stop where a signal asked for it."""
        if not checkpoints:
            return
        state, number = self.state, request.number
        if is_multiworker(self.strategy):  # All workers stop at the same step.
            numbers = self.strategy.experimental_distribute_values_from_function(
                lambda _: tf.constant([number])
            )
            number = int(tf.reduce_max(self._gather(numbers)))
        if (state.finished or number or checkpoints.due) and is_chief(self.strategy):
            self._save(checkpoints)
        if number and not state.finished:
            raise Stopped(
                f"stopped by {signal.Signals(number).name} in epoch {state.epoch + 1},"
                f" after {state.step} steps of it; {checkpoints.folder} holds its"
                " state: --resume goes on",
                number,
            )

    def _save(self, checkpoints):
        # tf.train.Checkpoint leaves out the state of a Keras 3 model's random layers.
        groups = {
            "model": weights.read(self._variables()),
            "optimizer": weights.read(self.optimizer.variables),
            "best": self._best or [],
            "average": self._average or [],
        }
        iteration = int(self.optimizer.iterations.numpy())
        checkpoints.save(iteration, groups, dataclasses.asdict(self.state))

    def _restore(self, checkpoints):
        groups, state = checkpoints.newest()
        if groups is None:
            return
        shapes = [array.shape for array in groups["model"]]
        if shapes != [tuple(variable.shape) for variable in self._variables()]:
            raise ValueError(
                f"{checkpoints.folder} is of another model: its variables' shapes"
                " differ; start again in another workdir"
            )
        self.state = TrainingState.from_checkpoint(state)
        self._best = groups["best"] or None
        self._average = groups["average"] or None
        weights.assign(self._variables(), groups["model"])
        weights.assign(self.optimizer.variables, groups["optimizer"])

    def _variables(self):
        return self.model.variables + self.likelihood.variables

    def _learning_rate(self):
        return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

"""Trainings that go on from a checkpoint."""

import keras
import numpy as np
import pytest
from linear_trainings import data, linear_model, make_trainer, minus_error

from v1keras.training import (
    Checkpoints,
    Schedule,
    Trainer,
    make_likelihood,
    make_strategy,
)


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"lr_schedule": "cosine", "ema_momentum": 0.8}],
    ids=["plateau", "averaged"],
)
def test_interrupted_training_goes_on_as_if_it_had_not_been(
    settings, likelihood, tmp_path
):
    """Six epochs in one go, against three, a new process's worth of objects, and three
    more; with dropout, whose state must come along.
    """

    def parts():
        keras.utils.set_random_seed(1)
        layers = [
            keras.Input((3, 3, 1)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5, seed=3),
            keras.layers.Dense(2, "softplus"),
        ]
        return keras.Sequential(layers), keras.optimizers.Adam(0.01)

    def train(callbacks=(), checkpoints=None):
        model, optimizer = parts()
        noise, schedule = (
            make_likelihood(likelihood),
            Schedule(batch_size=8, max_epochs=6, **settings),
        )
        trainer = Trainer(
            model, optimizer, noise, minus_error, make_strategy("one"), schedule
        )
        progress = trainer.fit(data(), data(seed=1), callbacks, checkpoints)
        return progress, model.variables + noise.variables

    class Interruption(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    whole, expected = train()
    with pytest.raises(KeyboardInterrupt):
        train([Interruption()], Checkpoints(tmp_path, every=0))
    resumed, weights = train(checkpoints=Checkpoints(tmp_path))
    assert resumed.epoch == 6
    assert [logs["loss"] for logs in resumed.history] == [
        logs["loss"] for logs in whole.history
    ]
    for a, b in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_finished_training_is_not_gone_on_with(tmp_path):
    first = linear_model()
    make_trainer(first).fit(data(), data(seed=1), checkpoints=Checkpoints(tmp_path))
    again, called = linear_model(), []
    watch = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: called.append(1))
    progress = make_trainer(again).fit(
        data(), data(seed=1), [watch], Checkpoints(tmp_path)
    )
    assert (
        progress.finished
        and progress.epoch == 3
        and len(progress.history) == 3
        and not called
    )
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    make_trainer().fit(data(), data(seed=1), checkpoints=Checkpoints(tmp_path))
    with pytest.raises(ValueError, match="is of another model"):
        make_trainer(linear_model(neurons=3)).fit(
            data(neurons=3), data(neurons=3), checkpoints=Checkpoints(tmp_path)
        )

"""When the rate of learning changes, training ends, and which weights are kept."""

import keras
import numpy as np
import pytest
from linear_trainings import data, linear_model, make_trainer


def test_early_stopping_restores_the_best_weights_and_lowers_the_rate():
    """A score that is given: it falls after the second epoch, so training returns there
    twice and ends.
    """
    given = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0])
    kept = []
    model, optimizer = linear_model(), keras.optimizers.SGD(0.05)
    trainer = make_trainer(
        model,
        optimizer,
        max_epochs=50,
        patience=2,
        max_lr_decays=1,
        lr_decay_factor=0.1,
    )
    trainer.score = lambda responses, rates: (
        kept.append(model.get_weights()),
        np.full(2, next(given)),
    )[1]
    progress = trainer.fit(data(), data(seed=1))
    assert (progress.epoch, progress.best_epoch, progress.best_score) == (6, 2, 0.5)
    for weight, best in zip(model.get_weights(), kept[1], strict=True):
        np.testing.assert_array_equal(weight, best)
    assert not np.array_equal(kept[4][0], kept[3][0])
    assert float(optimizer.learning_rate) == pytest.approx(0.05 * 0.1**2)


def test_kept_are_weights_averaged_over_epochs():
    """The weights of each epoch, and their running average written out; training itself
    goes on from the weights.
    """
    seen, given = [], iter([0.1, 0.2, 0.3, 0.2])

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.get_weights()[0])

    model = linear_model()
    trainer = make_trainer(model, max_epochs=4, ema_momentum=0.2)
    trainer.score = lambda responses, rates: np.full(2, next(given))
    trainer.fit(data(), data(seed=1), [Watch()])
    plain = linear_model()
    alone = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: alone.append(plain.get_weights()[0])
    )
    make_trainer(plain, max_epochs=4).fit(data(), data(seed=1), [watch])
    np.testing.assert_array_equal(seen, alone)
    # The average counts 2 / 11 in the second epoch; then 0.2 as asked, below 3 / 12.
    second = (2 * seen[0] + 9 * seen[1]) / 11
    third = (second + 4 * seen[2]) / 5
    np.testing.assert_allclose(model.get_weights()[0], third, atol=1e-6)


def test_cosine_annealing_rises_and_falls_to_nothing():
    rates = keras.callbacks.History()
    make_trainer(max_epochs=40, lr_schedule="cosine").fit(data(), data(seed=1), [rates])
    learning_rates = np.array(rates.history["learning_rate"])
    assert len(learning_rates) == 40
    assert (np.diff(learning_rates[:5]) > 0).all()
    assert (np.diff(learning_rates[5:]) < 0).all()
    assert learning_rates[19:21].mean() == pytest.approx(0.025, rel=1e-3)
    assert learning_rates[-1] < 0.001
    with pytest.raises(
        ValueError, match="lr_schedule: found 'linear', expected one of plateau, cosine"
    ):
        make_trainer(lr_schedule="linear")

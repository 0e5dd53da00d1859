"""Keras's callbacks in `v1keras.fit`."""

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import v1keras


@pytest.fixture(scope="module")
def recording():
    return v1keras.simulate_recording(60, 10, neurons_per_kind=1, image_size=16)


def fit(recording, callback, compiled=False, **training):
    model = v1keras.build_model(recording, "tiny")
    if compiled:
        model.compile("sgd", v1keras.losses.PoissonLoss())
    training = {"max_epochs": 4} | training
    history = v1keras.fit(model, recording, "tiny", callbacks=[callback], **training)
    return model, history.history


@pytest.mark.parametrize("schedule", ["plateau", "cosine"])
def test_a_scheduler_scales_the_schedules_learning_rate(recording, schedule):
    rates = {}
    for factor in (1.0, 0.5):
        halve = keras.callbacks.LearningRateScheduler(lambda _, rate: rate * factor)
        _, history = fit(recording, halve, lr_schedule=schedule)
        rates[factor] = np.array(history["learning_rate"])
    # What plateau leaves as it is, is halved in each epoch anew.
    expected = rates[1.0] * (0.5 ** np.arange(1, 5) if schedule == "plateau" else 0.5)
    np.testing.assert_allclose(rates[0.5], expected, rtol=1e-5)


def test_the_learning_rate_falls_on_a_plateau_of_any_log(recording):
    falls = keras.callbacks.ReduceLROnPlateau(
        "validation_score", mode="max", patience=0, min_delta=10, factor=0.1
    )
    _, history = fit(recording, falls)
    np.testing.assert_allclose(history["learning_rate"], [3e-3, 3e-3, 3e-4, 3e-5])


def test_tensorboard_shows_histograms_of_the_weights(recording, tmp_path):
    shown = keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)
    model, _ = fit(recording, shown)
    events = EventAccumulator(str(tmp_path / "train"), {"tensors": 0}).Reload()
    tags = " ".join(events.Tags()["tensors"])
    assert "epoch_learning_rate" in tags and "histogram" in tags
    assert not hasattr(model, "optimizer")


def test_a_compiled_model_keeps_its_optimizer(recording):
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.optimizer)

    model, _ = fit(recording, Look(), compiled=True)
    assert {type(each) for each in seen} == {keras.optimizers.Adam}
    assert isinstance(model.optimizer, keras.optimizers.SGD)
    assert model.compiled

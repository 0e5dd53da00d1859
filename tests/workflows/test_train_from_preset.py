"""Trainings that begin with the core of another."""

import numpy as np
import pytest
from tiny_trainings import tiny, values

from v1keras import simulate_recording, zoo
from v1keras.config import default
from v1keras.data import open_recording
from v1keras.workflows import build, train


def test_a_frozen_core_stays_and_new_readouts_learn(recording, tmp_path):
    first, _ = train.train_and_evaluate(tiny(recording), tmp_path / "first")
    config = tiny(recording, init_from=str(tmp_path / "first"), freeze="core", seed=5)
    model, _ = train.train_and_evaluate(config, tmp_path / "second")
    for name, value in values(model.core).items():
        np.testing.assert_array_equal(
            value, values(first.core)[name], err_msg=name
        )  # batch statistics, too
    assert not np.allclose(model.readout.mask.numpy(), first.readout.mask.numpy())
    assert (model.pixel_mean, model.pixel_std) == (first.pixel_mean, first.pixel_std)
    again = zoo.load(tmp_path / "second")
    images = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 1)).astype("float32")
    np.testing.assert_array_equal(again(images), model(images))


def test_a_core_that_is_not_frozen_begins_where_the_preset_ended(recording, tmp_path):
    first, _ = train.train_and_evaluate(tiny(recording), tmp_path / "first")
    built = build.build_model(
        open_recording(recording),
        tiny(recording, init_from=str(tmp_path / "first")),
    )
    for name, value in values(built.core).items():
        np.testing.assert_array_equal(value, values(first.core)[name])
    assert built.core.trainable_variables


def test_a_core_that_is_shown_other_units_is_warned_of():
    recording = simulate_recording(20, 5, neurons_per_kind=1, image_size=32)
    recording.images = recording.images / np.float32(255)
    config = default()
    config.init_from = "simulated_factorized"
    with pytest.warns(
        UserWarning,
        match=(
            "simulated: pixels lie from 0 to 1, but the model's recording has 0 to 255"
        ),
    ):
        build.build_model(recording, config)

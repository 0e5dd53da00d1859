"""Replicas share the work of an ascent.

Run as a script it has two logical processors, and writes their stimuli.
"""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from linear_nonlinear import SIZE, ascent_on, gabors, invert, linear_nonlinear

import v1keras
from v1keras.inversion import GradientAscent, diverse_set, matched_contrast
from v1keras.inversion.objectives import response_distance


@pytest.mark.slow
def test_replicas_share_the_stimuli(python, tmp_path):
    """Two logical processors, in a process of its own."""
    out = tmp_path / "shared.npz"
    done = python(__file__, out)
    assert done.returncode == 0, done.stderr
    shared, alone = (
        np.load(out),
        invert(linear_nonlinear(gabors(5)), range(5), steps=60),
    )
    np.testing.assert_allclose(shared["stimuli"], alone.stimuli, atol=0.05)
    np.testing.assert_allclose(shared["trace"], alone.trace, rtol=1e-3)


@pytest.mark.slow
def test_replicas_take_whole_sets_and_leave_none_empty(python, tmp_path):
    out = tmp_path / "sets.npz"
    done = python(__file__, out, "sets")
    assert done.returncode == 0, done.stderr
    found = np.load(out)
    assert found["one"].shape == (1, SIZE, SIZE) and found["sets"].shape == (
        3,
        3,
        SIZE,
        SIZE,
    )


@pytest.mark.slow
def test_each_ascent_has_the_targets_that_it_was_given(python, tmp_path):
    """Of a model whose ascents are kept: on replicas as on one processor."""
    out = tmp_path / "targets.npy"
    done = python(__file__, out, "targets")
    assert done.returncode == 0, done.stderr
    first, second = np.load(out)
    assert np.abs(first - second).max() > 0.1
    np.testing.assert_allclose([first, second], two_targets(), atol=0.05)


def two_targets():
    """Return an image for each of two responses that it is to evoke."""
    keras.utils.set_random_seed(0)
    recording = v1keras.simulate_recording(60, neurons_per_kind=1, image_size=SIZE)
    model = v1keras.build_model(recording, "tiny")
    contrast = matched_contrast(model, recording.images)
    stimuli = []
    for responses in ([1, 2, 3, 4], [4, 3, 2, 1]):
        objective = -response_distance(np.array(responses))
        ascent = GradientAscent(model, contrast, objective)
        stimuli.append(ascent.run([0, 1], steps=5).stimuli)
    return stimuli


def main(out, what="stimuli"):
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        processor, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    with tf.distribute.MirroredStrategy(
        [device.name for device in tf.config.list_logical_devices("CPU")]
    ).scope():
        if what == "targets":
            np.save(out, two_targets())
            return
        if what == "sets":
            ascent = ascent_on(linear_nonlinear(gabors(5)))
            np.savez(
                out,
                one=ascent.run([2], steps=5).stimuli,
                sets=diverse_set(ascent, [0, 1, 2], size=3, steps=5)[0],
            )
            return
        found = invert(linear_nonlinear(gabors(5)), range(5), steps=60)
    np.savez(out, stimuli=found.stimuli, trace=found.trace)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Replicas share the work of an ascent.

Run as a script it has two logical processors, and writes their stimuli.
"""

import sys

import numpy as np
import pytest
import tensorflow as tf
from linear_nonlinear import SIZE, ascent_on, gabors, invert, linear_nonlinear

from v1keras.inversion import diverse_set


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


def main(out, what="stimuli"):
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        processor, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    with tf.distribute.MirroredStrategy(
        [device.name for device in tf.config.list_logical_devices("CPU")]
    ).scope():
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

"""Layers whose gradients are our own, against formulas written as loops and against
Keras' layers.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from v1keras.models.layers import bilinear, bilinear_cpu
from v1keras.models.layers.batch_normalization import BatchNormalization
from v1keras.models.layers.depthwise_conv import DepthwiseConv2D


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_depthwise_is_its_formula():
    layer = DepthwiseConv2D(5, padding="same", use_bias=False, dilation_rate=2)
    x = normal(2, 6, 7, 3)
    actual, kernel = np.asarray(layer(x)), np.asarray(layer.kernel)
    expected = np.zeros(x.shape)
    for row in range(6):
        for column in range(7):
            for i in range(5):
                for j in range(5):
                    at = row + 2 * (i - 2), column + 2 * (j - 2)
                    if 0 <= at[0] < 6 and 0 <= at[1] < 7:
                        expected[:, row, column] += (
                            kernel[i, j, :, 0] * x[:, at[0], at[1]]
                        )
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize(
    "shape", [(3, 9, 11, 5), (2, 5, 6, 4)]
)  # the second smaller than a kernel
def test_depthwise_has_keras_gradients_also_of_gradients(shape, dilation):
    options = {"padding": "same", "use_bias": False, "dilation_rate": dilation}
    ours, keras_own = (
        DepthwiseConv2D(7, **options),
        keras.layers.DepthwiseConv2D(7, **options),
    )
    actual = [
        gradients(
            layer,
            normal(*shape),
            normal(*shape, seed=1),
            normal(7, 7, shape[-1], 1, seed=2),
        )
        for layer in (ours, keras_own)
    ]
    assert ours._fast is not None
    for mine, expected in zip(*actual, strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-5 * np.abs(expected).max())


def gradients(layer, x, weights, kernel):
    layer.build(x.shape)
    layer.kernel.assign(kernel)

    @tf.function(input_signature=[tf.TensorSpec((None, *x.shape[1:]))])
    def of(x):
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                value = tf.reduce_sum(tf.sin(layer(x)) * weights)
            once = first.gradient(value, [x, layer.kernel.value])
            norm = sum(tf.reduce_sum(g**2) for g in once)
        return [*once, *second.gradient(norm, [x, layer.kernel.value])]

    return [g.numpy() for g in of(tf.constant(x))]


def test_depthwise_leaves_to_keras_what_it_does_not_know():
    for options in (
        {"strides": 2},
        {"padding": "valid"},
        {"use_bias": True},
        {"depth_multiplier": 2},
    ):
        options = {"padding": "same", "use_bias": False} | options
        x, ours, keras_own = (
            normal(2, 8, 8, 3),
            DepthwiseConv2D(3, **options),
            keras.layers.DepthwiseConv2D(3, **options),
        )
        ours.build(x.shape)
        keras_own.build(x.shape)
        keras_own.set_weights(ours.get_weights())
        np.testing.assert_allclose(ours(x), keras_own(x), atol=1e-6)
        assert ours._fast is None


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_batch_norm_trains_as_keras_own(policy):
    x, weights = normal(4, 5, 6, 7) * 3 + 2, normal(4, 5, 6, 7, seed=1)
    results = []
    for layer in (
        BatchNormalization(momentum=0.9, dtype=policy),
        keras.layers.BatchNormalization(momentum=0.9, dtype=policy),
    ):
        layer.build(x.shape)
        layer.gamma.assign(np.arange(1, 8) / 3)
        layer.beta.assign(np.arange(7) / 5)
        inputs = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = tf.cast(
                layer(tf.cast(inputs, layer.compute_dtype), training=True), tf.float32
            )
            loss = tf.reduce_sum(value**2 * weights)
        actual = [
            value,
            *tape.gradient(loss, [inputs, layer.gamma.value, layer.beta.value]),
            layer.moving_mean,
            layer.moving_variance,
        ]
        results.append([np.asarray(value, "float32") for value in actual])
    for mine, expected in zip(
        *results, strict=True
    ):  # in bfloat16 the last bit may differ
        np.testing.assert_allclose(
            mine,
            expected,
            rtol=0 if policy == "float32" else 2**-7,
            atol=1e-5 * np.abs(expected).max(),
        )


@pytest.mark.parametrize(
    ("size", "neurons"),
    [((6, 9), 20), ((6, 9), 70), ((1, 5), 20), ((5, 1), 20), ((2, 2), 20)],
)
def test_places_of_each_image_are_read_as_by_interpolation(size, neurons, monkeypatch):
    """Value and gradient by features, places and weights; corners and pixels themselves
    among the places; 70 neurons in three blocks.
    """
    monkeypatch.setattr(bilinear_cpu, "_BLOCK", 32)
    features, upstream = tf.constant(normal(3, *size, 4)), normal(3, neurons)
    place = np.random.default_rng(1).uniform(-1, 1, (3, neurons, 2)).astype("float32")
    place[0, :5] = [[-1, -1], [1, 1], [-1, 1], [1, -1], [0, 0]]
    arguments = [
        features,
        tf.constant(place[..., 0]),
        tf.constant(place[..., 1]),
        tf.constant(normal(neurons, 4, seed=2)),
    ]

    def interpolated(features, rows, columns, weights):
        return tf.reduce_sum(
            bilinear.bilinear(features, tf.stack([rows, columns], axis=-1)) * weights,
            axis=-1,
        )

    results = []
    for drive in (bilinear.bilinear_drive, interpolated):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            actual = drive(*arguments)
        by = tape.gradient(
            actual,
            arguments,
            output_gradients=upstream,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        results.append([actual, *by])
    for mine, expected in zip(*results, strict=True):
        np.testing.assert_allclose(
            mine, expected, atol=1e-5 * max(np.abs(expected).max(), 1)
        )


def test_many_neurons_are_read_at_shared_places_alike(monkeypatch):
    features, weights = normal(3, 6, 9, 4), normal(20, 4)
    place = np.random.default_rng(1).uniform(-1, 1, (2, 1, 20)).astype("float32")
    few = np.asarray(bilinear.bilinear_drive(features, *place, weights))
    monkeypatch.setattr(bilinear, "_GATHERED_NEURONS", 5)
    np.testing.assert_allclose(
        bilinear.bilinear_drive(features, *place, weights), few, atol=1e-5
    )


def test_the_gradient_of_places_is_the_same_from_run_to_run():
    """Many neurons read the same few pixels."""
    features, weights = tf.constant(normal(4, 3, 3, 8)), tf.constant(normal(500, 8))
    rows, columns = (
        tf.constant(np.random.default_rng(i).uniform(-1, 1, (4, 500)).astype("float32"))
        for i in range(2)
    )
    actual = []
    for _ in range(5):
        with tf.GradientTape() as tape:
            tape.watch([features, weights])
            drive = bilinear.bilinear_drive(features, rows, columns, weights)
        actual.append(tape.gradient(drive, [features, weights]))
    assert all(
        np.array_equal(a, b)
        for other in actual[1:]
        for a, b in zip(actual[0], other, strict=True)
    )

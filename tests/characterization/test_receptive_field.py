"""Receptive fields from gradients."""

import numpy as np
import pytest
import tensorflow as tf
from simulated_cells import DISPLAY, SIZE

from v1keras.characterization import center_of, gradient_fields


def test_gradient_fields_of_a_linear_and_of_an_energy_model(quadrature):
    even, odd = (
        tf.constant(kernels.reshape(6, -1).T / 1000, tf.float32)
        for kernels in quadrature
    )

    def rates(images):
        flat = tf.reshape(images - DISPLAY.grey, (-1, 1024))
        return tf.concat(
            [flat @ even, tf.square(flat @ even) + tf.square(flat @ odd)], axis=1
        )

    images = np.random.default_rng(0).normal(DISPLAY.grey, 30, (700, *SIZE))
    fields = gradient_fields(rates, [2, 8], images)
    np.testing.assert_allclose(
        fields[0], np.square(quadrature[0][2] / 1000), rtol=1e-4, atol=1e-12
    )
    outputs_of = [
        (images.reshape(700, -1) - DISPLAY.grey) @ k[2].ravel() / 1000
        for k in quadrature
    ]
    gradients = 2 * sum(
        o[:, None] * k[2].ravel() / 1000
        for o, k in zip(outputs_of, quadrature, strict=True)
    )
    np.testing.assert_allclose(
        fields[1].ravel(), np.square(gradients).mean(axis=0), rtol=1e-2, atol=1e-8
    )
    places = center_of(fields)
    assert places["row"] == pytest.approx([14, 14], abs=0.5) and places[
        "column"
    ] == pytest.approx([17, 17], abs=0.5)
    nowhere = center_of(np.zeros((1, 3, 5)))
    assert nowhere["row"] == pytest.approx([1]) and nowhere["column"] == pytest.approx(
        [2]
    )

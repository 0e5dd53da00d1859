"""Objectives that compare with given rates are the same in any unit of the rates."""

import numpy as np
import pytest
import tensorflow as tf

from v1keras.inversion import reconstruct, response_distance, shortfall
from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.contrast import ContrastConstraint
from v1keras.inversion.objectives import ObjectiveInputs

RNG = np.random.default_rng(0)
RATES = RNG.gamma(2, 2, (5, 7)).astype("float32")
GIVEN = RNG.gamma(2, 2, (5, 7)).astype("float32")
NEURONS = np.array([0, 3, 6, 2, 2])


def inputs(scale, offset=0.0):
    rates = tf.constant(scale * RATES + offset)
    own = tf.gather(rates, NEURONS, axis=1, batch_dims=0)
    own = tf.linalg.diag_part(own)
    return ObjectiveInputs(
        tf.zeros((5, 2, 2, 1)),
        tf.zeros((5, 2, 2, 1)),
        tf.constant(NEURONS, tf.int32),
        tf.range(5),
        lambda images: rates,
        lambda images, neurons: own,
    )


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("rows", [slice(0, 5), 0])
def test_a_distance_is_in_units_of_the_variance(scale, rows):
    values = response_distance(scale * GIVEN[rows])(inputs(scale))
    given = np.broadcast_to(GIVEN[rows], RATES.shape).astype(float)
    squared = np.square(RATES - given).mean(axis=1)
    np.testing.assert_allclose(values, squared / given.var(axis=1), rtol=1e-3)


def test_a_distance_from_silence_is_finite():
    values = response_distance(np.zeros(7))(inputs(1.0))
    np.testing.assert_allclose(values, np.square(RATES).mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("zero", [0.0, -3.0, 50.0])
def test_a_shortfall_is_a_share_of_the_way_from_silence(scale, zero):
    best = np.array([9.0, 1.0, 4.0, 8.0, 0.0])
    objective = shortfall(scale * (best + zero), 0.8, scale * zero)
    values = objective(inputs(scale, scale * zero))
    own = RATES[np.arange(5), NEURONS]
    lacking = np.maximum(0.8 * best - own, 0) / np.where(best == 0, 1, 0.8 * best)
    np.testing.assert_allclose(values, lacking, rtol=1e-3, atol=1e-4)


def test_images_are_reconstructed_in_any_unit():
    normal = np.random.default_rng(0).normal(size=(36, 9))
    filters = np.linalg.qr(normal)[0].astype("float32")
    contrast = ContrastConstraint(100, 50, 0, 255)
    noise = np.random.default_rng(1).normal(size=(1, 6, 6, 1))
    image = contrast.images(contrast.project(noise))
    for scale in (1e-6, 1.0, 1e6):

        def rates(images, scale=scale):
            drive = (tf.reshape(images, (-1, 36)) - 100) @ filters
            return scale * tf.nn.softplus(drive)

        ascent = GradientAscent(rates, contrast, image_size=(6, 6))
        images, distances = reconstruct(ascent, rates(image), steps=300)
        assert distances.max() < 0.01
        found, expected = rates(images.reshape(-1, 6, 6, 1)), rates(image)
        assert np.abs(found - expected).max() < 0.3 * np.ptp(expected)

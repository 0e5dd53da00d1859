"""Differences of Gaussians among the features of `LogGaborCore`."""

import numpy as np

from v1keras import models


def average(image, row, column, width):
    """The mean of an image around a place, weighted by a Gaussian."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    squared = (rows - row) ** 2 + (columns - column) ** 2
    return np.average(image, weights=np.exp(-squared / (2 * width**2)))


def test_they_are_half_squared_and_compressed():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(4, 33, 33, 1)).astype("float32")
    plain = models.LogGaborCore()
    core = models.LogGaborCore(center_surround=True)
    for built in (plain, core):
        built.build((None, 33, 33, 1))
        built.adapt(images)
    features, reversal = np.asarray(core(images)), np.asarray(core(-images))
    first = plain.groups.max()  # the pixels, which come last
    places = np.arange(0.5, 32, 2)
    for i, width in enumerate((1.0, 1.6, 2.5, 4.0)):
        group = core.groups == first + i
        actual = features[:, group].reshape(4, 16, 16, 2)
        differences = np.empty((4, 16, 16))
        for n, row, column in np.ndindex(4, 16, 16):
            center, surround = (
                average(images[n, ..., 0], places[row], places[column], sigma)
                for sigma in (width, 1.6 * width)
            )
            differences[n, row, column] = center - surround
        floor = 0.1 * np.mean(differences**2)
        for sign, channel in ((1, 0), (-1, 1)):
            expected = np.log(np.maximum(sign * differences, 0) ** 2 + floor)
            np.testing.assert_allclose(actual[..., channel], expected, atol=1e-3)
        negative = reversal[:, group].reshape(4, 16, 16, 2)
        np.testing.assert_allclose(negative, actual[..., ::-1], atol=1e-4)
        found = core.places[group].reshape(16, 16, 2, 2)
        np.testing.assert_allclose(found[:, 3, 0, 0], (places + 0.5) / 33 - 0.5)
        np.testing.assert_allclose(found[3, :, 1, 1], (places + 0.5) / 33 - 0.5)
        assert core.coefficients[first + i] == 0.5
    kept = core.groups < first
    others = np.asarray(plain(images))[:, plain.groups < first]
    np.testing.assert_allclose(features[:, kept], others, atol=1e-5)
    assert len(core.coefficients) == core.groups.max() + 1

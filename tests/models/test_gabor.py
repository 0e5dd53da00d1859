import numpy as np
import pytest
from scipy import optimize, signal, stats

from v1keras import models
from v1keras.models import gabor


def noise(count=12, size=20, seed=0):
    return np.random.default_rng(seed).normal(size=(count, size, size, 1)).astype("float32")


def test_energy_of_a_grating_is_highest_for_its_orientation_whatever_the_phase():
    side, wavelength, width, _ = gabor.SCALES[2]
    bank = gabor.gabor_bank(side, wavelength, width)[:, :, 0]
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    for i, angle in enumerate(np.pi * np.arange(8) / 8):
        energies = []
        for phase in (0.0, 1.0, 2.0):
            grating = np.cos(2 * np.pi * (columns * np.cos(angle) + rows * np.sin(angle)) / wavelength + phase)
            responses = np.einsum("hw,hwk->k", grating, bank)
            energies.append(responses[::2] ** 2 + responses[1::2] ** 2)
            assert energies[-1].argmax() == i
        np.testing.assert_allclose(energies[0], energies[1], rtol=0.35, atol=0.02 * energies[0].max())


def test_features_are_their_formula():
    """The smallest scale's first energy and phase, by SciPy's correlation; everything scaled to its share."""
    images = noise()
    core = models.LogGaborCore(window=6.0)
    core.build((None, 20, 20, 1))
    core.adapt(images)
    found = np.asarray(core(images))
    side, _, _, stride = gabor.SCALES[0]
    bank = gabor.gabor_bank(*gabor.SCALES[0][:3])[:, :, 0]
    maps = np.stack([[signal.correlate2d(image[..., 0], bank[:, :, k], mode="valid")[::stride, ::stride] for k in range(16)] for image in images])
    energy = maps[:, ::2] ** 2 + maps[:, 1::2] ** 2  # (images, orientations, h, w)
    place = (side - 1) / 2 + stride * np.arange(maps.shape[2]) - 9.5
    weight = np.exp(-(place[:, None] ** 2 + place[None] ** 2) / (4 * 6.0**2))
    expected = np.log(energy + 0.1 * energy.mean()) * weight
    expected = expected.transpose(0, 2, 3, 1).reshape(12, -1)
    expected -= expected.mean(axis=0)
    expected *= np.sqrt(gabor.ENERGY / core.shares.sum() / np.square(expected).mean(axis=0).sum())
    np.testing.assert_allclose(found[:, : expected.shape[1]], expected, atol=1e-4)
    assert np.square(found).sum(axis=1).mean() == pytest.approx(1.0, rel=1e-4)  # all shares together


def test_ridge_is_the_posterior_mean_at_the_highest_evidence():
    """Against a Gaussian process written out for one neuron, its evidence by SciPy's multivariate normal."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(25, 60)) / np.sqrt(60)
    responses = np.square(np.maximum(features @ rng.normal(size=(60, 3)) * 2 + 2 + 0.5 * rng.normal(size=(25, 3)), 0))
    readout = models.RidgeReadout(3, rank=25)
    readout.build((None, 60))
    readout.fit(features, responses)
    fresh = rng.normal(size=(7, 60)) / np.sqrt(60)
    found = np.asarray(readout(fresh.astype("float32")))
    kernel = features @ features.T
    for neuron in range(3):
        target = np.sqrt(responses[:, neuron] + gabor.OFFSET)
        centred = target - target.mean()
        best = None
        for shrinkage in readout.SHRINKAGES:
            covariance = kernel + shrinkage * np.eye(25)
            evidence = lambda log_scale: stats.multivariate_normal.logpdf(centred, cov=np.exp(log_scale) * covariance)
            highest = -optimize.minimize_scalar(lambda s: -evidence(s), bounds=(-10, 10), method="bounded").fun
            if best is None or highest > best[0]:
                best = (highest, shrinkage)
        drive = target.mean() + fresh @ features.T @ np.linalg.solve(kernel + best[1] * np.eye(25), centred)
        np.testing.assert_allclose(found[:, neuron], np.maximum(np.maximum(drive, 0) ** 2 - gabor.OFFSET, 1e-3), rtol=1e-3)


def test_ridge_on_subsets_is_the_mean_of_their_drives():
    rng = np.random.default_rng(1)
    features, responses = rng.normal(size=(20, 30)), rng.gamma(2.0, 1.0, (20, 2))
    responses[3, 1] = np.nan
    subsets = [np.arange(14), np.arange(6, 20)]
    drives = []
    for subset in subsets:
        one = models.RidgeReadout(2, rank=14)
        one.build((None, 30))
        filled = np.sqrt(responses + gabor.OFFSET)
        filled = np.square(np.where(np.isnan(filled), np.nanmean(filled, axis=0), filled)) - gabor.OFFSET
        one.fit(features[subset], filled[subset])
        drives.append(features @ one.components.numpy() @ one.coefficients.numpy() + one.bias.numpy())
    both = models.RidgeReadout(2, rank=20)
    both.build((None, 30))
    both.fit(features, responses, subsets)
    expected = np.maximum(np.square(np.maximum(np.mean(drives, axis=0), 0)) - gabor.OFFSET, 1e-3)
    np.testing.assert_allclose(both(features.astype("float32")), expected, rtol=1e-3, atol=1e-5)


def test_an_image_smaller_than_every_filter_is_refused():
    with pytest.raises(ValueError, match="images of 6 x 20 pixels; the smallest Gabor filter needs 7"):
        models.LogGaborCore().build((None, 6, 20, 1))

import numpy as np
import pytest
from scipy import ndimage, optimize, signal, special, stats

from v1keras import models
from v1keras.models.cores import log_gabor
from v1keras.models.readouts import ridge


def noise(count=12, size=20, seed=0):
    return (
        np.random.default_rng(seed)
        .normal(size=(count, size, size, 1))
        .astype("float32")
    )


def test_energy_of_a_grating_is_highest_for_its_orientation_whatever_the_phase():
    side, wavelength, width, _ = log_gabor.SCALES[2]
    bank = log_gabor.gabor_bank(side, wavelength, width)[:, :, 0]
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    for i, angle in enumerate(np.pi * np.arange(8) / 8):
        energies = []
        for phase in (0.0, 1.0, 2.0):
            grating = np.cos(
                2
                * np.pi
                * (columns * np.cos(angle) + rows * np.sin(angle))
                / wavelength
                + phase
            )
            responses = np.einsum("hw,hwk->k", grating, bank)
            energies.append(responses[::2] ** 2 + responses[1::2] ** 2)
            assert energies[-1].argmax() == i
        np.testing.assert_allclose(
            energies[0], energies[1], rtol=0.35, atol=0.02 * energies[0].max()
        )


def test_features_are_their_formula():
    """The smallest scale's energies and the first of its phases by SciPy's correlation,
    and where they are.
    """
    images = noise()
    core = models.LogGaborCore()
    core.build((None, 20, 20, 1))
    core.adapt(images)
    actual = np.asarray(core(images))
    side, _, _, stride = log_gabor.SCALES[0]
    bank = log_gabor.gabor_bank(*log_gabor.SCALES[0][:3])[:, :, 0]
    maps = np.stack(
        [
            [
                signal.correlate2d(image[..., 0], bank[:, :, k], mode="valid")[
                    ::stride, ::stride
                ]
                for k in range(16)
            ]
            for image in images
        ]
    )
    energy = maps[:, ::2] ** 2 + maps[:, 1::2] ** 2  # (images, orientations, h, w)
    floor = 0.1 * energy.mean()
    expected = np.log(energy + floor).transpose(0, 2, 3, 1).reshape(12, -1)
    np.testing.assert_allclose(actual[:, core.groups == 0], expected, atol=1e-4)
    phase = np.log(np.maximum(maps[:, 0], 0) ** 2 + floor)
    np.testing.assert_allclose(
        actual[:, core.groups == 1].reshape(12, 7, 7, 32)[..., 0], phase, atol=1e-4
    )
    place = ((side - 1) / 2 + stride * np.arange(7) + 0.5) / 20 - 0.5
    np.testing.assert_allclose(
        core.places[core.groups == 0].reshape(7, 7, 8, 2)[:, :, 0, 0],
        np.repeat(place[:, None], 7, axis=1),
    )
    np.testing.assert_allclose(
        core.places[core.groups == 0].reshape(7, 7, 8, 2)[:, :, 0, 1],
        np.repeat(place[None], 7, axis=0),
    )


def test_blurred_pixels_are_scipys_in_the_middle():
    images = noise(size=33)
    core = models.LogGaborCore()
    core.build((None, 33, 33, 1))
    actual = np.asarray(core(images))[:, core.groups == core.groups.max()].reshape(
        12, 11, 11
    )
    blurred = ndimage.gaussian_filter(images[..., 0], (0, 3, 3), truncate=6)
    np.testing.assert_allclose(actual[:, 5, 5], blurred[:, 16, 16], atol=1e-4)
    np.testing.assert_allclose(actual[:, 4, 6], blurred[:, 13, 19], atol=1e-3)


def solved(features, responses, groups, places, coefficients):
    """Return the weights and biases of a fit."""
    readout = models.RidgeReadout(responses.shape[1])
    readout.build((None, features.shape[1]))
    readout.fit(features, responses, groups, places, coefficients)
    return np.array(readout.weight), np.array(readout.bias)


def features_and_responses(images=25, count=60, neurons=3):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(images, count)).astype("float32") / np.sqrt(count)
    drive = (
        features @ rng.normal(size=(count, neurons)) * 2
        + 2
        + 0.5 * rng.normal(size=(images, neurons))
    )
    return (
        features,
        np.square(np.maximum(drive, 0)),
        rng.normal(size=(7, count)).astype("float32") / np.sqrt(count),
    )


def test_ridge_is_the_mean_of_gaussian_processes_by_their_evidence():
    """Written out for each neuron, the evidence by SciPy's multivariate normal at its
    best scale; two windows, two groups.
    """
    features, responses, fresh = features_and_responses()
    groups = np.arange(60) % 2
    places = np.random.default_rng(1).uniform(-0.5, 0.5, (60, 2))
    windows, shares = [(0.0, 0.0, 0.3), (0.2, -0.1, 0.1)], np.array([3.0, 1.0])
    readout = models.RidgeReadout(3)
    readout.build((None, 60))
    readout.fit(features, responses, groups, places, shares, windows)
    actual = np.asarray(readout(fresh))

    target = np.sqrt(responses + ridge.OFFSET)
    center = features.mean(axis=0)
    x, z = features - center, fresh - center
    log_evidence, drives = np.zeros((2, 5, 3)), np.zeros((2, 5, 7, 3))
    for w, (row, column, width) in enumerate(windows):
        prior = np.exp(
            -((places[:, 0] - row) ** 2 + (places[:, 1] - column) ** 2) / (2 * width**2)
        )
        for group, share in enumerate([0.75, 0.25]):
            mine = groups == group
            prior[mine] *= share / np.mean(
                [
                    sum(prior[i] * x[n, i] ** 2 for i in np.flatnonzero(mine))
                    for n in range(25)
                ]
            )
        kernel = (x * prior) @ x.T
        for s, shrinkage in enumerate(ridge.SHRINKAGES):
            covariance = kernel + shrinkage * np.eye(25)
            for neuron in range(3):
                centred = target[:, neuron] - target[:, neuron].mean()
                evidence = lambda scale: stats.multivariate_normal.logpdf(
                    centred, cov=np.exp(scale) * covariance
                )
                log_evidence[w, s, neuron] = -optimize.minimize_scalar(
                    lambda v: -evidence(v), bounds=(-12, 8), method="bounded"
                ).fun
                drives[w, s, :, neuron] = target[:, neuron].mean() + (
                    z * prior
                ) @ x.T @ np.linalg.solve(covariance, centred)
    posterior = special.softmax(log_evidence, axis=(0, 1))
    for _ in range(3):
        common = posterior.sum(axis=1).mean(axis=1)
        posterior = special.softmax(
            log_evidence + np.log(common + 0.05)[:, None, None], axis=(0, 1)
        )
    drive = np.einsum("wsn,wsin->in", posterior, drives)
    np.testing.assert_allclose(
        actual,
        np.maximum(np.maximum(drive, 0) ** 2 - ridge.OFFSET, 1e-3),
        rtol=1e-3,
        atol=1e-4,
    )


def test_ridge_finds_where_a_neuron_looks():
    rng = np.random.default_rng(2)
    places = np.stack(
        np.meshgrid(
            np.linspace(-0.4, 0.4, 15), np.linspace(-0.4, 0.4, 15), indexing="ij"
        ),
        axis=-1,
    ).reshape(-1, 2)
    features = rng.normal(size=(120, 225)).astype("float32")
    truth = np.exp(
        -((places - [0.2, -0.2]) ** 2).sum(axis=1) / (2 * 0.08**2)
    ) * rng.normal(size=225)
    responses = np.square(
        np.maximum(
            2 + features @ truth / np.linalg.norm(truth) + 0.3 * rng.normal(size=120), 0
        )
    )[:, None]
    weight, _ = solved(features, responses, np.zeros(225, int), places, np.ones(1))
    energy = weight[:, 0] ** 2
    np.testing.assert_allclose(energy @ places / energy.sum(), [0.2, -0.2], atol=0.06)


def test_silent_neurons_beside_a_neuron_change_nothing():
    features, responses, _ = features_and_responses(neurons=1)
    groups, places = (
        np.zeros(60, int),
        np.random.default_rng(1).uniform(-0.5, 0.5, (60, 2)),
    )
    alone, _ = solved(features, responses, groups, places, np.ones(1))
    crowd = np.concatenate(
        [responses, np.full((25, 20), np.nan), np.full((25, 5), 3.0)], axis=1
    )
    among, _ = solved(features, crowd, groups, places, np.ones(1))
    np.testing.assert_allclose(among[:, :1], alone, rtol=1e-4, atol=1e-6)
    assert (among[:, 1:] == 0).all()


def test_negative_responses_are_refused():
    features, responses, _ = features_and_responses()
    readout = models.RidgeReadout(3)
    readout.build((None, 60))
    groups, places = np.zeros(60, int), np.zeros((60, 2))
    with pytest.raises(ValueError, match="negative responses"):
        readout.fit(features, responses - 10, groups, places, np.ones(1))


def test_a_missing_response_is_taken_for_the_mean():
    features, responses, _ = features_and_responses()
    groups, places = np.zeros(60, int), np.zeros((60, 2))
    holed = responses.copy()
    holed[4, 1] = np.nan
    filled = responses.copy()
    filled[4, 1] = np.nanmean(np.sqrt(holed[:, 1] + ridge.OFFSET)) ** 2 - ridge.OFFSET
    for actual, expected in zip(
        solved(features, holed, groups, places, np.ones(1)),
        solved(features, filled, groups, places, np.ones(1)),
    ):
        np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_an_image_smaller_than_every_filter_is_refused():
    with pytest.raises(
        ValueError, match="images of 6 x 20 pixels; the smallest Gabor filter needs 7"
    ):
        models.LogGaborCore().build((None, 6, 20, 1))


def test_shares_are_those_of_their_groups():
    """Energies count 1.5, phases 1 and blurred pixels 1.5.

    Energies and half-squared phases are told apart by what they are, not by where
    they stand: contrast reversal leaves an energy as it is and swaps phases.
    """
    images = noise(size=33)
    core = models.LogGaborCore()
    core.build((None, 33, 33, 1))
    features, reversal = np.asarray(core(images)), np.asarray(core(-images))
    assert len(core.coefficients) == core.groups.max() + 1
    counts = {"energy": 0, "phases": 0, "pixels": 0}
    for group, share in enumerate(core.coefficients):
        mine, turned = (x[:, core.groups == group] for x in (features, reversal))
        if np.allclose(turned, -mine, atol=1e-5):
            kind, expected = "pixels", 1.5
        elif np.allclose(turned, mine, atol=1e-4):
            kind, expected = "energy", 1.5
        else:
            kind, expected = "phases", 1.0
        counts[kind] += 1
        assert share == expected, f"group {group}: {kind}"
    assert counts == {"energy": 6, "phases": 6, "pixels": 1}

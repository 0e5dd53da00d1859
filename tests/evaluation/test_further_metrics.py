"""Single trials, oracles, deviance and bits, against loops; and the Fano factor."""

import numpy as np
import pytest
from scipy import stats

from v1keras.evaluation import (
    bits_per_spike,
    deviance_explained,
    fano_from_identical_images,
    fano_from_repeats,
    oracle_correlation,
    single_trial_correlation,
)
from v1keras.evaluation.fano import cc_norm_by_fano


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(0)
    rates = rng.gamma(2.0, 1.0, (40, 3))
    repeats = rng.poisson(rates[:, None], (40, 5, 3)).astype(float)
    repeats[:7, 2:, 1] = np.nan
    repeats[3, 1:, 2] = np.nan  # a single presentation
    predictions = rates * rng.uniform(0.7, 1.4, rates.shape)
    return repeats, predictions


def present(values):
    return [value for value in values if value == value]


def test_single_trials_are_pooled_over_images(counts):
    repeats, rates = counts
    found = single_trial_correlation(repeats, rates)
    for neuron in range(3):
        pairs = [
            (single, rates[image, neuron])
            for image in range(40)
            for single in present(repeats[image, :, neuron])
        ]
        expected = stats.pearsonr(*np.transpose(pairs))[0]
        assert found[neuron] == pytest.approx(expected)


def test_the_oracle_leaves_each_presentation_out(counts):
    repeats, _ = counts
    found = oracle_correlation(repeats)
    for neuron in range(3):
        pairs = []
        for image in range(40):
            singles = present(repeats[image, :, neuron])
            for i, single in enumerate(singles):
                others = singles[:i] + singles[i + 1 :]
                if others:
                    pairs.append((single, sum(others) / len(others)))
        expected = stats.pearsonr(*np.transpose(pairs))[0]
        assert found[neuron] == pytest.approx(expected)


def test_deviance_and_bits_are_of_poisson_likelihoods():
    rng = np.random.default_rng(1)
    rates = rng.gamma(2.0, 1.0, (60, 2))
    responses = rng.poisson(rates).astype(float)
    responses[4, 1] = np.nan
    explained, bits = (
        deviance_explained(responses, rates),
        bits_per_spike(responses, rates),
    )
    for neuron in range(2):
        kept = [i for i in range(60) if responses[i, neuron] == responses[i, neuron]]
        y, p = responses[kept, neuron], rates[kept, neuron]
        saturated = sum(stats.poisson.logpmf(n, n) if n else 0.0 for n in y)
        model = sum(stats.poisson.logpmf(y, p))
        constant = sum(stats.poisson.logpmf(y, y.mean()))
        expected = 1 - (saturated - model) / (saturated - constant)
        assert explained[neuron] == pytest.approx(expected)
        expected = (model - constant) / y.sum() / np.log(2)
        assert bits[neuron] == pytest.approx(expected)


def test_what_has_no_likelihood_is_missing():
    responses = np.array([[0.0, -1.0, np.nan], [0.0, 2.0, np.nan]])
    for metric in (deviance_explained, bits_per_spike):
        assert np.isnan(metric(responses, np.ones((2, 3)))).all()


def test_the_fano_factor_is_that_of_the_counts():
    rng = np.random.default_rng(2)
    rates = rng.gamma(4.0, 1.0, (500, 1, 2))
    repeats = 2.0 * rng.poisson(rates / 2, (500, 8, 2))
    repeats[::2, 3:] = np.nan
    np.testing.assert_allclose(fano_from_repeats(repeats), 2, atol=0.15)
    images = np.repeat(np.arange(500.0), 2)[:, None, None]
    means = 2.0 * rng.poisson(rates / 2, (500, 16, 2))
    means = means.reshape(1000, 8, 2).mean(axis=1)
    found = fano_from_identical_images(images, means, presentations=8)
    np.testing.assert_allclose(found, 2, atol=0.25)
    found = fano_from_identical_images(images[::2], means[::2], presentations=8)
    assert np.isnan(found).all()


def test_cc_norm_rises_with_the_fano_factor_that_is_assumed():
    columns = {"correlation": np.array([0.5, 0.1]), "cc_max": np.array([0.8, 0.0])}
    found = cc_norm_by_fano(columns, np.array([True, True]), assumed=1.0)
    # Noise is 1 - 0.64 of the variance at a Fano factor of 1.
    expected = {f: 0.5 / np.sqrt(1 - f * 0.36) for f in (1.0, 1.2, 1.4)}
    assert found == {f"{f:g}": round(value, 3) for f, value in expected.items()}

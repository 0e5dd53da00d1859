import numpy as np
import pytest
from scipy import stats

from v1keras.evaluation import (
    cc_max,
    cc_max_from_means,
    cc_max_from_repeats,
    cc_norm,
    correlation,
    feve,
    fraction_near_limit,
    noise_variance,
    signal_power,
)


def poisson_population(seed, images=200, trials=20, neurons=6):
    rng = np.random.default_rng(seed)
    rates = rng.gamma(1.0, np.linspace(0.3, 4, neurons), (images, neurons))
    return rates, rng.poisson(rates[:, None], (images, trials, neurons)).astype(float)


def loop_cc_norm(repeats, rates):
    """Schoppe et al. 2016, written out a neuron and a presentation at a time."""
    actual = []
    for neuron in range(repeats.shape[2]):
        trials = repeats.shape[1]
        summed, of_singles = [], 0.0
        for image in range(repeats.shape[0]):
            summed.append(sum(repeats[image, n, neuron] for n in range(trials)))
        for n in range(trials):
            of_singles += np.var(
                [repeats[image, n, neuron] for image in range(repeats.shape[0])], ddof=1
            )
        power = (np.var(summed, ddof=1) - of_singles) / (trials * (trials - 1))
        y = [s / trials for s in summed]
        covariance = np.cov(y, rates[:, neuron])
        actual.append(covariance[0, 1] / np.sqrt(covariance[1, 1] * power))
    return np.array(actual)


def test_cc_norm_is_schoppes_formula():
    rates, repeats = poisson_population(0)
    predictions = rates + np.random.default_rng(1).normal(size=rates.shape)
    actual = cc_norm(repeats.mean(axis=1), predictions, cc_max_from_repeats(repeats))
    np.testing.assert_allclose(
        actual, loop_cc_norm(repeats, predictions), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("estimate", ["repeats", "means"])
def test_ceiling_is_unbiased_for_known_rates(estimate):
    """The true ceiling is the correlation that the true rate itself can reach."""
    estimated, true = [], []
    for draw in range(200):
        rates, repeats = poisson_population(draw)
        means = repeats.mean(axis=1)
        actual = (
            cc_max_from_repeats(repeats)
            if estimate == "repeats"
            else cc_max_from_means(means, repeats.shape[1])
        )
        estimated.append(actual)
        true.append(
            [stats.pearsonr(rates[:, n], means[:, n])[0] for n in range(rates.shape[1])]
        )
    np.testing.assert_allclose(
        np.mean(estimated, axis=0), np.mean(true, axis=0), atol=0.02
    )


def holed_population(seed):
    """Return rates and repeats of six neurons with missing presentations.

    Neuron 0 has all presentations; 1 has two of six, as in a shorter session; 2 and 3
    lack a third at random; 4 has one and 5 none.
    """
    rates, repeats = poisson_population(seed, trials=6)
    repeats[:, 2:, 1] = np.nan
    repeats[..., 2:4][
        np.random.default_rng(seed + 1000).random((200, 6, 2)) < 1 / 3
    ] = np.nan
    repeats[:, 1:, 4] = np.nan
    repeats[..., 5] = np.nan
    return rates, repeats


def loop_signal_power(trials):
    """Return the covariance of one neuron's presentations, pair after pair.

    `trials` is `(images, N)`; a pair's covariance is over the images that have both.
    """
    products = degrees = 0
    for first in range(trials.shape[1]):
        for second in range(trials.shape[1]):
            pairs = [
                (row[first], row[second])
                for row in trials
                if first != second and not np.isnan([row[first], row[second]]).any()
            ]
            if len(pairs) > 1:
                products += np.cov(np.transpose(pairs))[0, 1] * (len(pairs) - 1)
                degrees += len(pairs) - 1
    return products / degrees if degrees else np.nan


def test_a_short_session_is_as_if_it_were_alone():
    _, repeats = holed_population(3)
    expected = [loop_signal_power(repeats[..., n]) for n in range(6)]
    even = [0, 1, 4, 5]
    np.testing.assert_allclose(
        signal_power(repeats)[even], np.array(expected)[even], rtol=1e-10
    )
    assert signal_power(repeats)[0] == pytest.approx(
        signal_power(repeats[..., :1])[0], rel=1e-12
    )
    assert signal_power(repeats)[1] == pytest.approx(
        signal_power(repeats[:, :2, 1:2])[0]
    )
    y = [
        [
            np.mean(row[~np.isnan(row)]) if (~np.isnan(row)).any() else np.nan
            for row in repeats[..., n]
        ]
        for n in range(2)
    ]
    ceilings = [np.sqrt(expected[n] / np.nanvar(y[n], ddof=1)) for n in range(2)]
    np.testing.assert_allclose(cc_max_from_repeats(repeats)[:2], ceilings, rtol=1e-10)
    assert np.isnan(cc_max_from_repeats(repeats)[4:]).all()
    noise = []
    for n in range(4):
        present = [row[~np.isnan(row)] for row in repeats[..., n]]
        usual = np.mean([np.var(row, ddof=1) for row in present if len(row) > 1])
        noise.append(
            np.mean(
                [
                    (np.var(row, ddof=1) if len(row) > 1 else usual) / len(row)
                    for row in present
                    if len(row)
                ]
            )
        )
    np.testing.assert_allclose(noise_variance(repeats)[:4], noise, rtol=1e-10)


def test_ceiling_is_unbiased_where_presentations_are_missing():
    estimated, true, explained = [], [], []
    for draw in range(300):
        rates, repeats = holed_population(draw)
        means = np.nanmean(
            np.where(np.isnan(repeats).all(axis=1, keepdims=True), 0.0, repeats), axis=1
        )[:, :4]
        means[np.isnan(repeats).all(axis=1)[:, :4]] = np.nan
        estimated.append(cc_max_from_repeats(repeats)[:4])
        true.append(correlation(means, rates[:, :4]))
        explained.append(feve(means, rates[:, :4], noise_variance(repeats)[:4]))
    np.testing.assert_allclose(
        np.mean(estimated, axis=0), np.mean(true, axis=0), atol=0.02
    )
    np.testing.assert_allclose(np.mean(explained, axis=0), 1, atol=0.03)


def test_no_signal_gives_no_ceiling():
    assert cc_max(np.array([-1.0, 0.0]), np.array([1.0, 1.0])).tolist() == [0.0, 0.0]
    y = np.arange(6.0)[:, None]
    assert np.isnan(cc_norm(y, y, np.array([0.0]))[0])


def test_correlation_is_scipys_with_missing_left_out():
    rng = np.random.default_rng(2)
    y, p = rng.normal(size=(50, 4)), rng.normal(size=(50, 4))
    y[:7, 2] = np.nan
    expected = [
        stats.pearsonr(y[~np.isnan(y[:, n]), n], p[~np.isnan(y[:, n]), n])[0]
        for n in range(4)
    ]
    np.testing.assert_allclose(correlation(y, p), expected, atol=1e-12)


def test_correlation_of_constants():
    y = np.arange(5.0)[:, None].repeat(3, axis=1)
    y[:, 1], y[:, 2] = 2.0, np.nan
    actual = correlation(y, np.full((5, 3), 0.1))
    assert actual[0] == 0 and np.isnan(actual[1:]).all()
    with pytest.raises(ValueError, match=r"responses \(5, 3\) and rates \(4, 3\)"):
        correlation(y, np.zeros((4, 3)))


def test_feve_of_the_true_rate_is_one():
    actual = []
    for draw in range(100):
        rates, repeats = poisson_population(draw)
        noise = repeats.var(axis=1, ddof=1).mean(axis=0) / repeats.shape[1]
        actual.append(feve(repeats.mean(axis=1), rates, noise))
    np.testing.assert_allclose(np.mean(actual, axis=0), 1, atol=0.02)


def test_fraction_near_limit_counts_nan_as_far():
    assert fraction_near_limit(np.array([0.9, 1.2, 0.89, np.nan, -1])) == 0.4

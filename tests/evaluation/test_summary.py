import numpy as np
import pytest
from scipy import stats

from v1keras.evaluation import (
    average_over_seeds,
    estimate_ceiling,
    score_neurons,
    summarize,
)


def scores(count=40, seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(0.5, 0.2, count)
        for name in ("correlation", "cc_max", "cc_norm", "feve")
    }


def test_interval_is_scipys_percentile_bootstrap():
    actual = scores()
    mine = summarize(actual, np.ones(40, bool))["correlation"]
    theirs = stats.bootstrap(
        (actual["correlation"],), np.mean, n_resamples=20000, method="percentile"
    ).confidence_interval
    assert mine["mean"] == pytest.approx(actual["correlation"].mean(), abs=1e-6)
    np.testing.assert_allclose(
        mine["interval"], theirs, atol=0.008
    )  # the standard error of such a percentile is 0.002


def test_interval_holds_the_true_mean_in_95_of_100():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(300):
        actual = {
            name: rng.normal(0.3, 0.2, 60)
            for name in ("correlation", "cc_max", "cc_norm", "feve")
        }
        low, high = summarize(actual, np.ones(60, bool))["correlation"]["interval"]
        inside += low <= 0.3 <= high
    assert (
        0.91 <= inside / 300 <= 0.98
    )  # three standard errors of a share of 300 draws are 0.038


def test_intervals_are_the_same_each_time_and_others_with_another_seed():
    columns, everyone = scores(36), np.ones(36, bool)
    first, again = summarize(columns, everyone), summarize(columns, everyone)
    other = summarize(columns, everyone, seed=1)
    assert again == first
    for name in columns:
        assert other[name]["interval"] != first[name]["interval"], name
        assert other[name]["mean"] == first[name]["mean"]


def test_cc_norm_is_clipped_in_its_mean_alone_and_missing_values_are_counted():
    actual = scores(5)
    actual["cc_norm"] = np.array([1.4, 0.9, np.nan, -1.5, 0.2])
    actual["cc_max"] = np.array([0.5, 0.5, 0.0, 0.5, np.nan])
    summary = summarize(actual, [True, True, True, True, False])
    assert summary["neurons"] == 4 and summary["no_ceiling"] == 1
    assert summary["cc_norm"]["mean"] == pytest.approx((1 + 0.9 - 1) / 3, abs=1e-6)
    assert summary["cc_norm"]["median"] == 0.9 and summary["cc_norm"]["missing"] == 1
    assert summary["fraction_near_limit"] == 0.5


def test_an_empty_group_has_no_scores():
    summary = summarize(scores(3), np.zeros(3, bool))
    assert (
        summary["neurons"] == 0
        and summary["correlation"]["mean"] is None
        and summary["fraction_near_limit"] is None
    )


def test_columns_are_the_metrics_formulas():
    rng = np.random.default_rng(1)
    y, p = rng.normal(size=(30, 3)), rng.normal(size=(30, 3))
    noise = np.array([0.1, 0.2, 50.0])
    actual = score_neurons(y, p, np.array([0.8, 0.0, 0.5]), noise)
    r = np.array([stats.pearsonr(y[:, i], p[:, i])[0] for i in range(3)])
    np.testing.assert_allclose(actual["correlation"], r)
    np.testing.assert_allclose(actual["cc_norm"], [r[0] / 0.8, np.nan, r[2] / 0.5])
    explained = [
        1
        - (np.mean((y[:, i] - p[:, i]) ** 2) - noise[i])
        / (np.var(y[:, i], ddof=1) - noise[i])
        for i in range(2)
    ]
    np.testing.assert_allclose(actual["feve"], [*explained, np.nan])


def test_ceiling_from_what_is_known():
    rng = np.random.default_rng(2)
    rates = rng.gamma(2.0, 2.0, (400, 4))
    repeats = rng.poisson(rates[:, None], (400, 10, 4)).astype(float)
    means = repeats.mean(axis=1)
    true = [stats.pearsonr(rates[:, i], means[:, i])[0] for i in range(4)]
    for source, given in (
        ("repeats", {"repeats": repeats}),
        ("means", {"presentations": 10}),
    ):
        actual, ceiling, noise = estimate_ceiling(means, **given)
        assert actual == source
        np.testing.assert_allclose(ceiling, true, atol=0.02)
        np.testing.assert_allclose(
            noise, rates.mean(axis=0) / 10, rtol=0.1
        )  # Poisson: variance is the mean
    source, ceiling, noise = estimate_ceiling(means)
    assert source == "none" and np.isnan(ceiling).all() and np.isnan(noise).all()


def test_averaging_over_seeds_goes_neuron_by_neuron():
    runs = [
        {"cc_norm": np.array([1.2, np.nan, np.nan])},
        {"cc_norm": np.array([0.4, 0.5, np.nan])},
    ]
    np.testing.assert_allclose(average_over_seeds(runs)["cc_norm"], [0.8, 0.5, np.nan])

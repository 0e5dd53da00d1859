import numpy as np
import pytest
from scipy import stats

from v1keras.experiment.comparisons import (
    compare_own,
    holm,
    share_above,
    share_interval,
)
from v1keras.experiment.resampling import block_means, correlations, interval
from v1keras.experiment.specificity import specificity


def spikes(rates, blocks, seed=0):
    """Poisson spikes `(stimuli, blocks, neurons)` of rates `(stimuli, neurons)`."""
    shape = (len(rates), blocks, rates.shape[1])
    return np.random.default_rng(seed).poisson(rates[:, None], shape).astype(float)


def test_the_p_value_is_that_of_all_shuffles():
    """For 4 + 4 presentations the 70 divisions can be listed."""
    first, second = [7.0, 9.0, 6.0, 8.0], [3.0, 7.5, 4.0, 2.0]
    measured = np.array([first, second])[:, :, None]
    exact = stats.permutation_test(
        (first, second),
        lambda a, b: abs(np.mean(a) - np.mean(b)),
        n_resamples=np.inf,
        alternative="greater",
    ).pvalue
    result = compare_own(measured, [0], [[1]])
    assert result.p[0] == pytest.approx(exact, abs=0.01)
    assert result.difference[0] == pytest.approx(np.mean(first) - np.mean(second))
    expected = np.hypot(stats.sem(first), stats.sem(second))
    assert result.error[0] == pytest.approx(expected)


def test_verdicts_name_more_less_and_what_cannot_be_told():
    rates = np.array([[9.0, 3.0, 5.0, 4.0], [3.0, 9.0, 5.0, 4.0]])
    controls = [[1], [1], [1], []]
    result = compare_own(spikes(rates, 20), [0, 0, 0, 0], controls)
    assert result.verdict.tolist() == ["more", "less", "can't tell", ""]
    assert np.isnan([result.p[3], result.control[3]]).all()


def test_missing_presentations_are_left_out():
    measured = spikes(np.array([[9.0], [3.0]]), 20)
    without = measured[:, :15]
    measured[:, 15:] = np.nan
    one, other = (compare_own(m, [0], [[1]]) for m in (measured, without))
    assert one.p == other.p and one.own == other.own and one.error == other.error


def test_few_of_many_equal_neurons_are_called_different():
    """The family-wise rate: 40 sets of 20 neurons whose rates are equal."""
    called = 0
    for seed in range(20):
        measured = spikes(np.full((2, 20), 5.0), 10, seed)
        result = compare_own(measured, [0] * 20, [[1]] * 20, seed)
        called += np.isin(result.verdict, ["more", "less"]).any()
    assert called <= 4  # at 5 % of 20, more than 4 has a chance of 0.003


def test_corrected_p_values_are_those_of_the_definition():
    p = np.random.default_rng(0).random(7) ** 3
    order, expected, highest = np.argsort(p), np.zeros(7), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, (7 - rank) * p[place])
        expected[place] = min(highest, 1)
    np.testing.assert_allclose(holm(p), expected)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("noise", [0.3, 1.0])
def test_the_share_is_the_true_one_whatever_the_noise(share, noise):
    rng = np.random.default_rng(1)
    size = rng.lognormal(0, 0.5, 200)
    true = np.where(np.arange(200) < 200 * share, size, -size)
    measured = rng.normal(true, noise)
    error = np.full(200, noise)
    estimate = share_above(measured, error)
    assert estimate == pytest.approx(share, abs=0.1)
    low, high = share_interval(measured, error)
    assert low <= estimate <= high and low - 0.04 <= share <= high + 0.04


def test_specific_stimuli_are_told_from_unspecific_ones():
    rates = 2.0 + 8.0 * np.eye(12)
    result = specificity(spikes(rates, 10), np.arange(12))
    assert result.p < 0.001 and (result.rank == 1).all()
    moved = specificity(spikes(rates, 10)[:, :, np.roll(np.arange(12), 1)], range(12))
    assert moved.p > 0.5 and not (moved.rank == 1).all()
    loop = [
        (row[i] - np.delete(row, i).mean()) / row.std()
        for i, row in enumerate(block_means(spikes(rates, 10)).T)
    ]
    np.testing.assert_allclose(result.excess, loop)


def test_intervals_hold_the_truth_for_other_neurons_and_presentations():
    """95 % of 60 experiments: fewer than 51 would have a chance of 0.0005."""
    rng, held = np.random.default_rng(0), 0
    for seed in range(60):
        neurons = rng.normal(3.0, 1.0, 25)
        blocks = rng.normal(0.0, 0.5, 8)
        measured = neurons + blocks[:, None] + rng.normal(0, 1, (4, 8, 25))
        _, low, high = interval(measured, lambda m: block_means(m).mean(axis=0), seed)
        held += low <= 3.0 <= high
    assert held >= 51


def test_correlations_are_numpys():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    expected = np.corrcoef(one.T, other.T)[:3, 3:]
    np.testing.assert_allclose(correlations(one, other), expected)
    assert correlations(one, np.ones((9, 1))).tolist() == [[0.0]] * 3

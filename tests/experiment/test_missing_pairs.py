"""Correlations of arrays that have gaps."""

import numpy as np
import pytest

from v1keras.experiment.drift import estimate_drift
from v1keras.experiment.predictions import Predictions
from v1keras.experiment.resampling import correlations, own_correlations


@pytest.fixture
def gappy():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 30, 4))
    one[rng.random(one.shape) < 0.2] = np.nan
    other[rng.random(other.shape) < 0.2] = np.nan
    other = 1e4 + 3 * other + np.nan_to_num(one)
    return one, other


def pairwise(one, other):
    both = np.isfinite(one) & np.isfinite(other)
    return np.corrcoef(one[both], other[both])[0, 1]


def test_pairs_with_a_gap_are_left_out(gappy):
    one, other = gappy
    table = [[pairwise(a, b) for b in other.T] for a in one.T]
    np.testing.assert_allclose(correlations(one, other), table, rtol=1e-6)
    np.testing.assert_allclose(own_correlations(one, other), np.diag(table), rtol=1e-6)


def test_what_does_not_vary_or_is_too_short_does_not_correlate():
    one = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0], [9.0, np.nan]])
    other = np.array([[4.0, 1.0], [5.0, 2.0], [7.0, np.nan], [np.nan, 4.0]])
    # Left of the first pair are three rows in which one is 0.1; of the second, two.
    assert own_correlations(one, other).tolist() == [0, 0]
    assert correlations(one, np.full((4, 1), np.nan)).tolist() == [[0], [0]]


def test_a_shift_is_found_where_responses_are_missing():
    """Images one step lower; a fifth of the responses was not recorded."""
    rng = np.random.default_rng(1)
    steps = np.arange(-2, 3)
    shifts = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)
    basis = rng.normal(size=(3, 40, 12))
    drives = basis[0] + np.einsum("kd,dij->kij", 0.5 * shifts, basis[1:])
    rates = np.exp(0.5 * drives)
    center = int(np.flatnonzero((shifts == 0).all(axis=1))[0])
    true = int(np.flatnonzero((shifts == [1, 0]).all(axis=1))[0])
    none = np.zeros((0, 40, 12))
    predicted = Predictions(
        rates[center], shifts, rates, np.zeros(0), none, rates[center]
    )
    missing = rng.random((40, 1, 12)) < 0.2
    measured = np.where(missing, np.nan, np.repeat(rates[true][:, None], 4, axis=1))
    drift = estimate_drift(measured, predicted, np.arange(40))
    assert drift.shift == pytest.approx((1, 0), abs=0.3)
    assert drift.correlation[1] == pytest.approx(1)

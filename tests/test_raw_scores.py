"""RESULTS.md is computed from docs/scores.npz."""

import json
import pathlib

import numpy as np
import pytest

from tools.studies import raw_scores, reproduce_paper, results
from v1keras import Recording
from v1keras.evaluation import cc_norm

ROOT = pathlib.Path(__file__).parent.parent


def test_scores_are_kept_and_found_by_protocol_and_model(tmp_path, monkeypatch):
    monkeypatch.setattr(raw_scores, "FILE", tmp_path / "scores.npz")
    assert raw_scores.read() == {}
    written = {
        "paper/one/10": np.array([0.1, np.nan]),
        "paper/one/2": np.array([0.5, 0.25]),
        "paper/one/near limit 1.2": np.array([1.0, 0.0]),
        "kfold/one/pooled": np.array([0.5, 0.75]),
        "paper/one + ridge/2": np.array([0.0, 0.0]),
    }
    raw_scores.write(written)
    arrays = raw_scores.read()
    assert sorted(arrays) == sorted(written)
    runs = raw_scores.runs(arrays, "paper", "one")
    assert list(runs) == [2, 10] and runs[2].tolist() == [0.5, 0.25]
    assert list(raw_scores.runs(arrays, "kfold", "one")) == ["pooled"]
    assert raw_scores.runs(arrays, "grouped", "one") == {}


@pytest.mark.parametrize("fano", [1.0, 1.2])
def test_cc_norm_of_a_kept_correlation_is_the_one_of_the_rates(fano):
    rng = np.random.default_rng(0)
    responses = rng.poisson(3.0, (40, 3)) / 20 + rng.uniform(0, 3, (40, 1))
    responses[:, 2] = 1.0  # no signal: no ceiling
    recording = Recording(
        rng.uniform(size=(40, 4, 4)), responses, attributes={"presentations": 20}
    )
    rates = responses + rng.normal(size=(40, 3))
    correlation = np.array(
        [np.corrcoef(responses[:, i], rates[:, i])[0, 1] for i in range(2)] + [0.0]
    )
    columns = raw_scores.columns(recording, correlation, fano)
    mean, variance = responses.mean(axis=0), responses.var(axis=0, ddof=1)
    signal = np.maximum(variance - fano * mean / 20, 0)
    ceiling = np.sqrt(signal / np.where(variance > 0, variance, 1))
    np.testing.assert_allclose(columns["cc_max"], ceiling, rtol=1e-5)
    expected = cc_norm(responses, rates, columns["cc_max"])
    np.testing.assert_allclose(columns["cc_norm"], expected, rtol=1e-5)


def test_the_weights_of_every_average_add_up_to_one():
    for name, parts in reproduce_paper.MODELS.items():
        assert sum(parts.values()) == pytest.approx(1), name
    parts = reproduce_paper.MODELS["5 networks + ridge"]
    assert parts["ridge on Gabor energies"] == 0.3
    assert parts["network 4"] == pytest.approx(0.14)


def test_the_results_are_computed_from_the_scores_that_are_kept():
    facts = json.loads((ROOT / "docs" / "results.json").read_text())
    arrays = raw_scores.read()
    compared = 0
    for protocol, measured in facts.items():
        for name, row in measured["models"].items():
            runs = raw_scores.runs(arrays, protocol, name)
            if not runs:
                continue
            assert row["seeds"] == list(runs)
            # The neurons of the tuning session, 37 from the 26th on, are left out.
            tuning = np.isin(np.arange(392), np.arange(26, 63))
            # A neuron that answers all test images of a split alike has no score there.
            mean = np.nanmean(np.nanmean(list(runs.values()), axis=0)[~tuning])
            assert row["reported"]["correlation"]["mean"] == pytest.approx(
                mean, abs=1e-5
            )
            assert set(row["fano"]) == {"1", "1.2"}
            compared += 1
    assert compared >= 12
    assert (ROOT / "RESULTS.md").read_text().startswith(results.HEAD)

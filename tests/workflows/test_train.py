"""Trainings from the configuration to the preset."""

import numpy as np
import pytest
from tiny_trainings import tiny

from v1keras import Recording, zoo
from v1keras.data import open_recording
from v1keras.training import likelihood_of
from v1keras.workflows import build, train


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"freeze": "core"},
            "freeze: found 'core', expected nothing, or core with init_from",
        ),
        (
            {"init_from": "simulated_factorized"},
            r"takes images of \(32, 32\); the recording has \(16, 16\)",
        ),
        ({"init_from": "nowhere"}, "no model 'nowhere'"),
        (
            {"core.kind": "stakced"},
            (
                "core.kind: found 'stakced', expected one of stacked,"
                " rotation_equivariant, transfer, identity"
            ),
        ),
        (
            {"core.kind": "transfer", "core.weights": ""},
            "Input size must be at least 32x32",
        ),
        (
            {"readout.kind": "mean"},
            "readout.kind: found 'mean', expected one of factorized, gaussian, dense",
        ),
        (
            {"readout.kind": "gaussian", "readout.coordinates": "place"},
            r"found 'place', expected a column of the recording's neurons .*filter",
        ),
        (
            {"readout.kind": "gaussian", "readout.coordinates": "kind"},
            r"column 'kind' is <U15 \(4,\), expected \(4, d\) finite numbers",
        ),
        (
            {"readout.coordinates": "filter"},
            "found 'filter' with a factorized readout; expected readout.kind=gaussian",
        ),
        ({"ensemble": 0}, "ensemble: found 0, expected an integer from 1"),
    ],
)
def test_what_cannot_be_built_leaves_nothing(recording, tmp_path, changes, message):
    with pytest.raises((ValueError, OSError), match=message):
        train.train_and_evaluate(tiny(recording, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {
            "core.kind": "rotation_equivariant",
            "core.orientations": 4,
            "core.kernel_sizes": (5, 3),
            "core.filters": (2, 2),
        },
        {
            "core.kind": "identity",
            "readout.kind": "dense",
            "readout.l1": 0.0,
            "readout.l2": 1.0,
        },
        {
            "core.first_activation": "divisive",
            "readout.kind": "gaussian",
            "readout.covariance": "full",
        },
        {
            "training.likelihood": "negative_binomial",
            "readout.nonnegative": True,
            "training.lr_schedule": "cosine",
        },
        {
            "ensemble": 2,
            "ridge.share": 0.3,
            "training.ema_momentum": 0.5,
            "training.rate_weighting": 0.5,
        },
        {"ridge.share": 1.0},
    ],
    ids=["equivariant", "LN", "divisive", "negative binomial", "ensemble", "ridge"],
)
def test_every_kind_of_model_trains_saves_and_loads(recording, tmp_path, changes):
    model, scores = train.train_and_evaluate(
        tiny(recording, **changes), tmp_path / "run"
    )
    metrics, columns = scores.metrics(), scores.per_neuron
    images = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 1)).astype("float32")
    np.testing.assert_allclose(
        zoo.load(tmp_path / "run")(images), model(images), rtol=1e-6
    )
    assert metrics["groups"]["reported"]["correlation"]["mean"] == pytest.approx(
        np.nanmean(columns["correlation"]), abs=1e-6
    )


def test_positions_are_predicted_from_cortical_coordinates(recording, tmp_path):
    """Through the command's configuration, a file and back: positions are the affine
    map of the scaled column.
    """
    opened = Recording.load(recording)
    place = np.array(
        [[10.0, 300.0, 5.0], [20.0, 100.0, 5.0], [30.0, 200.0, 5.0], [40.0, 150.0, 5.0]]
    )
    opened.neurons["place_um"] = place
    opened.save(tmp_path / "placed.h5")
    changes = {"readout.kind": "gaussian", "readout.coordinates": "place_um"}
    train.train_and_evaluate(tiny(tmp_path / "placed.h5", **changes), tmp_path / "run")
    readout = zoo.load(tmp_path / "run").readout
    expected = (
        place - [25, 200, 5]
    ) / 100 @ readout.map.numpy() + readout.origin.numpy()
    np.testing.assert_allclose(readout.positions(), expected, atol=1e-6)
    assert np.ptp(expected, axis=0).min() > 1e-3


def test_the_learned_noise_is_kept_with_the_preset(recording, tmp_path, monkeypatch):
    """What the training ended with, in the file and in the noise model that is made of
    it; of two members the mean.
    """
    ended = []
    make = train.make_likelihood
    monkeypatch.setattr(
        train, "make_likelihood", lambda name: ended.append(make(name)) or ended[-1]
    )
    model, _ = train.train_and_evaluate(
        tiny(recording, **{"training.likelihood": "negative_binomial", "ensemble": 2}),
        tmp_path / "run",
    )
    first, second = (noise.dispersion.numpy() for noise in ended if noise.built)
    assert np.abs(first - second).max() > 0
    noise = likelihood_of(zoo.info(tmp_path / "run"))
    np.testing.assert_allclose(
        noise.dispersion.numpy(), (first + second) / 2, rtol=1e-6
    )
    images = np.random.default_rng(0).uniform(0, 255, (5, 16, 16, 1)).astype("float32")
    rates, dispersion = model(images).numpy(), np.logaddexp(0, (first + second) / 2)
    np.testing.assert_allclose(
        noise.distribution(rates).variance(), rates + dispersion * rates**2, rtol=1e-4
    )
    some = likelihood_of(zoo.info(tmp_path / "run"), [2, 0]).distribution(
        rates[:, [2, 0]]
    )
    np.testing.assert_allclose(
        some.variance(), (rates + dispersion * rates**2)[:, [2, 0]], rtol=1e-4
    )


def test_members_learn_from_different_images_and_none_from_test_images(recording):
    config = tiny(recording, ensemble=3)
    opened = open_recording(recording)
    splits = [build.member_recording(config.data, opened, i).split for i in range(3)]
    assert all(
        ((split == 2) == (opened.split == 2)).all()
        and (split == 0).sum() == (opened.split == 0).sum()
        for split in splits
    )
    assert not (splits[0] == splits[1]).all() and not (splits[1] == splits[2]).all()

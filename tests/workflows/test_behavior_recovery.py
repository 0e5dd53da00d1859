"""The shift and the gain that a training finds are those that were simulated."""

import functools

import numpy as np
import pytest
import simulated_behavior
from behavior_trainings import BOTH, configured

from v1keras.workflows import train


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    """A folder with the recording, and how to train on it."""
    folder = tmp_path_factory.mktemp("moving")
    recording = simulated_behavior.population()
    recording.save(folder / "moving.h5")

    @functools.cache
    def trained(**changes):
        """(model, mean test correlation)"""
        model, scores = train.train_and_evaluate(
            configured(folder / "moving.h5", **changes),
            folder / ("run" + "_".join(changes)),
        )
        metrics = scores.metrics()
        return model, metrics["groups"]["reported"]["correlation"]["mean"]

    return recording, trained


def shifts(model, recording):
    """(fitted, true) shifts of the test images `(n, 2)`, pixels."""
    pupil = recording.covariates["pupil_center"][recording.indices("test")]
    height, width = model.core.compute_output_shape((None, *model.image_size, 1))[1:3]
    relative = np.asarray(model.readout.shifter(pupil.astype("float32")))
    fitted = relative * (height - 1, width - 1) / 2
    standard = (pupil - simulated_behavior.PUPIL_MEAN) / simulated_behavior.PUPIL_STD
    return fitted, standard @ simulated_behavior.SHIFT.T


def gains(model, recording):
    """(fitted, true) gains `(n, neurons)` of the test images, both over their mean: the
    readout's weights take up any factor.
    """
    running = recording.covariates["running"][recording.indices("test")]
    fitted = np.asarray(model.readout.modulator(running[:, None].astype("float32")))
    true = simulated_behavior.gain_of(running)
    return fitted / fitted.mean(axis=0), true / true.mean(axis=0)


def recovers_the_shift(model, recording):
    fitted, true = shifts(model, recording)
    for axis in range(2):
        assert np.corrcoef(fitted[:, axis], true[:, axis])[0, 1] > 0.99
        slope = np.polyfit(true[:, axis], fitted[:, axis], 1)[0]
        assert slope == pytest.approx(1, abs=0.05)


def recovers_the_gain(model, recording):
    fitted, true = gains(model, recording)
    error = np.sqrt(np.mean((fitted - true) ** 2))
    assert error < 0.3 * np.sqrt(np.mean((1 - true) ** 2))
    assert fitted[:, 0].std() < 0.1
    assert np.corrcoef(fitted.ravel(), true.ravel())[0, 1] > 0.95


def comparison(model, recording):
    """Correlations and slopes of fitted and true shifts and gains, as docs/models.md
    states them; shown by `pytest -s`.
    """
    pairs = []
    if model.readout.shifter is not None:
        fitted, true = shifts(model, recording)
        pairs += zip(fitted.T, true.T, strict=True)
    if model.readout.modulator is not None:
        pairs.append(tuple(map(np.ravel, gains(model, recording))))
    return ", ".join(
        f"{np.corrcoef(fitted, true)[0, 1]:.3f} (slope"
        f" {np.polyfit(true, fitted, 1)[0]:.2f})"
        for fitted, true in pairs
    )


@pytest.mark.slow
def test_shift_and_gain_are_recovered_and_predict(population):
    recording, trained = population
    _, plain = trained()
    model, score = trained(**BOTH)
    print(
        f"shift along rows, columns, gain: {comparison(model, recording)}; test"
        f" correlation {score:.3f}, plain {plain:.3f}"
    )
    recovers_the_shift(model, recording)
    recovers_the_gain(model, recording)
    test = recording.indices("test")
    limit = np.mean(
        [
            np.corrcoef(
                recording.responses[test, n], recording.covariates["true_rate"][test, n]
            )[0, 1]
            for n in range(simulated_behavior.NEURONS)
        ]
    )
    print(f"of the true rates {limit:.3f}")
    assert plain < 0.4 < 0.85 < score < limit + 0.01


@pytest.mark.slow
def test_each_alone_recovers_its_own(population):
    recording, trained = population
    _, plain = trained()
    shifted, score = trained(**{"readout.shifter": "pupil_center"})
    recovers_the_shift(shifted, recording)
    modulated, other = trained(**{"readout.modulator": "running"})
    recovers_the_gain(modulated, recording)
    print(
        f"shifter alone {comparison(shifted, recording)}, {score:.3f}; modulator alone"
        f" {comparison(modulated, recording)}, {other:.3f}; plain {plain:.3f}"
    )
    assert score > plain + 0.3 and other > plain + 0.05

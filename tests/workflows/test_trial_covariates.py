"""Eye position and running in each presentation teach more than their means."""

import dataclasses

import numpy as np
import pytest
import simulated_behavior
from behavior_trainings import BOTH, configured

from v1keras.data.join_repeats import join_repeats
from v1keras.workflows import train
from v1keras.workflows.score import predicted_rates

REPEATS = 6


def rates_of(model, recording):
    """Return a model's rates in each presentation of the test images."""
    inputs, _ = recording.arrays("test", list(BOTH.values()))
    return np.asarray(model(inputs))


@pytest.mark.slow
def test_shift_and_gain_are_found_from_single_presentations(tmp_path):
    """Trained trial by trial, a model finds what training on means blurs."""
    single = simulated_behavior.population(train=300, others=50, repeats=REPEATS)
    joined = join_repeats(single)
    means = dataclasses.replace(joined, repeat_covariates={})
    tested = single.indices("test")
    truth = single.covariates["true_rate"][tested]
    pupil = single.covariates["pupil_center"][tested] - simulated_behavior.PUPIL_MEAN
    shift = pupil / simulated_behavior.PUPIL_STD @ simulated_behavior.SHIFT.T
    correlations, slopes = {}, {}
    for name, recording in {"trials": joined, "means": means}.items():
        path = tmp_path / f"{name}.h5"
        recording.save(path)
        # As many steps for both.
        epochs = 12 if name == "trials" else 12 * REPEATS
        changes = BOTH | {"training.max_epochs": epochs}
        model, _ = train.train_and_evaluate(
            configured(path, **changes), tmp_path / name
        )
        pairs = zip(rates_of(model, single).T, truth.T, strict=True)
        correlations[name] = np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs])
        height, width = model.core.compute_output_shape((None, 24, 24, 1))[1:3]
        eye = single.covariates["pupil_center"][tested].astype("float32")
        found = np.asarray(model.readout.shifter(eye)) * (height - 1, width - 1) / 2
        slopes[name] = [np.polyfit(shift[:, i], found[:, i], 1)[0] for i in (0, 1)]
    print(correlations, slopes)
    assert correlations["trials"] > 0.9
    assert correlations["trials"] > correlations["means"] + 0.05
    np.testing.assert_allclose(slopes["trials"], 1, atol=0.15)


def test_scores_of_presentations_are_of_images():
    """The prediction for an image is the mean over what happened in each of them."""
    single = simulated_behavior.population(train=10, others=5, repeats=REPEATS)
    joined = join_repeats(single)

    class Running:
        covariates = {"running": 1}

        def __call__(self, inputs):
            return np.repeat(np.asarray(inputs["running"]) ** 2, 12, axis=1)

    rates = predicted_rates(Running(), joined, np.arange(20))
    speeds = joined.repeat_covariates["running"]
    np.testing.assert_allclose(rates[:, 3], (speeds**2).mean(axis=1), rtol=1e-5)

"""A scan as published trains with its behaviour, by the configuration in configs/."""

import importlib.util
import pathlib

import fake_datasets
import numpy as np
import pytest

from v1keras import zoo
from v1keras.workflows import reopen, train

CONFIG = pathlib.Path(__file__).parents[2] / "configs" / "sensorium2022_gaussian.py"


@pytest.mark.slow
def test_the_baseline_trains_on_a_published_scan(tmp_path, monkeypatch):
    scan = fake_datasets.sensorium(height=144, width=256)
    name = "static21067-10-18-GrayImageNet-94c6ff995dac583098847cfecd43e7b6"
    (tmp_path / "sensorium2022").mkdir()
    fake_datasets.zipped(
        tmp_path / "sensorium2022" / f"{name}.zip",
        fake_datasets.sensorium_files(scan, name + "/"),
    )
    monkeypatch.setenv("V1KERAS_DATA", str(tmp_path))
    spec = importlib.util.spec_from_file_location("sensorium2022_gaussian", CONFIG)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config = module.get_config()
    config.training.batch_size, config.training.max_epochs = 4, 2
    model, scores = train.train_and_evaluate(config, tmp_path / "run")
    metrics, columns = scores.metrics(), scores.per_neuron
    assert (
        metrics["images"] == 2
        and metrics["ceiling"] == "repeats"
        and columns["unit"].tolist() == [1, 2, 3, 4, 5]
    )
    assert model.covariates == {
        "pupil_center": 2,
        "behavior": 3,
    } and model.core.compute_output_shape((None, 36, 64, 1)) == (None, 28, 56, 64)
    shown = scan["behavior"][scan["tiers"] == "train"]
    np.testing.assert_allclose(
        model.readout.modulator.mean, shown.mean(axis=0), rtol=1e-5
    )
    np.testing.assert_allclose(
        model.readout.modulator.std, shown.std(axis=0), rtol=1e-5
    )
    assert any(
        np.abs(weight).max() > 0 for weight in model.readout.shifter.get_weights()[-1:]
    )  # began at zero
    again, _, recording = reopen.open_model(tmp_path / "run")
    assert recording.attributes["name"] == "sensorium2022_21067-10-18"
    np.testing.assert_array_equal(
        again.readout.readout.positions(), model.readout.readout.positions()
    )
    assert set(zoo.info(tmp_path / "run")["behavior"]) == {"pupil_center", "behavior"}

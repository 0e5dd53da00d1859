"""Eye position and behaviour from the recording to the trained model and its use."""

import numpy as np
import pytest
import simulated_behavior
from behavior_trainings import BOTH, configured

from v1keras import Recording, zoo
from v1keras.data import model_inputs
from v1keras.workflows import build, latency, reopen, train
from v1keras.workflows.score import score


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    for i, name in enumerate(("monday", "tuesday")):
        recording = simulated_behavior.population(seed=i, train=60, others=20)
        recording.attributes["name"] = name
        recording.save(folder / f"{name}.h5")
    return folder


def brief(path, **changes):
    return configured(
        path, **{"core.filters": (4,), "training.max_epochs": 2} | BOTH | changes
    )


@pytest.fixture(scope="module")
def preset(small):
    """The folder of a brief training, its model and its test correlation."""
    model, scores = train.train_and_evaluate(brief(small / "monday.h5"), small / "run")
    metrics = scores.metrics()
    return small / "run", model, metrics


def shown(path, columns, rows=slice(5)):
    recording = Recording.load(path)
    return {
        name: np.asarray(values, "float32")
        for name, values in model_inputs(
            recording, np.arange(100)[rows], columns
        ).items()
    }


@pytest.mark.slow
def test_a_preset_takes_behaviour_by_name(small, preset):
    folder, model, metrics = preset
    again = zoo.load(folder, check=True)
    inputs = shown(small / "monday.h5", again.covariates)
    assert {name: values.shape for name, values in inputs.items()} == {
        "images": (5, 24, 24, 1),
        "pupil_center": (5, 2),
        "running": (5, 1),
    }
    assert sorted(again.input) == sorted(inputs)
    np.testing.assert_array_equal(again(inputs), model(inputs))
    scores = score(*reopen.open_model(folder)[::2])
    found = scores.metrics()
    assert (
        found["groups"]["reported"]["correlation"]
        == metrics["groups"]["reported"]["correlation"]
    )
    recording = Recording.load(small / "monday.h5")
    values = recording.covariates["pupil_center"][recording.indices("train")]
    stated = zoo.info(folder)["behavior"]["pupil_center"]
    np.testing.assert_allclose(
        [stated["mean"], stated["std"]],
        [values.mean(axis=0), values.std(axis=0)],
        rtol=1e-5,
    )
    assert (
        len(latency.measure_latency(model, zoo.info(folder))["ms"]) == 2
    )  # refuses an export whose rates are not the model's
    card = (zoo.find(folder) / "README.md").read_text()
    assert (
        'model.predict({"images": images, "pupil_center": pupil_center, "running":'
        " running})"
        in card
        and "## Behaviour" in card
    )


def test_at_the_mean_behaviour_it_is_the_readout_alone(small, preset):
    _, model, _ = preset
    inputs = shown(small / "monday.h5", model.covariates)
    means = {
        name: np.tile(np.float32(mean), (5, 1))
        for name, (mean, _) in model.covariate_statistics().items()
    }
    still = model.without_covariates()
    assert not still.covariates
    np.testing.assert_allclose(
        still(inputs["images"]), model(inputs | means), rtol=1e-5
    )
    assert np.abs(still(inputs["images"]) - model(inputs)).max() > 1e-3
    with pytest.raises(
        ValueError,
        match=r"depend on pupil_center, running, too; take model.without_covariates",
    ):
        model.neuron_rate_fn()


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"ensemble": 2, "ridge.share": 0.3},
        {"readout.kind": "factorized", "readout.shifter": ""},
    ],
)
def test_other_models_take_behaviour_too(small, tmp_path, changes):
    model, _ = train.train_and_evaluate(
        brief(small / "monday.h5", **changes), tmp_path / "run"
    )
    inputs = shown(small / "monday.h5", model.covariates)
    np.testing.assert_allclose(
        zoo.load(tmp_path / "run", check=True)(inputs), model(inputs), rtol=1e-6
    )
    assert model.without_covariates()(inputs["images"]).shape == (5, 12)


@pytest.mark.slow
def test_several_recordings_with_behaviour_train_one_core(small, tmp_path):
    text = f"{small / 'monday.h5'},{small / 'tuesday.h5'}"
    model, scores = train.train_and_evaluate(brief(text), tmp_path / "run")
    assert scores.groups["reported"]["neurons"] == 24
    for name in ("monday", "tuesday"):
        session, _, recording = reopen.open_model(
            tmp_path / "run", small / f"{name}.h5"
        )
        inputs = shown(small / f"{name}.h5", model.covariates)
        np.testing.assert_array_equal(session(inputs), model(inputs)[name])
        assert session.readout.shifter.mean == pytest.approx(
            recording.covariates["pupil_center"][:60].mean(axis=0), rel=1e-5
        )


def test_neurons_are_cut_out_with_their_gains(small, preset):
    _, model, _ = preset
    inputs = shown(small / "monday.h5", model.covariates)
    cut = model.select_neurons([7, 2])
    np.testing.assert_allclose(
        cut(inputs), np.asarray(model(inputs))[:, [7, 2]], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("changes", "covariates", "message"),
    [
        (
            {"readout.shifter": "pupil"},
            {},
            (
                r"readout.shifter: found 'pupil', expected one of the .*\(it has"
                r" pupil_center, running, true_rate\)"
            ),
        ),
        (
            {"readout.shifter": "running"},
            {},
            (
                r"readout.shifter: covariate 'running' is float64 \(100,\), expected"
                r" \(100, 2\) numbers"
            ),
        ),
        (
            {"readout.modulator": "label"},
            {"label": np.full(100, "a")},
            (
                r"readout.modulator: covariate 'label' is <U1 \(100,\), expected"
                r" \(100, k\)"
            ),
        ),
        (
            {},
            {"pupil_center": np.full((100, 2), np.nan)},
            "'pupil_center' is not finite at 100 images .*the first is 0",
        ),
        (
            {"readout.kind": "factorized"},
            {},
            (
                "readout.shifter: found 'pupil_center' with a factorized readout;"
                " expected readout.kind=gaussian"
            ),
        ),
    ],
)
def test_behaviour_that_is_not_there_is_said(
    small, tmp_path, changes, covariates, message
):
    recording = Recording.load(small / "monday.h5")
    recording.covariates |= covariates
    recording.save(tmp_path / "other.h5")
    with pytest.raises(ValueError, match=message):
        train.train_and_evaluate(
            brief(tmp_path / "other.h5", **changes), tmp_path / "run"
        )
    assert not (tmp_path / "run").exists()


def test_a_recording_without_the_models_behaviour_is_refused(small, preset, tmp_path):
    recording = Recording.load(small / "monday.h5")
    del recording.covariates["running"]
    recording.save(tmp_path / "other.h5")
    with pytest.raises(
        ValueError,
        match="found 'running', expected one of the recording's covariates",
    ):
        reopen.open_model(preset[0], tmp_path / "other.h5")


def test_images_without_a_side_may_lack_behaviour(small):
    recording = Recording.load(small / "monday.h5")
    recording.covariates["pupil_center"][3] = np.nan
    split = recording.split.copy()
    split[3] = -1
    assert build.build_model(recording.with_split(split), brief("")).covariates == {
        "pupil_center": 2,
        "running": 1,
    }


@pytest.mark.slow
def test_commands_hold_behaviour_at_its_mean(preset, small, command, tmp_path):
    folder, model, _ = preset
    images = Recording.load(small / "monday.h5").images[:2]
    np.save(tmp_path / "images.npy", images)
    told = command("zoo", "predict", folder, tmp_path / "images.npy")
    assert told.returncode == 0, told.stderr
    rates = [
        [float(value) for value in line.split(",")[1:]]
        for line in told.stdout.splitlines()[1:]
    ]
    np.testing.assert_allclose(
        rates,
        model.without_covariates()(images[..., None].astype("float32")),
        rtol=1e-4,
    )
    told = command(
        "invert",
        f"--model={folder}",
        "--neurons=0,5",
        "--steps=5",
        f"--out={tmp_path / 'stimuli'}",
    )
    assert told.returncode == 0, told.stderr
    assert "at the mean of the training images' pupil_center and running" in told.stdout

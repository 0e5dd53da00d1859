import numpy as np
import pytest

from v1keras import Recording, simulate_recording, train, zoo
from v1keras.config import default
from v1keras.data import open_recording
from v1keras.training import likelihood_of
from v1keras.workflows import build, reopen
from v1keras.workflows import train as workflow
from v1keras.workflows.score import score


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "tiny.h5"
    simulate_recording(80, 20, neurons_per_kind=1, image_size=16).save(path)
    return path


def tiny(recording, **changes):
    config = default()
    config.data.recording = str(recording)
    config.core.filters, config.core.kernel_sizes = (4, 4), (5, 3)
    config.training.batch_size, config.training.max_epochs = 16, 2
    config.update_from_flattened_dict(changes)
    return config


def values(layer):
    return {v.path.split("/", 1)[-1]: v.numpy() for v in layer.variables}


def test_a_frozen_core_stays_and_new_readouts_learn(recording, tmp_path):
    first, _ = train.train_and_evaluate(tiny(recording), tmp_path / "first")
    config = tiny(recording, init_from=str(tmp_path / "first"), freeze="core", seed=5)
    model, _ = train.train_and_evaluate(config, tmp_path / "second")
    for name, value in values(model.core).items():
        np.testing.assert_array_equal(
            value, values(first.core)[name], err_msg=name
        )  # batch statistics, too
    assert not np.allclose(model.readout.mask.numpy(), first.readout.mask.numpy())
    assert (model.pixel_mean, model.pixel_std) == (first.pixel_mean, first.pixel_std)
    again = zoo.load(tmp_path / "second")
    images = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 1)).astype("float32")
    np.testing.assert_array_equal(again(images), model(images))


def test_a_core_that_is_not_frozen_begins_where_the_preset_ended(recording, tmp_path):
    first, _ = train.train_and_evaluate(tiny(recording), tmp_path / "first")
    built = build.build_model(
        open_recording(recording),
        tiny(recording, init_from=str(tmp_path / "first")),
    )
    for name, value in values(built.core).items():
        np.testing.assert_array_equal(value, values(first.core)[name])
    assert built.core.trainable_variables


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
        ({"ensemble": 0}, "expected 1 member or more"),
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


@pytest.fixture(scope="module")
def monday_and_tuesday(recording, tmp_path_factory):
    """Two recordings with neither images nor neurons in common."""
    folder = tmp_path_factory.mktemp("days")
    for name, made in (
        ("monday", Recording.load(recording)),
        ("tuesday", simulate_recording(60, 25, 2, 16, seed=1)),
    ):
        made.attributes["name"] = name
        made.save(folder / f"{name}.h5")
    return folder


def test_several_recordings_train_one_core(monday_and_tuesday, tmp_path):
    paths = [monday_and_tuesday / f"{name}.h5" for name in ("tuesday", "monday")]
    config = tiny(f"{paths[0]}, {paths[1]}", **{"training.rate_weighting": 0.5})
    model, scores = train.train_and_evaluate(config, tmp_path / "both")
    metrics, columns = scores.metrics(), scores.per_neuron
    assert zoo.info(tmp_path / "both")["sessions"] == {"tuesday": 8, "monday": 4}
    assert zoo.info(tmp_path / "both")["recording"]["name"] == "tuesday; monday"
    assert columns["recording"].tolist() == ["tuesday"] * 8 + ["monday"] * 4
    assert metrics["images"] == 45 and metrics["groups"]["reported"]["neurons"] == 12
    assert metrics["groups"]["reported"]["correlation"]["mean"] == pytest.approx(
        columns["correlation"].mean(), abs=1e-6
    )
    assert metrics["groups"]["monday: reported"]["correlation"][
        "mean"
    ] == pytest.approx(columns["correlation"][8:].mean(), abs=1e-6)
    images = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 1)).astype("float32")
    for path in paths:  # each is scored by the readout of its name
        session, _, opened = reopen.open_model(tmp_path / "both", path)
        np.testing.assert_array_equal(session(images), model(images)[path.stem])
        scores = score(session, opened)
        alone = scores.per_neuron
        np.testing.assert_allclose(
            alone["correlation"],
            columns["correlation"][columns["recording"] == path.stem],
            atol=1e-6,
        )
    other = simulate_recording(80, 20, neurons_per_kind=1, image_size=16, seed=2)
    other.attributes["name"] = "wednesday"
    other.save(tmp_path / "wednesday.h5")
    with pytest.raises(
        ValueError, match="no session 'wednesday'; the model has tuesday, monday"
    ):
        reopen.open_model(tmp_path / "both", tmp_path / "wednesday.h5")
    begun = tiny(
        tmp_path / "wednesday.h5", init_from=str(tmp_path / "both"), freeze="core"
    )
    new, _ = train.train_and_evaluate(begun, tmp_path / "new")
    for name, value in values(new.core).items():
        np.testing.assert_array_equal(value, values(model.core)[name], err_msg=name)


def test_recordings_that_do_not_go_together_are_refused(
    monday_and_tuesday, recording, tmp_path
):
    monday, tuesday = (
        str(monday_and_tuesday / f"{name}.h5") for name in ("monday", "tuesday")
    )
    larger = tmp_path / "larger.h5"
    simulate_recording(80, 20, neurons_per_kind=1, image_size=20).save(larger)
    for text, changes, message in (
        (
            f"{monday},{monday}",
            {},
            "'monday' with images of .*, 'monday' with .* expected different names",
        ),
        (
            f"{monday},{larger}",
            {},
            (
                r"'monday' with images of \(16, 16\), 'simulated' with images of \(20,"
                r" 20\): expected .* one size"
            ),
        ),
        (
            f"{monday},{tuesday}",
            {"ensemble": 2},
            "2 recordings train one network; set --config.ensemble=1",
        ),
        (f"{monday},nowhere.h5", {}, "no recording 'nowhere.h5'"),
    ):
        with pytest.raises((ValueError, OSError), match=message):
            train.train_and_evaluate(tiny(text, **changes), tmp_path / "run")
        assert not (tmp_path / "run").exists()


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
    make = workflow.make_likelihood
    monkeypatch.setattr(
        workflow, "make_likelihood", lambda name: ended.append(make(name)) or ended[-1]
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


def test_a_core_that_is_shown_other_units_is_warned_of():
    recording = simulate_recording(20, 5, neurons_per_kind=1, image_size=32)
    recording.images = recording.images / np.float32(255)
    config = default()
    config.init_from = "simulated_factorized"
    with pytest.warns(
        UserWarning,
        match=(
            "simulated: pixels lie from 0 to 1, but the model's recording has 0 to 255"
        ),
    ):
        build.build_model(recording, config)

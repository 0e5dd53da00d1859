import numpy as np
import pytest

from v1keras import build, simulate_recording, train, zoo
from v1keras.config import default


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
    first, _, _ = train.train_and_evaluate(tiny(recording), tmp_path / "first")
    config = tiny(recording, init_from=str(tmp_path / "first"), freeze="core", seed=5)
    model, _, _ = train.train_and_evaluate(config, tmp_path / "second")
    for name, value in values(model.core).items():
        np.testing.assert_array_equal(value, values(first.core)[name], err_msg=name)  # batch statistics, too
    assert not np.allclose(model.readout.mask.numpy(), first.readout.mask.numpy())
    assert (model.pixel_mean, model.pixel_std) == (first.pixel_mean, first.pixel_std)
    again = zoo.load(tmp_path / "second")
    images = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 1)).astype("float32")
    np.testing.assert_array_equal(again(images), model(images))


def test_a_core_that_is_not_frozen_begins_where_the_preset_ended(recording, tmp_path):
    first, _, _ = train.train_and_evaluate(tiny(recording), tmp_path / "first")
    built = build.build_model(tiny(recording, init_from=str(tmp_path / "first")), train.open_recording(recording))
    for name, value in values(built.core).items():
        np.testing.assert_array_equal(value, values(first.core)[name])
    assert built.core.trainable_variables


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"freeze": "core"}, "freeze: found 'core', expected nothing, or core with init_from"),
        ({"init_from": "simulated_factorized"}, r"takes images of \(32, 32\); the recording has \(16, 16\)"),
        ({"init_from": "nowhere"}, "no model 'nowhere'"),
        ({"core.kind": "stakced"}, "core.kind: found 'stakced', expected one of stacked, rotation_equivariant, transfer, identity"),
        ({"core.kind": "transfer", "core.weights": ""}, "Input size must be at least 32x32"),
        ({"readout.kind": "mean"}, "readout.kind: found 'mean', expected one of factorized, gaussian, dense"),
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
        {"core.kind": "rotation_equivariant", "core.orientations": 4, "core.kernel_sizes": (5, 3), "core.filters": (2, 2)},
        {"core.kind": "identity", "readout.kind": "dense", "readout.l1": 0.0, "readout.l2": 1.0},
        {"core.first_activation": "divisive", "readout.kind": "gaussian", "readout.covariance": "full"},
        {"training.likelihood": "negative_binomial", "readout.nonnegative": True, "training.annealing": "cosine"},
        {"ensemble": 2, "ridge.share": 0.3, "training.averaging": 0.5, "training.equalize": 0.5},
        {"ridge.share": 1.0},
    ],
    ids=["equivariant", "LN", "divisive", "negative binomial", "ensemble", "ridge"],
)
def test_every_kind_of_model_trains_saves_and_loads(recording, tmp_path, changes):
    model, metrics, columns = train.train_and_evaluate(tiny(recording, **changes), tmp_path / "run")
    images = np.random.default_rng(0).uniform(0, 255, (3, 16, 16, 1)).astype("float32")
    np.testing.assert_allclose(zoo.load(tmp_path / "run")(images), model(images), rtol=1e-6)
    assert metrics["groups"]["reported"]["correlation"]["mean"] == pytest.approx(np.nanmean(columns["correlation"]), abs=1e-6)


def test_members_learn_from_different_images_and_none_from_test_images(recording):
    config = tiny(recording, ensemble=3)
    opened = train.open_recording(recording)
    splits = [build.member_recording(config, opened, i).split for i in range(3)]
    assert all(((split == 2) == (opened.split == 2)).all() and (split == 0).sum() == (opened.split == 0).sum() for split in splits)
    assert not (splits[0] == splits[1]).all() and not (splits[1] == splits[2]).all()

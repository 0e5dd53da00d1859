"""Every key of the configuration, off its default, against what arrives."""

import inspect
import types

import keras
import numpy as np
import pytest

from v1keras import Recording, simulate_recording
from v1keras.config import default
from v1keras.training import Trainer
from v1keras.workflows.build import build_model
from v1keras.workflows.train import train_and_evaluate

# Of a training of two networks beside a ridge.
TRAINING = {
    "seed": 3,
    "ensemble": 2,
    "data.protocol": "paper",
    "data.split_seed": 5,
    "data.split_parts": (50, 30, 20),
    "ridge.share": 0.25,
    "training.likelihood": "negative_binomial",
    "training.learning_rate": 0.002,
    "training.lr_schedule": "cosine",
    "training.ema_momentum": 0.4,
    "training.rate_weighting": 0.25,
    "training.batch_size": 10,
    "training.max_epochs": 2,
    "training.patience": 4,
    "training.lr_decay_factor": 0.6,
    "training.max_lr_decays": 2,
    "training.strategy": "mirrored",
    "training.precision": "mixed_bfloat16",
    "training.max_device_data_gb": 0.0,
    "training.checkpoint_s": 7.0,
    "evaluation.above_hz": 2.0,
    "evaluation.fano": 1.7,
}
# What each kind of core and of readout takes.
STACKED = {
    "core.filters": (6, 6),
    "core.kernel_sizes": (5, 3),
    "core.activation": "relu",
    "core.first_activation": "divisive",
    "core.pool_size": 1,
    "core.laplacian": 0.2,
    "core.group_sparsity": 0.3,
    "core.separable": True,
    "core.dilation": 2,
    "core.skip": True,
}
EQUIVARIANT = {
    "core.kind": "rotation_equivariant",
    "core.filters": (2, 3),
    "core.kernel_sizes": (6, 4),
    "core.orientations": 4,
    "core.activation": "relu",
    "core.pool_size": 3,
}
TRANSFER = {
    "core.kind": "transfer",
    "core.network": "VGG16",
    "core.layer": "block1_conv2",
    "core.weights": "",
    "core.scale": 2,
}
FACTORIZED = {"readout.l1": 0.02, "readout.nonnegative": True}
GAUSSIAN = {
    "readout.kind": "gaussian",
    "readout.covariance": "full",
    "readout.width": 0.2,
    "readout.l1": 0.03,
    "readout.coordinates": "place",
    "readout.shifter": "gaze",
    "readout.modulator": "speed",
}
DENSE = {"readout.kind": "dense", "readout.l1": 0.04, "readout.l2": 0.5}
# Whose tests stand elsewhere, and the address that every training here has.
ELSEWHERE = {"init_from", "freeze", "training.cluster_timeout_s", "data.recording"}


def flat(config, prefix=""):
    entries = {}
    for key, value in config.items():
        if isinstance(value, dict):
            entries |= flat(value, f"{prefix}{key}.")
        else:
            entries[prefix + key] = value
    return entries


def test_every_key_is_changed_here():
    parts = (STACKED, EQUIVARIANT, TRANSFER, FACTORIZED, GAUSSIAN, DENSE, TRAINING)
    defaults, changed = flat(default().to_dict()), set().union(*parts)
    assert changed | ELSEWHERE == set(defaults) and not changed & ELSEWHERE
    for part in parts:
        for key, value in part.items():
            assert value != defaults[key], key


def configured(changes):
    config = default()
    config.core.filters, config.core.kernel_sizes = (4, 4), (5, 3)
    config.update_from_flattened_dict(changes)
    return config


@pytest.fixture(scope="module")
def recording():
    """60 images with mean counts over 10 presentations, and behaviour."""
    made = simulate_recording(50, 10, neurons_per_kind=1, image_size=16)
    rng = np.random.default_rng(0)
    counts = rng.poisson(10 * made.responses + 1) / 10
    attributes = made.attributes | {"presentations": 10}
    place = np.array([[0, 300], [200, 300], [0, 200], [100, 300.0]])
    behavior = {
        "gaze": rng.normal([3, -1], [1, 2], (60, 2)).astype("float32"),
        "speed": rng.exponential(5, (60, 1)).astype("float32"),
    }
    return Recording(
        made.images,
        counts.astype("float32"),
        made.split,
        neurons={"place": place},
        covariates=behavior,
        attributes=attributes,
    )


def arrived_in(layer, changes, section, **other):
    """Compares a layer's configuration with the keys of one section."""
    config = layer.get_config()
    for key, value in changes.items():
        branch, _, name = key.partition(".")
        if branch == section and name not in ("kind", "weights"):
            assert config[name] == other.get(name, value), key


def test_keys_of_the_core_and_of_a_factorized_readout_arrive(recording):
    model = build_model(recording, configured(STACKED | FACTORIZED))
    # Penalties count by neuron, of which there are four.
    penalties = {"laplacian": pytest.approx(0.8), "group_sparsity": pytest.approx(1.2)}
    arrived_in(model.core, STACKED, "core", **penalties)
    arrived_in(model.readout, FACTORIZED, "readout")


def test_keys_of_an_equivariant_core_and_of_a_dense_readout_arrive(recording):
    model = build_model(recording, configured(EQUIVARIANT | DENSE))
    arrived_in(model.core, EQUIVARIANT, "core")
    arrived_in(model.readout, DENSE, "readout")


def test_keys_of_a_transfer_core_arrive(recording):
    model = build_model(recording, configured(TRANSFER))
    arrived_in(model.core, TRANSFER, "core")
    # Its first weights are drawn: those of "imagenet" would have to be downloaded.
    assert model.core.weights_from is None


def test_keys_of_a_gaussian_readout_arrive(recording):
    readout = build_model(recording, configured(GAUSSIAN)).readout
    assert (readout.shifter.column, readout.modulator.column) == ("gaze", "speed")
    places = [[-1.0, 0.5], [1.0, 0.5], [-1.0, -0.5], [0.0, 0.5]]
    columns = ("readout.shifter", "readout.modulator")
    own = {key: value for key, value in GAUSSIAN.items() if key not in columns}
    arrived_in(readout.readout, own, "readout", coordinates=places)


@pytest.fixture(scope="module")
def training(recording, tmp_path_factory):
    """What a training of `TRAINING` gives, and each call of its trainers' `fit`."""
    folder, calls, fit = tmp_path_factory.mktemp("training"), [], Trainer.fit

    def observed(*arguments, **named):
        call = inspect.signature(fit).bind(*arguments, **named).arguments
        rate = keras.ops.convert_to_numpy(call["self"].optimizer.learning_rate)
        calls.append(types.SimpleNamespace(**call, rate=rate))
        return fit(*arguments, **named)

    recording.save(folder / "recording.h5")
    config = configured({"data.recording": str(folder / "recording.h5"), **TRAINING})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "fit", observed)
        with pytest.warns(UserWarning, match="strategy mirrored: there is one device"):
            model, scores = train_and_evaluate(config, folder / "run")
            metrics, columns = scores.metrics(), scores.per_neuron
    return types.SimpleNamespace(
        model=model, metrics=metrics, columns=columns, calls=calls
    )


def test_keys_of_the_training_arrive_at_each_member(training):
    assert len(training.calls) == 2
    for i, call in enumerate(training.calls):
        trainer = call.self
        for key in TRAINING:
            branch, _, name = key.partition(".")
            if branch == "training" and hasattr(trainer.schedule, name):
                assert getattr(trainer.schedule, name) == TRAINING[key], key
        assert trainer.schedule.seed == 3 + i
        assert float(call.rate) == pytest.approx(0.002)
        assert call.checkpoints.every == 7
        assert type(trainer.likelihood).__name__ == "NegativeBinomial"
        assert type(trainer.strategy).__name__ == "MirroredStrategy"
        assert trainer.model.core.compute_dtype == "bfloat16"


def test_keys_of_the_split_arrive(training, recording):
    """The first member's images by NumPy; the second's another draw outside test."""
    order = np.random.RandomState(5).permutation(60)
    sides = [
        [np.asarray(side[0][1]) for side in (call.train, call.validation)]
        for call in training.calls
    ]
    for shown, images in zip(sides[0], (order[:30], order[48:]), strict=True):
        np.testing.assert_array_equal(shown, recording.responses[np.sort(images)])
    rest = np.sort(np.delete(order, np.s_[30:48]))
    for own in sides:
        assert [len(side) for side in own] == [30, 12]
        both = sorted(np.concatenate(own).tolist())
        assert both == sorted(recording.responses[rest].tolist())
    assert not np.array_equal(sides[0][0], sides[1][0])
    assert training.metrics["images"] == 18


def test_weights_of_the_neurons_arrive(training):
    for call in training.calls:
        means = np.asarray(call.train[0][1]).astype(float).mean(axis=0)
        weights = np.maximum(means, 0.05) ** -0.25
        expected = weights / weights.mean()
        np.testing.assert_allclose(call.self.neuron_weights, expected, rtol=1e-5)
        assert np.ptp(expected) > 0.05


def test_members_and_shares_arrive(training):
    assert len(training.model.members) == 3
    assert training.model.coefficients == [0.375, 0.375, 0.25]


def test_keys_of_the_evaluation_arrive(training, recording):
    """The ceiling is the formula on means of 10 counts with a Fano factor of 1.7."""
    counts = recording.responses.astype(float)
    variance = counts.var(axis=0, ddof=1)
    signal = np.maximum(variance - 1.7 * counts.mean(axis=0) / 10, 0)
    assert (signal > 0).sum() > 1
    expected = np.sqrt(signal / variance)
    np.testing.assert_allclose(training.columns["cc_max"], expected, rtol=1e-5)
    assert "above 2 Hz" in training.metrics["groups"]

"""What of a recording and a configuration reaches a training, and what must not."""

import types

import keras
import numpy as np
import pytest
from scipy import special
from tiny_trainings import tiny

from v1keras import Recording
from v1keras.workflows.train import train_and_evaluate


def changed(recording, **changes):
    """Return a configuration whose batches have as many images in an epoch."""
    return tiny(
        recording, **{"training.batch_size": 18, "training.max_epochs": 1} | changes
    )


class Watch(keras.callbacks.Callback):
    """Keeps the logs and the weights of each epoch."""

    def __init__(self):
        super().__init__()
        self.logs, self.weights = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.logs.append(logs)
        self.weights.append(self.model.get_weights())


def trained(config, folder):
    watch = Watch()
    model, scores = train_and_evaluate(config, folder, callbacks=[watch])
    metrics, columns = scores.metrics(), scores.per_neuron
    return types.SimpleNamespace(
        model=model,
        metrics=metrics,
        columns=columns,
        logs=watch.logs,
        weights=watch.weights,
    )


@pytest.fixture(scope="module")
def with_noise(recording, tmp_path_factory):
    """A training, and the same with noise in place of all test responses."""
    folder = tmp_path_factory.mktemp("noise")
    noisy = Recording.load(recording)
    rng = np.random.default_rng(0)
    noisy.repeats = rng.poisson(5, noisy.repeats.shape).astype("float32")
    noisy.responses[noisy.repeat_images] = noisy.repeats.mean(axis=1)
    noisy.save(folder / "noisy.h5")
    settings = {"training.max_epochs": 4, "training.learning_rate": 0.03}
    return [
        trained(changed(path, **settings), folder / name)
        for path, name in ((recording, "plain"), (folder / "noisy.h5", "noisy"))
    ]


def test_test_responses_have_no_say_in_a_training(with_noise):
    """With noise in their place it ends with the same weights and best epoch."""
    plain, noisy = with_noise
    scores = [[logs["validation_score"] for logs in run.logs] for run in with_noise]
    assert len(scores[0]) == 4 and scores[0] == scores[1]
    best = int(np.argmax(scores[0]))
    for run in with_noise:
        pairs = zip(run.model.get_weights(), plain.weights[best], strict=True)
        for weight, kept in pairs:
            np.testing.assert_array_equal(weight, kept)
    assert (plain.columns["correlation"] != noisy.columns["correlation"]).all()


def test_what_stops_a_training_is_the_correlation_on_validation_images(
    with_noise, recording
):
    opened, run = Recording.load(recording), with_noise[0]
    shown = np.flatnonzero(opened.split == 1)
    rates = np.asarray(run.model(opened.images[shown, ..., None].astype("float32")))
    pairs = zip(opened.responses[shown].T, rates.T, strict=True)
    scores = [np.corrcoef(*pair)[0, 1] for pair in pairs if np.ptp(pair[0]) > 0]
    best = max(logs["validation_score"] for logs in run.logs)
    assert len(scores) > 1 and best == pytest.approx(np.mean(scores), abs=1e-5)


def test_the_loss_weighs_neurons_by_their_mean_rates(recording, tmp_path):
    """A linear-nonlinear model that does not learn: its first epoch's loss by hand."""
    settings = {
        "core.kind": "identity",
        "readout.kind": "dense",
        "readout.l1": 0.0,
        "training.learning_rate": 0.0,
        "training.rate_weighting": 0.5,
    }
    run = trained(changed(recording, **settings), tmp_path / "run")
    opened, readout = Recording.load(recording), run.model.readout
    shown = np.flatnonzero(opened.split == 0)
    pixels = opened.images[shown].reshape(72, 256).astype(float)
    pixels = (pixels - pixels.mean()) / pixels.std()
    drive = pixels @ readout.weight.numpy().astype(float) + readout.bias.numpy()
    rates, counts = np.logaddexp(0, drive), opened.responses[shown].astype(float)
    nll = rates - counts * np.log(rates) + special.gammaln(counts + 1)
    weights = np.maximum(counts.mean(axis=0), 0.05) ** -0.5
    assert np.ptp(weights) > 0.1
    expected = (weights / weights.mean() * nll.mean(axis=0)).mean()
    assert run.logs[0]["loss"] == pytest.approx(expected, rel=1e-4)


@pytest.fixture(scope="module")
def untaught(recording, tmp_path_factory):
    """Two networks that do not learn and a ridge, as one; and the two once more."""
    folder = tmp_path_factory.mktemp("untaught")
    return [
        trained(
            changed(
                recording,
                ensemble=2,
                **{"ridge.share": share, "training.learning_rate": 0.0},
            ),
            folder / str(share),
        ).model
        for share in (0.3, 0.0)
    ]


def beginnings(member):
    """The first weights of a network whose beginnings are drawn."""
    weights = [*member.core.trainable_variables, member.readout.mask]
    return {
        v.path.split("/", 1)[-1]: v.numpy()
        for v in [*weights, member.readout.features]
        if v.path.endswith(("kernel", "mask", "features"))
    }


def test_members_of_an_ensemble_begin_with_weights_of_their_own(untaught):
    first, second = (beginnings(member) for member in untaught[0].members[:2])
    assert len(first) >= 4
    for name, other in zip(first, second.values(), strict=True):
        assert np.abs(first[name] - other).max() > 1e-3, name


def test_one_seed_gives_the_same_weights_again(untaught):
    for once, again in zip(untaught[0].members, untaught[1].members, strict=False):
        for a, b in zip(once.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_networks_and_ridge_count_by_their_shares(untaught, recording):
    """0.7 of the mean over the two networks, and 0.3 of the ridge."""
    images = Recording.load(recording).images[:9, ..., None].astype("float32")
    first, second, ridge = (np.asarray(m(images)) for m in untaught[0].members)
    np.testing.assert_allclose(
        untaught[0](images), 0.7 * (first + second) / 2 + 0.3 * ridge, rtol=1e-5
    )
    assert np.abs(ridge - (first + second) / 2).max() > 0.1

"""Sessions with images of their own, trained on one core."""

import keras
import numpy as np
import pytest
from scipy import stats

from v1keras.models import (
    DenseReadout,
    FactorizedReadout,
    GaussianReadout,
    MultiSessionModel,
    StackedCore,
)
from v1keras.training import Checkpoints, Poisson, Schedule, Trainer, make_strategy


def session(count, neurons, seed, size=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, size, size, 1)).astype("float32"), rng.poisson(
        2.0, (count, neurons)
    ).astype("float32")


def minus_error(responses, rates):
    return -np.nanmean((responses - rates) ** 2, axis=0)


def linear_sessions():
    """No core to share, so that each session's readout learns as if alone."""
    return MultiSessionModel(
        keras.layers.Identity(),
        {
            name: DenseReadout(n, name=f"{name}_readout")
            for name, n in (("b", 2), ("a", 3))
        },
        (3, 3),
    )


def make_trainer(model, **schedule):
    schedule = Schedule(**{"batch_size": 8, "max_epochs": 1, "seed": 7} | schedule)
    return Trainer(
        model.training_model(),
        keras.optimizers.SGD(0.05),
        Poisson(),
        minus_error,
        make_strategy("one"),
        schedule,
    )


def descent(weight, bias, images, responses, order):
    """Gradient descent on the Poisson likelihood of softplus(images @ weight + bias),
    in batches of 8, written out.
    """
    flat = images.reshape(len(images), -1).astype(float)
    for begin in range(0, len(order), 8):
        x, y = flat[order[begin : begin + 8]], responses[order[begin : begin + 8]]
        drive = x @ weight + bias
        slope = (1 - y / np.logaddexp(0, drive)) / (1 + np.exp(-drive)) / 8
        weight, bias = weight - 0.05 * x.T @ slope, bias - 0.05 * slope.sum(axis=0)
    return weight, bias


def test_each_readout_learns_from_its_own_images():
    """24 images of one session, 16 of the other, which therefore starts over in the
    last step of an epoch.
    """
    model, data = linear_sessions(), [session(24, 2, 0), session(16, 3, 1)]
    start = [
        [v.numpy().astype(float) for v in readout.weights]
        for readout in model.readouts.values()
    ]
    rng = np.random.default_rng((7, 0))
    orders = [
        rng.permutation(24),
        np.concatenate([rng.permutation(16), rng.permutation(16)])[:24],
    ]
    make_trainer(model).fit(data, [session(5, 2, 2), session(9, 3, 3)])
    for readout, begun, pair, order in zip(
        model.readouts.values(), start, data, orders, strict=True
    ):
        for weight, expected in zip(
            readout.weights, descent(*begun, *pair, order), strict=True
        ):
            np.testing.assert_allclose(weight, expected, atol=1e-6)


def test_the_loss_is_the_mean_over_all_sessions_neurons():
    model, data = linear_sessions(), [session(8, 2, 0), session(8, 3, 1)]
    expected = [
        -stats.poisson.logpmf(y, model.session(name)(x).numpy()).sum() / 8
        for name, (x, y) in zip("ba", data, strict=True)
    ]
    history = keras.callbacks.History()
    make_trainer(model).fit(data, data, [history])
    assert history.history["loss"][0] == pytest.approx(sum(expected) / 5, rel=1e-5)


def test_validation_is_over_all_neurons_of_all_sessions():
    """Seven images of one session, four of the other, of which none may count twice."""
    model, held_out = linear_sessions(), [session(7, 2, 2), session(4, 3, 3)]
    trainer = make_trainer(model)
    progress = trainer.fit([session(8, 2, 0), session(8, 3, 1)], held_out)
    expected = [
        minus_error(y, model.session(name)(x).numpy())
        for name, (x, y) in zip("ba", held_out, strict=True)
    ]
    np.testing.assert_allclose(trainer.scores, np.concatenate(expected), rtol=1e-5)
    assert progress.best_score == pytest.approx(
        np.concatenate(expected).mean(), rel=1e-5
    )


def test_too_few_images_of_one_session_are_refused():
    with pytest.raises(
        ValueError, match="7 training images are fewer than a batch of 8"
    ):
        make_trainer(linear_sessions()).fit(
            [session(24, 2, 0), session(7, 3, 1)], [session(5, 2, 2), session(5, 3, 3)]
        )


def test_interrupted_training_of_sessions_goes_on_as_if_it_had_not_been(tmp_path):
    """With drawn positions, whose state must come along."""
    data, held_out = (
        [session(24, 2, 0, 9), session(16, 3, 1, 9)],
        [session(5, 2, 2, 9), session(9, 3, 3, 9)],
    )

    class Interruption(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def train(callbacks=(), checkpoints=None):
        keras.utils.set_random_seed(1)
        readouts = {
            "b": GaussianReadout(2, name="b_readout"),
            "a": FactorizedReadout(3, l1=0.1, name="a_readout"),
        }
        model = MultiSessionModel(StackedCore((4,), (5,)), readouts, (9, 9))
        progress = make_trainer(model, max_epochs=4, ema_momentum=0.5).fit(
            data, held_out, callbacks, checkpoints
        )
        return progress.history, [v.numpy() for v in model.variables]

    whole, expected = train()
    with pytest.raises(KeyboardInterrupt):
        train([Interruption()], Checkpoints(tmp_path, every=0))
    resumed, weights = train(checkpoints=Checkpoints(tmp_path))
    assert [logs["loss"] for logs in resumed] == [logs["loss"] for logs in whole]
    for a, b in zip(expected, weights, strict=True):
        np.testing.assert_array_equal(a, b)

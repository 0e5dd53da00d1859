import keras
import numpy as np
import pytest
from scipy.special import gammaln

from v1keras import Recording
from v1keras.config import default
from v1keras.training import (
    Checkpoints,
    Poisson,
    Schedule,
    Trainer,
    check_responses,
    make_likelihood,
    make_strategy,
)
from v1keras.workflows import build


def linear_model(neurons=2, pixels=9):
    model = keras.Sequential(
        [
            keras.Input((3, 3, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(neurons, "softplus"),
        ]
    )
    model.layers[-1].set_weights(
        [
            np.linspace(-0.3, 0.4, pixels * neurons).reshape(pixels, neurons),
            np.full(neurons, 0.1),
        ]
    )
    return model


def data(count=24, neurons=2, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(count, 3, 3, 1)).astype("float32")
    return images, rng.poisson(2.0, (count, neurons)).astype("float32")


def minus_error(responses, rates):
    return -np.nanmean((responses - rates) ** 2, axis=0)


def make_trainer(model=None, optimizer=None, **schedule):
    schedule = Schedule(**{"batch_size": 8, "max_epochs": 3} | schedule)
    return Trainer(
        model or linear_model(),
        optimizer or keras.optimizers.SGD(0.05),
        Poisson(),
        minus_error,
        make_strategy("one"),
        schedule,
    )


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_epoch(weights, bias, images, responses, order, batch_size, rate):
    """Descend the gradient of a Poisson likelihood, written out.

    The rates are softplus(images @ weights + bias).

    Returns:
        (weights, bias, mean over the batches of a neuron's negative log-likelihood).
    """
    flat, losses = images.reshape(len(images), -1).astype(float), []
    for begin in range(0, len(order) - batch_size + 1, batch_size):
        x, y = (
            flat[order[begin : begin + batch_size]],
            responses[order[begin : begin + batch_size]],
        )
        drive = x @ weights + bias
        lam = np.logaddexp(0, drive)
        losses.append(-np.nansum(y * np.log(lam) - lam - gammaln(y + 1)) / y.size)
        slope = (
            np.where(np.isnan(y), 0, (1 - np.nan_to_num(y) / lam) * sigmoid(drive))
            / batch_size
        )
        weights, bias = weights - rate * x.T @ slope, bias - rate * slope.sum(axis=0)
    return weights, bias, np.mean(losses)


@pytest.mark.parametrize("epochs", [1, 3])
def test_an_epoch_is_gradient_descent_on_the_poisson_likelihood(epochs):
    """Against the gradient by hand; each epoch has its own order and its own loss."""
    images, responses = data()
    responses[::5, 1] = np.nan
    model = linear_model()
    weights, bias = (w.astype(float) for w in model.layers[-1].get_weights())
    losses = []
    for epoch in range(epochs):
        order = np.random.default_rng((7, epoch)).permutation(24)
        weights, bias, loss = numpy_epoch(
            weights, bias, images, responses, order, batch_size=8, rate=0.05
        )
        losses.append(loss)
    trainer = make_trainer(model, max_epochs=epochs, seed=7)
    rising = iter(range(epochs))  # so that the weights kept are the last
    trainer.score = lambda responses, rates: np.full(2, next(rising))
    history = keras.callbacks.History()
    trainer.fit((images, responses), data(seed=1), [history])
    found = model.layers[-1].get_weights()
    np.testing.assert_allclose(found[0], weights, atol=1e-6)
    np.testing.assert_allclose(found[1], bias, atol=1e-6)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-5)


def test_what_a_missing_response_would_have_been_does_not_matter():
    images, responses = data()
    weights = []
    for filler in (np.nan, -np.inf):
        holed = responses.copy()
        holed[3:9, 0] = filler
        model = linear_model()
        make_trainer(model).fit((images, holed), data(seed=1))
        weights.append(model.get_weights())
    np.testing.assert_array_equal(weights[0][0], weights[1][0])
    assert np.isfinite(weights[0][0]).all()


def test_loss_of_the_log_is_the_likelihood_with_its_factorials():
    from scipy import stats

    images, responses = data(count=8)
    model = linear_model()
    expected = (
        -stats.poisson.logpmf(responses, model(images).numpy()).sum() / 8 / 2
    )  # a neuron's
    history = keras.callbacks.History()
    make_trainer(model, max_epochs=1).fit(
        (images, responses), data(seed=1), callbacks=[history]
    )
    assert history.history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_penalties_are_part_of_the_loss():
    images, responses = data(count=8)
    model = linear_model()
    plain = keras.callbacks.History()
    make_trainer(model, max_epochs=1).fit(
        (images, responses), data(seed=1), callbacks=[plain]
    )
    penalised = linear_model()
    penalised.layers[-1].kernel_regularizer = keras.regularizers.L2(3.0)
    penalised.layers[-1].kernel.regularizer = keras.regularizers.L2(3.0)
    penalty = 3.0 * np.sum(np.square(penalised.layers[-1].get_weights()[0])) / 2
    both = keras.callbacks.History()
    make_trainer(penalised, max_epochs=1).fit(
        (images, responses), data(seed=1), callbacks=[both]
    )
    assert both.history["loss"][0] - plain.history["loss"][0] == pytest.approx(
        penalty, rel=1e-4
    )


def test_early_stopping_restores_the_best_weights_and_lowers_the_rate():
    """A score that is given: it falls after the second epoch, so training returns there
    twice and ends.
    """
    given = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0])
    kept = []
    model, optimizer = linear_model(), keras.optimizers.SGD(0.05)
    trainer = make_trainer(
        model,
        optimizer,
        max_epochs=50,
        patience=2,
        max_lr_decays=1,
        lr_decay_factor=0.1,
    )
    trainer.score = lambda responses, rates: (
        kept.append(model.get_weights()),
        np.full(2, next(given)),
    )[1]
    progress = trainer.fit(data(), data(seed=1))
    assert (progress.epoch, progress.best_epoch, progress.best_score) == (6, 2, 0.5)
    for found, best in zip(model.get_weights(), kept[1], strict=True):
        np.testing.assert_array_equal(found, best)
    assert not np.array_equal(kept[4][0], kept[3][0])
    assert float(optimizer.learning_rate) == pytest.approx(0.05 * 0.1**2)


def test_kept_are_weights_averaged_over_epochs():
    """The weights of each epoch, and their running average written out; training itself
    goes on from the weights.
    """
    seen, given = [], iter([0.1, 0.2, 0.3, 0.2])

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.get_weights()[0])

    model = linear_model()
    trainer = make_trainer(model, max_epochs=4, ema_momentum=0.2)
    trainer.score = lambda responses, rates: np.full(2, next(given))
    trainer.fit(data(), data(seed=1), [Watch()])
    plain = linear_model()
    alone = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: alone.append(plain.get_weights()[0])
    )
    make_trainer(plain, max_epochs=4).fit(data(), data(seed=1), [watch])
    np.testing.assert_array_equal(seen, alone)
    # The average counts 2 / 11 in the second epoch; then 0.2 as asked, below 3 / 12.
    second = (2 * seen[0] + 9 * seen[1]) / 11
    third = (second + 4 * seen[2]) / 5
    np.testing.assert_allclose(model.get_weights()[0], third, atol=1e-6)


def test_cosine_annealing_rises_and_falls_to_nothing():
    rates = keras.callbacks.History()
    make_trainer(max_epochs=40, lr_schedule="cosine").fit(data(), data(seed=1), [rates])
    found = np.array(rates.history["learning_rate"])
    assert (
        len(found) == 40
        and (np.diff(found[:5]) > 0).all()
        and (np.diff(found[5:]) < 0).all()
    )
    assert found[19:21].mean() == pytest.approx(0.025, rel=1e-3) and found[-1] < 0.001
    with pytest.raises(
        ValueError, match="lr_schedule: found 'linear', expected one of plateau, cosine"
    ):
        make_trainer(lr_schedule="linear")


def test_weights_scale_each_neurons_gradient():
    """Without a shared layer, twice the weight is twice the learning rate, neuron by
    neuron.
    """
    images, responses = data(count=8)
    start = linear_model().get_weights()[0]
    steps = []
    for weights in (None, [2.0, 0.5]):
        model = linear_model()
        schedule = Schedule(batch_size=8, max_epochs=1)
        Trainer(
            model,
            keras.optimizers.SGD(0.05),
            Poisson(),
            minus_error,
            make_strategy("one"),
            schedule,
            weights,
        ).fit((images, responses), data(seed=1))
        steps.append(model.get_weights()[0] - start)
    np.testing.assert_allclose(steps[1], steps[0] * [2.0, 0.5], rtol=1e-3)


def test_a_rate_that_underflows_does_not_end_the_training():
    """A drive of -200 has a softplus of 0 in float32: a spike there is unlikely, not
    impossible.
    """
    model = linear_model()
    model.layers[-1].set_weights([np.zeros((9, 2)), np.array([-200.0, 0.5])])
    images, responses = data()
    progress = make_trainer(model).fit((images, responses), data(seed=1))
    assert progress.epoch == 3 and all(
        np.isfinite(weight).all() for weight in model.get_weights()
    )
    assert not np.allclose(model.get_weights()[0][:, 1], 0)


def test_a_loss_that_is_not_finite_stops_with_its_epoch():
    images, responses = data()
    with pytest.raises(
        FloatingPointError,
        match="the loss is (nan|inf) in epoch 1: lower the learning rate",
    ):
        make_trainer().fit((np.full_like(images, 1e38), responses), data(seed=1))


@pytest.mark.parametrize("likelihood", ["poisson", "negative_binomial"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"lr_schedule": "cosine", "ema_momentum": 0.8}],
    ids=["plateau", "averaged"],
)
def test_interrupted_training_goes_on_as_if_it_had_not_been(
    settings, likelihood, tmp_path
):
    """Six epochs in one go, against three, a new process's worth of objects, and three
    more; with dropout, whose state must come along.
    """

    def parts():
        keras.utils.set_random_seed(1)
        layers = [
            keras.Input((3, 3, 1)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5, seed=3),
            keras.layers.Dense(2, "softplus"),
        ]
        return keras.Sequential(layers), keras.optimizers.Adam(0.01)

    def train(callbacks=(), checkpoints=None):
        model, optimizer = parts()
        noise, schedule = (
            make_likelihood(likelihood),
            Schedule(batch_size=8, max_epochs=6, **settings),
        )
        trainer = Trainer(
            model, optimizer, noise, minus_error, make_strategy("one"), schedule
        )
        progress = trainer.fit(data(), data(seed=1), callbacks, checkpoints)
        return progress, model.variables + noise.variables

    class Interruption(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    whole, expected = train()
    with pytest.raises(KeyboardInterrupt):
        train([Interruption()], Checkpoints(tmp_path, every=0))
    resumed, found = train(checkpoints=Checkpoints(tmp_path))
    assert resumed.epoch == 6
    assert [logs["loss"] for logs in resumed.history] == [
        logs["loss"] for logs in whole.history
    ]
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_finished_training_is_not_gone_on_with(tmp_path):
    first = linear_model()
    make_trainer(first).fit(data(), data(seed=1), checkpoints=Checkpoints(tmp_path))
    again, called = linear_model(), []
    watch = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: called.append(1))
    progress = make_trainer(again).fit(
        data(), data(seed=1), [watch], Checkpoints(tmp_path)
    )
    assert (
        progress.finished
        and progress.epoch == 3
        and len(progress.history) == 3
        and not called
    )
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    make_trainer().fit(data(), data(seed=1), checkpoints=Checkpoints(tmp_path))
    with pytest.raises(ValueError, match="is of another model"):
        make_trainer(linear_model(neurons=3)).fit(
            data(neurons=3), data(neurons=3), checkpoints=Checkpoints(tmp_path)
        )


def test_a_callback_can_stop_the_training():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            assert set(logs) == {
                "loss",
                "validation_score",
                "learning_rate",
                "images_per_second",
            }
            self.model.stop_training = epoch == 1

    assert make_trainer(max_epochs=9).fit(data(), data(seed=1), [Stop()]).epoch == 2


def test_too_few_images_and_unfit_responses_are_refused():
    with pytest.raises(
        ValueError, match="24 training images are fewer than a batch of 32"
    ):
        make_trainer(batch_size=32).fit(data(), data(seed=1))
    with pytest.raises(
        ValueError, match="1 neurons have negative responses \\(neuron 1 for one\\)"
    ):
        check_responses(Poisson(), np.array([[1.0, -0.5], [np.nan, 2.0]]))
    with pytest.raises(
        ValueError,
        match="likelihood: found 'gauss', expected one of poisson, negative_binomial",
    ):
        make_likelihood("gauss")
    with pytest.raises(
        ValueError, match="batch_size 7 is not divisible by 3 replicas; take 6"
    ):
        Schedule(batch_size=7).check(3)
    with pytest.raises(ValueError, match="batch_size: found 0"):
        Schedule(batch_size=0).check(1)
    with pytest.raises(ValueError, match="strategy: found 'two'"):
        make_strategy("two")


def built_model(images, responses):
    """Build a penalised model in which every two neurons have the same weights."""
    config = default()
    config.core.filters, config.core.kernel_sizes = (2, 3), (3, 3)
    config.core.pool_size = 1
    config.core.laplacian = config.core.group_sparsity = 0.02
    config.readout.kind, config.readout.l1 = "dense", 0.01
    recording = Recording(
        images[..., 0], responses, split=np.zeros(len(images), np.int8)
    )
    keras.utils.set_random_seed(0)
    model = build.build_model(recording, config)
    weight = model.readout.weight
    few = np.random.default_rng(0).normal(size=(weight.shape[0], 2)) / 10
    weight.assign(np.tile(few, responses.shape[1] // 2))
    return model


def test_settings_keep_their_meaning_whatever_the_number_of_neurons_and_images():
    """Neurons recorded four times over, and images shown twice, change nothing."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(24, 6, 6, 1)).astype("float32")
    responses = rng.poisson(2.0, (24, 2)).astype("float32")
    found = []
    for copies, doubled in ((1, 1), (4, 1), (1, 2)):
        shown, many = np.repeat(images, doubled, axis=0), np.tile(responses, copies)
        targets = np.repeat(many, doubled, axis=0)
        model, history = built_model(shown, targets), keras.callbacks.History()
        before = [kernel.numpy() for kernel in model.core.trainable_variables]
        schedule = Schedule(batch_size=24 * doubled, max_epochs=12)
        optimizer = keras.optimizers.Adam(0.01, epsilon=1e-12)
        trainer = Trainer(
            model, optimizer, Poisson(), minus_error, make_strategy("one"), schedule
        )
        rising = iter(range(12))  # so that the weights kept are the last
        trainer.score = lambda responses, rates: np.full(2, next(rising))
        trainer.fit((shown, targets), (images, many), [history])
        core = [kernel.numpy() for kernel in model.core.trainable_variables]
        for old, new in zip(before, core, strict=True):
            assert np.abs(new - old).max() > 0.02  # there is something to compare
        readout = model.readout.weight.numpy()[:, :2]
        found.append((*core, readout, history.history["loss"]))
    for other in found[1:]:
        for wanted, value in zip(found[0], other, strict=True):
            np.testing.assert_allclose(value, wanted, rtol=1e-3, atol=1e-5)

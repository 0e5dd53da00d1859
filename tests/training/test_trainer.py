"""Training, against gradient descent by hand."""

import keras
import numpy as np
import pytest
from linear_trainings import data, linear_model, make_trainer, minus_error
from scipy.special import gammaln

from v1keras import Recording
from v1keras.config import default
from v1keras.training import (
    Poisson,
    Schedule,
    Trainer,
    check_responses,
    make_likelihood,
    make_strategy,
)
from v1keras.workflows import build


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
    trained = model.layers[-1].get_weights()
    np.testing.assert_allclose(trained[0], weights, atol=1e-6)
    np.testing.assert_allclose(trained[1], bias, atol=1e-6)
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
    outcomes = []
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
        outcomes.append((*core, readout, history.history["loss"]))
    for other in outcomes[1:]:
        for wanted, value in zip(outcomes[0], other, strict=True):
            np.testing.assert_allclose(value, wanted, rtol=1e-3, atol=1e-5)

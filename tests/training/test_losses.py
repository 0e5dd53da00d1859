"""The loss of `model.compile`, by loops and by hand."""

import json
import math

import keras
import numpy as np
import pytest

import v1keras
from v1keras.training import Poisson, Schedule, Trainer, make_strategy

IMAGES, PIXELS, NEURONS = 24, 5, 7


def data(seed=0, holes=0.3):
    """Images, responses with holes, and weights of log-linear neurons."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(IMAGES, PIXELS)).astype("float32")
    responses = rng.poisson(2.0, (IMAGES, NEURONS)).astype("float32")
    responses[rng.random(responses.shape) < holes] = np.nan
    weights = rng.normal(0, 0.3, (PIXELS, NEURONS)).astype("float32")
    return images, responses, weights


def log_linear(weights, loss=None, learning_rate=0.1):
    model = keras.Sequential(
        [
            keras.Input((PIXELS,)),
            keras.layers.Dense(NEURONS, "exponential", use_bias=False),
        ]
    )
    model.set_weights([weights])
    if loss:
        model.compile(keras.optimizers.SGD(learning_rate), loss)
    return model


def per_image(responses, rates):
    """Poisson's negative log-likelihood of each image, less log(response!)."""
    losses = []
    for response_row, rate_row in zip(responses, rates, strict=True):
        total = 0.0
        for response, rate in zip(response_row, rate_row, strict=True):
            if not math.isnan(response):
                total += float(rate) - float(response) * math.log(rate)
        losses.append(total)
    return np.array(losses)


def gradient(images, responses, weights, image_weights):
    """Of the mean over all images of the loss of `log_linear`, by its weights."""
    rates = np.exp(images.astype(float) @ weights)
    error = np.where(np.isnan(responses), 0, rates - responses)
    return (images * image_weights[:, None]).T @ error / len(images)


@pytest.mark.parametrize("holes", [0.0, 0.3, 1.0])
def test_it_is_summed_over_neurons_and_averaged_over_images(holes):
    images, responses, weights = data(holes=holes)
    rates = np.exp(images @ weights)
    loss = v1keras.losses.PoissonLoss()
    expected = per_image(responses, rates).mean()
    assert float(loss(responses, rates)) == pytest.approx(expected, abs=1e-4)


def test_it_is_the_trainers_less_the_logarithm_of_the_factorials():
    """Learning rate 0, and one batch of all images: the loss of the first epoch."""
    images, responses, weights = data()
    model = log_linear(weights)
    noise, optimizer = Poisson(), keras.optimizers.SGD(0.0)
    schedule = Schedule(batch_size=IMAGES, max_epochs=1)
    score = lambda responses, rates: np.zeros(NEURONS)
    strategy = make_strategy("one")
    trainer = Trainer(model, optimizer, noise, score, strategy, schedule)
    progress = trainer.fit((images, responses), (images, responses))
    factorials = np.vectorize(math.lgamma)(np.nan_to_num(responses) + 1)
    constant = factorials.sum() / IMAGES
    loss = v1keras.losses.PoissonLoss()(responses, model(images))
    total = NEURONS * progress.history[0]["loss"]
    assert total - constant == pytest.approx(float(loss), rel=1e-5)


def test_fit_takes_the_gradient_of_the_responses_that_are_there():
    images, responses, weights = data()
    model = log_linear(weights, v1keras.losses.PoissonLoss())
    history = model.fit(images, responses, batch_size=IMAGES, verbose=0)
    step = 0.1 * gradient(images, responses, weights, np.ones(IMAGES))
    np.testing.assert_allclose(model.get_weights()[0], weights - step, atol=1e-5)
    expected = per_image(responses, np.exp(images @ weights)).mean()
    assert history.history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_fit_weighs_images():
    images, responses, weights = data()
    image_weights = np.random.default_rng(1).uniform(0, 2, IMAGES).astype("float32")
    for shape in ((IMAGES,), (IMAGES, 1)):
        model = log_linear(weights, v1keras.losses.PoissonLoss())
        model.fit(
            images,
            responses,
            sample_weight=image_weights.reshape(shape),
            batch_size=IMAGES,
            verbose=0,
        )
        step = 0.1 * gradient(images, responses, weights, image_weights)
        np.testing.assert_allclose(model.get_weights()[0], weights - step, atol=1e-5)


def test_a_rate_of_zero_and_a_rate_that_is_not_a_number():
    loss = v1keras.losses.PoissonLoss()
    silent = float(loss(np.array([[3.0]]), np.array([[0.0]])))
    assert silent == pytest.approx(-3 * math.log(1e-6), rel=1e-4)
    assert math.isnan(float(loss(np.array([[3.0, 1.0]]), np.array([[np.nan, 1.0]]))))


def test_what_does_not_fit_is_refused():
    loss = v1keras.losses.PoissonLoss()
    ones = np.ones((4, 3), "float32")
    with pytest.raises(ValueError, match=r"responses \(4,\) and rates \(4, 3\)"):
        loss(ones[:, 0], ones)
    with pytest.raises(ValueError, match=r"responses \(4, 1\) and rates \(4, 3\)"):
        loss(ones[:, :1], ones)
    with pytest.raises(ValueError, match=r"sample_weight \(4, 3\): expected \(images,"):
        loss(ones, ones, sample_weight=ones)


def test_its_configuration_makes_it_again():
    loss = v1keras.losses.PoissonLoss(reduction="sum", name="spikes", dtype="float64")
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == loss.get_config()
    _, responses, _ = data()
    rates = np.full((IMAGES, NEURONS), 1.5)
    expected = per_image(responses, rates).sum()
    assert float(again(responses, rates)) == pytest.approx(expected, rel=1e-5)
    assert again.dtype == "float64"


def test_a_saved_model_keeps_it(tmp_path):
    images, responses, weights = data()
    model = log_linear(weights, v1keras.losses.PoissonLoss())
    model.save(tmp_path / "model.keras")
    reopened = keras.saving.load_model(tmp_path / "model.keras")
    assert type(reopened.loss) is v1keras.losses.PoissonLoss
    expected = per_image(responses, np.exp(images @ weights)).mean()
    loss = reopened.evaluate(images, responses, batch_size=IMAGES, verbose=0)
    assert loss == pytest.approx(expected, rel=1e-5)

"""The Keras metric of correlation against NumPy's, whatever the batches."""

import json
import math
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import v1keras

IMAGES = 301


def data(mean=2.0, seed=0):
    """Responses with holes and rates of six neurons: what each is, stands below."""
    rng = np.random.default_rng(seed)
    responses = rng.normal(mean, 1, (IMAGES, 6)).astype("float32")
    rates = 0.5 * (responses - mean) + rng.normal(mean, 1, (IMAGES, 6))
    rates = rates.astype("float32")
    responses[rng.random(responses.shape) < 0.3] = np.nan
    responses[:40, 1] = np.nan  # nothing in the first batches
    responses[:, 3] = mean / 3  # constant
    rates[:, 4] = mean / 3  # a constant prediction
    responses[1:, 5] = np.nan  # one response alone
    return responses, rates


def expected_mean(responses, rates):
    """Return the mean of `numpy.corrcoef`; a constant prediction counts as 0."""
    actual = []
    for response, rate in zip(responses.T, rates.T, strict=True):
        present = ~np.isnan(response)
        response, rate = response[present].astype(float), rate[present].astype(float)
        if len(response) < 2 or np.ptp(response) == 0:
            continue
        constant = np.ptp(rate) == 0
        actual.append(0.0 if constant else np.corrcoef(response, rate)[0, 1])
    return np.mean(actual)


def streamed(responses, rates, size):
    metric = v1keras.metrics.Correlation()
    metric.update_state(responses[:size], rates[:size])
    update = tf.function(metric.update_state, reduce_retracing=True)
    for start in range(size, len(responses), size):
        block = slice(start, start + size)
        update(tf.constant(responses[block]), tf.constant(rates[block]))
    return float(metric.result())


@pytest.mark.parametrize("mean", [0.1, 2.0, 1e4])
@pytest.mark.parametrize("size", [1, 7, 43, IMAGES])
def test_it_is_numpys_whatever_the_batches(mean, size):
    responses, rates = data(mean)
    expected = expected_mean(responses, rates)
    assert 0.3 < expected < 0.5  # (0.45 + 0.45 + 0.45 + 0) / 4 neurons
    assert streamed(responses, rates, size) == pytest.approx(expected, abs=1e-5)


def test_it_is_the_mean_of_the_evaluations_correlation():
    responses, rates = data()
    expected = np.nanmean(v1keras.evaluation.correlation(responses, rates))
    assert streamed(responses, rates, 50) == pytest.approx(expected, abs=1e-5)


def test_perfect_and_opposite_predictions():
    responses, _ = data()
    assert streamed(responses[:, :3], 2 * responses[:, :3] + 1, 50) == pytest.approx(1)
    assert streamed(responses[:, :3], -responses[:, :3], 50) == pytest.approx(-1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("neuron", [0, 3, 4])
def test_a_rate_that_is_not_finite_is_no_score(value, neuron):
    """In a neuron with a constant response or prediction, too; until it is reset."""
    responses, rates = data()
    image = np.flatnonzero(~np.isnan(responses[:, neuron]))[-1]
    spoilt = rates.copy()
    spoilt[image, neuron] = value
    metric = v1keras.metrics.Correlation()
    metric.update_state(responses, spoilt)
    assert math.isnan(float(metric.result()))
    metric.update_state(responses, rates)
    assert math.isnan(float(metric.result()))
    metric.reset_state()
    metric.update_state(responses, rates)
    expected = expected_mean(responses, rates)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-5)


def test_a_rate_to_a_missing_response_does_not_matter():
    responses, rates = data()
    spoilt = np.where(np.isnan(responses), np.nan, rates)
    assert streamed(responses, spoilt, 50) == streamed(responses, rates, 50)


def test_without_a_neuron_that_varies_there_is_none():
    assert math.isnan(float(v1keras.metrics.Correlation().result()))
    assert math.isnan(streamed(np.ones((5, 2)), np.arange(10.0).reshape(5, 2), 2))
    assert math.isnan(streamed(np.full((5, 2), np.nan), np.ones((5, 2)), 2))


def test_what_does_not_fit_is_refused():
    metric, ones = v1keras.metrics.Correlation(), np.ones((4, 3))
    with pytest.raises(ValueError, match=r"responses \(4, 1\) and rates \(4, 3\)"):
        metric.update_state(ones[:, :1], ones)
    with pytest.raises(ValueError, match=r"responses \(4,\) and rates \(4, 3\)"):
        metric.update_state(ones[:, 0], ones)
    with pytest.raises(ValueError, match="sample_weight: .* `metrics`"):
        metric.update_state(ones, ones, sample_weight=np.ones(4))


def test_its_configuration_makes_it_again():
    metric = v1keras.metrics.Correlation(name="r", dtype="float64")
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(metric)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(metric) and again.name == "r"
    assert again.get_config() == metric.get_config()


def linear(neurons):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(neurons)])
    model.set_weights([np.eye(4, neurons, dtype="float32"), np.zeros(neurons)])
    return model


def linear_data(seed=0, neurons=3):
    """Responses with holes to the first pixels, and noise."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(90, 4)).astype("float32")
    responses = images[:, :neurons] + 0.5 * rng.normal(size=(90, neurons))
    responses[rng.random(responses.shape) < 0.2] = np.nan
    return images, responses.astype("float32")


def test_early_stopping_returns_to_the_best_epoch():
    """The weights start at the best; away from them the training is led."""
    images, responses = linear_data()
    model = linear(3)
    model.compile(
        keras.optimizers.SGD(0.5),
        v1keras.losses.PoissonLoss(),
        metrics=[v1keras.metrics.Correlation()],
    )

    class Worse(keras.callbacks.Callback):
        """Turns the filters by another angle in each epoch."""

        correlations = []

        def on_epoch_begin(self, epoch, logs=None):
            angle = [1.0, 0.5, 0.2, 0.4, 0.8, 1.2][epoch]
            kernel = np.eye(4, 3, dtype="float32")
            kernel[3] = np.tan(angle)
            model.set_weights([kernel, np.zeros(3)])
            rates = images @ kernel
            self.correlations.append(expected_mean(responses, rates))

    model.optimizer.learning_rate = 0.0
    stop = keras.callbacks.EarlyStopping(
        "val_correlation", mode="max", patience=2, restore_best_weights=True
    )
    history = model.fit(
        images,
        responses,
        validation_data=(images, responses),
        batch_size=32,
        epochs=6,
        callbacks=[Worse(), stop],
        verbose=0,
    ).history
    assert len(history["val_correlation"]) == 5 and stop.best_epoch == 2
    np.testing.assert_allclose(
        history["val_correlation"], Worse.correlations, atol=1e-5
    )
    assert model.get_weights()[0][3, 0] == pytest.approx(np.tan(0.2))


REPLICAS = """
import sys
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
shares = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
tf.config.set_logical_device_configuration(cpu, shares)
import keras
import v1keras
arrays = np.load(sys.argv[1])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
assert "tensorflow_probability" not in sys.modules
with strategy.scope():
    model = keras.saving.load_model(sys.argv[2])
    assert type(model.loss) is v1keras.losses.PoissonLoss
found = model.evaluate(arrays["images"], arrays["responses"], batch_size=16, verbose=0)
print(*found)
"""


@pytest.mark.slow
def test_a_saved_model_keeps_it_and_replicas_give_the_same(tmp_path):
    """In a process of its own, with two replicas, whose batches differ."""
    images, responses = linear_data()
    images[::2] += 100  # where a mean of the replicas' correlations would be wrong
    responses[:10, 0] = np.nan
    model = linear(3)
    loss, metric = v1keras.losses.PoissonLoss(), v1keras.metrics.Correlation()
    model.compile("sgd", loss, metrics=[metric])
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "data.npz", images=images, responses=responses)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            REPLICAS,
            tmp_path / "data.npz",
            tmp_path / "model.keras",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    actual = float(done.stdout.split()[-1])
    assert actual == pytest.approx(expected_mean(responses, images[:, :3]), abs=1e-5)

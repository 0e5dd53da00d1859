"""Scores of recordings made by hand: which images and units they come from."""

import numpy as np
import pytest
from scipy import stats

from v1keras import Recording, simulate_recording
from v1keras.config import default
from v1keras.workflows.reopen import open_model
from v1keras.workflows.score import score
from v1keras.workflows.train import train_and_evaluate

COUNTS = "spikes per presentation"


def numbered(responses, **fields):
    """A recording whose images carry their index in every pixel."""
    count = len(responses)
    images = np.arange(count, dtype="float32")[:, None, None] * np.ones((1, 4, 4))
    return Recording(images, responses, **fields)


def predicting(rates):
    """A model of `numbered` images that answers image i with `rates[i]`."""
    return lambda images: rates[np.asarray(images)[:, 0, 0, 0].astype(int)]


def loop_ceiling(repeats):
    """CC_max of Schoppe et al. 2016, one neuron and one presentation at a time."""
    ceilings = []
    for neuron in range(repeats.shape[2]):
        single = repeats[..., neuron].astype(float)
        trials = single.shape[1]
        of_singles = sum(np.var(single[:, n], ddof=1) for n in range(trials))
        power = np.var(single.sum(axis=1), ddof=1) - of_singles
        power /= trials * (trials - 1)
        ceilings.append(np.sqrt(power / np.var(single.mean(axis=1), ddof=1)))
    return ceilings


def loop_feve(responses, rates, noise):
    """Share of the variance above the noise that the prediction explains."""
    values = []
    for neuron in range(responses.shape[1]):
        y = responses[:, neuron].astype(float)
        error = np.mean((y - rates[:, neuron]) ** 2) - noise[neuron]
        values.append(1 - error / (np.var(y, ddof=1) - noise[neuron]))
    return values


def test_the_ceiling_is_that_of_the_scored_images_repeats():
    rng = np.random.default_rng(0)
    rates = rng.gamma(2.0, 2.0, (60, 3))
    rates[20:40] = 4.0  # to the validation images all neurons answer alike
    repeats = rng.poisson(rates[20:, None], (40, 8, 3)).astype("float32")
    responses = np.concatenate([rng.poisson(rates[:20]), repeats.mean(axis=1)])
    order = rng.permutation(40)  # repeats stand in any order
    recording = numbered(
        responses,
        split=np.repeat([0, 1, 2], 20),
        repeats=repeats[order],
        repeat_images=20 + order,
    )
    scores = score(predicting(rates), recording)
    metrics, columns = scores.metrics(), scores.per_neuron
    assert metrics["ceiling"] == "repeats" and metrics["images"] == 20
    expected = loop_ceiling(repeats[20:])
    np.testing.assert_allclose(columns["cc_max"], expected, rtol=1e-5)
    noise = repeats[20:].var(axis=1, ddof=1).mean(axis=0) / 8
    expected = loop_feve(responses[40:], rates[40:], noise)
    np.testing.assert_allclose(columns["feve"], expected, rtol=1e-4)


def test_a_ceiling_from_means_is_of_the_images_without_repeats():
    """`presentations` holds for the others: 2 here, where repeats are of 40."""
    rng = np.random.default_rng(1)
    rates = rng.gamma(2.0, 2.0, (80, 3))
    means = rng.poisson(2 * rates) / 2
    repeats = rng.poisson(rates[::2, None], (40, 40, 3)).astype("float32")
    means[::2] = repeats.mean(axis=1)
    recording = numbered(
        means,
        split=np.repeat([0, 1, 2], [40, 10, 30]),
        repeats=repeats,
        repeat_images=np.arange(0, 80, 2),
        attributes={"units": COUNTS, "presentations": 2},
    )
    scores = score(predicting(rates), recording)
    metrics, columns = scores.metrics(), scores.per_neuron
    assert metrics["ceiling"] == "means"
    others = means[1::2]
    noise = others.mean(axis=0) / 2
    power = others.var(axis=0, ddof=1) - noise
    expected = np.sqrt(power / others.var(axis=0, ddof=1))
    np.testing.assert_allclose(columns["cc_max"], expected, rtol=1e-5)
    expected = loop_feve(means[50:], rates[50:], noise)
    np.testing.assert_allclose(columns["feve"], expected, rtol=1e-4)


def test_only_counts_have_a_ceiling_from_means():
    rng = np.random.default_rng(2)
    rates = rng.gamma(2.0, 2.0, (40, 3))
    attributes = {"units": "dF/F", "presentations": 10}
    split = np.repeat([0, 1, 2], [20, 10, 10])
    recording = numbered(
        rng.poisson(10 * rates) / 10, split=split, attributes=attributes
    )
    scores = score(predicting(rates), recording)
    metrics, columns = scores.metrics(), scores.per_neuron
    assert metrics["ceiling"] == "none"
    assert metrics["groups"]["reported"]["cc_norm"]["missing"] == 3
    for name in ("cc_max", "cc_norm", "feve"):
        assert np.isnan(columns[name]).all(), name
    recording.attributes["units"] = COUNTS
    scores = score(predicting(rates), recording)
    metrics, columns = scores.metrics(), scores.per_neuron
    assert metrics["ceiling"] == "means" and (columns["cc_max"] > 0).all()


def test_a_ceiling_from_means_allows_for_the_fano_factor():
    """Twice a Poisson count of half the rate has a variance of twice its mean."""
    rng = np.random.default_rng(3)
    presentations = 4
    rates = rng.gamma(2.0, [[0.5, 1.0, 2.0]], (4000, 3))
    counts = 2 * rng.poisson(rates[:, None] / 2, (4000, presentations, 3))
    means = counts.mean(axis=1)
    recording = numbered(
        means,
        split=np.repeat([0, 1, 2], [1000, 1000, 2000]),
        attributes={"units": COUNTS, "presentations": presentations},
    )
    scores = score(predicting(rates), recording, fano=2.0)
    columns = scores.per_neuron
    reachable = [stats.pearsonr(rates[:, i], means[:, i])[0] for i in range(3)]
    np.testing.assert_allclose(columns["cc_max"], reachable, atol=0.02)
    np.testing.assert_allclose(columns["cc_norm"], 1, atol=0.03)
    noise = 2 * means.mean(axis=0) / presentations
    expected = loop_feve(means[2000:], rates[2000:], noise)
    np.testing.assert_allclose(columns["feve"], expected, rtol=1e-4)


def test_neurons_without_a_ceiling_are_counted_in_their_own_group():
    """Neurons 1, 2 and 3 vary less than Poisson noise does; 2 and 3 are for tuning."""
    rng = np.random.default_rng(4)
    rates = rng.gamma(2.0, [[2.0, 0.01, 0.01, 0.01]], (60, 4)) + 2
    recording = numbered(
        rates,
        split=np.repeat([0, 1, 2], 20),
        neurons={"for_tuning": [0, 0, 1, 1], "kind": ["a", "a", "b", "b"]},
        attributes={"units": COUNTS, "presentations": 4},
    )
    scores = score(predicting(rates), recording)
    metrics, columns = scores.metrics(), scores.per_neuron
    assert columns["cc_max"][0] > 0 and columns["cc_max"][1:].tolist() == [0, 0, 0]
    counted = {name: group["no_ceiling"] for name, group in metrics["groups"].items()}
    assert counted == {"reported": 1, "kind a": 1, "kind b": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workdir of a split drawn with seed 3 and a Fano factor of 2, and its scores."""
    folder = tmp_path_factory.mktemp("evaluate")
    simulate_recording(80, 20, neurons_per_kind=1, image_size=16).save(folder / "a.h5")
    config = default()
    config.data.recording = str(folder / "a.h5")
    config.data.protocol, config.data.split_seed = "paper", 3
    config.data.split_parts = (60, 20, 20)
    config.evaluation.fano, config.evaluation.above_hz = 2.0, 17.0
    config.core.filters, config.core.kernel_sizes = (2,), (5,)
    config.training.batch_size, config.training.max_epochs = 30, 1
    _, scores = train_and_evaluate(config, folder / "workdir")
    metrics, columns = scores.metrics(), scores.per_neuron
    return folder / "workdir", metrics, columns


def test_a_trained_model_is_opened_with_the_split_that_it_was_trained_with(trained):
    workdir, metrics, columns = trained
    model, _, recording = open_model(workdir)
    order = np.random.RandomState(3).permutation(100)
    sides = {"train": order[:60], "test": order[60:80], "validation": order[80:]}
    for side, images in sides.items():
        assert recording.indices(side).tolist() == sorted(images), side
    scores = score(model, recording, above_hz=17.0, fano=2.0)
    again, scores = scores.metrics(), scores.per_neuron
    np.testing.assert_array_equal(scores["correlation"], columns["correlation"])
    assert again == metrics


def test_a_training_is_scored_as_its_configuration_says(trained):
    workdir, metrics, columns = trained
    recording = open_model(workdir)[2]
    assert metrics["ceiling"] == "means" and "above 17 Hz" in metrics["groups"]
    once = np.setdiff1d(np.arange(100), recording.repeat_images)
    counts = recording.responses[once].astype(float)
    power = counts.var(axis=0, ddof=1) - 2 * counts.mean(axis=0)
    expected = np.sqrt(np.maximum(power, 0) / counts.var(axis=0, ddof=1))
    np.testing.assert_allclose(columns["cc_max"], expected, rtol=1e-4)

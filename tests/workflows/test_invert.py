import numpy as np
import pytest
import tensorflow as tf

from v1keras import Recording, preferred_stimuli, simulate_recording
from v1keras.evaluation.scores import Scores
from v1keras.inversion import (
    ContrastConstraint,
    GradientAscent,
    matched_contrast,
    resume,
)
from v1keras.inversion.controls import controls
from v1keras.inversion.matched_contrast import effective_area
from v1keras.models import DenseReadout, StackedCore, V1Model
from v1keras.workflows.invert import split_constant
from v1keras.workflows.invert_to_folder import choose_neurons


class LinearNonlinear:
    """Neurons whose filters are known, with what inversion asks of a model."""

    def __init__(self, filters, grey):
        self.filters, self.pixel_mean, self.image_size = (
            tf.constant(filters.reshape(len(filters), -1).T),
            grey,
            filters.shape[1:],
        )
        self.neuron_count = len(filters)

    def neuron_rate_fn(self):
        return lambda images, neurons: tf.gather(
            self(images), neurons, axis=1, batch_dims=1
        )

    def halves(self):
        return None

    def __call__(self, images, training=False):
        return tf.nn.softplus(
            (tf.reshape(images, (tf.shape(images)[0], -1)) - self.pixel_mean)
            @ self.filters
            / 50
        )


def test_contrast_is_the_images_where_the_stimulus_is():
    """Filters of one size on noise images: the norm is the noise's own over as many
    pixels as a filter fills.
    """
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:24, :24] - 11.5
    envelope = np.exp(-(rows**2 + columns**2) / (2 * 3.0**2))
    filters = np.stack(
        [envelope * np.cos(0.9 * columns + phase) for phase in rng.uniform(0, 6, 10)]
    ).astype("float32")
    images = np.clip(rng.normal(127, 20, (200, 24, 24)), 0, 255).astype("float32")
    recording = Recording(images, rng.poisson(2.0, (200, 10)).astype("float32"))
    contrast = matched_contrast(LinearNonlinear(filters / 10, 127.0), recording.images)
    patterns = images - 127
    area = lambda x: [(p**2).sum() ** 2 / (p**4).sum() for p in x]
    expected = np.median([np.linalg.norm(p) for p in patterns]) * np.sqrt(
        np.median(area(filters)) / np.median(area(patterns))
    )
    assert contrast.norm == pytest.approx(expected, rel=0.02)
    assert (contrast.grey, contrast.low, contrast.high) == (
        127.0,
        images.min(),
        images.max(),
    )
    assert (
        matched_contrast(
            LinearNonlinear(filters, 127.0), recording.images, norm=99.0
        ).norm
        == 99
    )


def test_grey_is_what_the_model_was_trained_around():
    filters, recording = filters_on_noise()
    grey = lambda mean, **options: (
        matched_contrast(
            LinearNonlinear(filters, mean), recording.images, norm=60.0, **options
        ).grey
    )
    assert grey(120.0) == 120
    for raw in (
        0.0,
        float(recording.images.min()),
        float(recording.images.max()),
    ):  # pixels as they are: black or white is no grey
        assert grey(raw) == pytest.approx(np.mean(recording.images, dtype="float64"))
    assert grey(0.0, grey=99.5) == 99.5


def test_effective_area_counts_evenly_filled_pixels():
    pattern = np.zeros((2, 6, 6))
    pattern[0, 1:4, 2:4], pattern[1] = 7, -3
    assert effective_area(pattern).tolist() == [6, 36]


def scores_with(cc_norm):
    columns = {"cc_norm": np.array(cc_norm)}
    columns["near_limit"] = np.where(columns["cc_norm"] >= 0.9, 0.85, 0.7)
    return Scores(columns, {}, "test", 9, "means", 5.0)


def test_neurons_are_chosen_as_asked():
    limit = scores_with([0.95, np.nan, 0.5, 1.2])
    assert choose_neurons("near-limit", limit).tolist() == [0, 3]
    assert choose_neurons("all", limit).tolist() == [0, 1, 2, 3]
    for text, values, message in (
        ("near-limit", [0.1, np.nan], "no neuron is likely to be near its limit"),
        ("near-limit", [np.nan, np.nan], "no noise ceiling is available"),
        ("-1", [0.9, 0.9], "there is no neuron -1; the model has neurons 0 to 1"),
        ("1;2", [0.9, 0.9], "expected all, near-limit or indices"),
    ):
        with pytest.raises(ValueError, match=message):
            choose_neurons(text, scores_with(values))


def filters_on_noise(count=5):
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:16, :16] - 7.5
    envelope = np.exp(-(rows**2 + columns**2) / (2 * 2.5**2))
    filters = (
        np.stack(
            [
                envelope * np.cos(0.9 * columns + phase)
                for phase in rng.uniform(0, 6, count)
            ]
        ).astype("float32")
        / 10
    )
    images = np.clip(rng.normal(127, 20, (60, 16, 16)), 0, 255).astype("float32")
    return filters, Recording(images, rng.poisson(2.0, (60, count)).astype("float32"))


def test_an_interrupted_inversion_goes_on_from_its_last_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(resume, "_CHUNK", 2)
    model = LinearNonlinear(filters_on_noise()[0], 127.0)
    ascent, neurons, facts = (
        GradientAscent(model, ContrastConstraint(127.0, 60.0, 0.0, 255.0)),
        np.arange(5),
        {"seed": 0},
    )
    whole = resume.run_in_chunks(ascent, neurons, 40, 0, 1, tmp_path / "whole", facts)
    ran = []

    class Interrupted:
        contrast = ascent.contrast

        def run(self, neurons, *options):
            ran.append(neurons.tolist())
            if len(ran) == 2:
                raise KeyboardInterrupt
            return ascent.run(neurons, *options)

    with pytest.raises(KeyboardInterrupt):
        resume.run_in_chunks(Interrupted(), neurons, 40, 0, 1, tmp_path / "cut", facts)
    resumed = resume.run_in_chunks(
        Interrupted(), neurons, 40, 0, 1, tmp_path / "cut", facts
    )
    assert ran == [[0, 1], [2, 3], [2, 3], [4]]
    np.testing.assert_array_equal(resumed.stimuli, whole.stimuli)
    np.testing.assert_array_equal(resumed.trace, whole.trace)
    with pytest.raises(
        ValueError,
        match="cut holds the chunks of an inversion of another model or other options",
    ):
        resume.run_in_chunks(ascent, neurons, 40, 0, 1, tmp_path / "cut", {"seed": 1})


def test_neurons_of_constant_rate_are_told_apart():
    filters, recording = filters_on_noise()
    filters[3] *= 1e-4
    varying, constant = split_constant(
        LinearNonlinear(filters, 127.0), recording, np.array([4, 3, 0])
    )
    assert varying.tolist() == [4, 0] and constant.tolist() == [3]
    broken = lambda images: tf.where(
        tf.range(5) == 2, np.nan, LinearNonlinear(filters, 127.0)(images)
    )
    with pytest.raises(
        FloatingPointError, match="rate of neuron 2 to image 0 of the recording is nan"
    ):
        split_constant(broken, recording, np.array([1, 2]))


def test_controls_are_the_rates_that_the_model_gives():
    filters, recording = filters_on_noise()
    model, other, contrast = (
        LinearNonlinear(filters, 127.0),
        LinearNonlinear(2 * filters, 127.0),
        ContrastConstraint(127.0, 60.0, 0.0, 255.0),
    )
    stimuli = GradientAscent(model, contrast).run([3, 1])
    columns = controls(model, recording.images, stimuli, [other, model])
    rates = lambda model, images: np.asarray(model(images[..., None].astype("float32")))
    patterns = recording.images - 127
    alike = 127 + 60 * patterns / np.linalg.norm(patterns, axis=(1, 2), keepdims=True)
    assert alike.min() > 0 and alike.max() < 255  # nothing to clip
    own = lambda shown: np.stack([shown[0, 3], shown[1, 1]])
    expected = {
        "rate": own(rates(model, stimuli.stimuli)),
        "best_image_rate": rates(model, recording.images).max(axis=0)[[3, 1]],
        "best_image_rate_at_norm": rates(model, alike).max(axis=0)[[3, 1]],
        "judged_rate": own(
            (rates(model, stimuli.stimuli) + rates(other, stimuli.stimuli)) / 2
        ),
        "judged_best_image_rate": (
            ((rates(model, alike) + rates(other, alike)) / 2).max(axis=0)[[3, 1]]
        ),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(columns[name], value, rtol=1e-4, err_msg=name)
    assert columns["beats_best_image"].all() and columns["second_cosine"].min() > 0.999
    assert "judged_rate" not in controls(model, recording.images, stimuli)


def test_named_neurons_of_constant_rate_are_left_out_with_a_warning():
    recording = simulate_recording(20, 5, neurons_per_kind=1, image_size=16)
    readout = DenseReadout(4)
    model = V1Model(StackedCore((4, 4), (5, 3)), readout, (16, 16), 127.0, 50.0)
    weight = np.array(readout.weight)
    weight[:, 2] = 0
    readout.weight.assign(weight)
    contrast = ContrastConstraint(127.0, 300.0, 0.0, 255.0)
    with pytest.warns(UserWarning, match="not inverted.*: neurons 2$"):
        stimuli = preferred_stimuli(model, recording, [3, 2, 0], contrast, steps=2)
    assert stimuli.neurons.tolist() == [3, 0]
    with pytest.raises(ValueError, match="the rate of neurons 2 is the same"):
        preferred_stimuli(model, recording, [2], steps=2)

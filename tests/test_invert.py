import numpy as np
import pytest
import tensorflow as tf

from v1keras import Recording
from v1keras.invert import choose_neurons, contrast_of, effective_area


class LinearNonlinear:
    """Neurons whose filters are known, with what `contrast_of` asks of a model."""

    def __init__(self, filters, grey):
        self.filters, self.pixel_mean, self.image_size = tf.constant(filters.reshape(len(filters), -1).T), grey, filters.shape[1:]

    def __call__(self, images, training=False):
        return tf.nn.softplus((tf.reshape(images, (tf.shape(images)[0], -1)) - self.pixel_mean) @ self.filters / 50)


def test_contrast_is_the_images_where_the_stimulus_is():
    """Filters of one size on noise images: the norm is the noise's own over as many pixels as a filter fills."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:24, :24] - 11.5
    envelope = np.exp(-(rows**2 + columns**2) / (2 * 3.0**2))
    filters = np.stack([envelope * np.cos(0.9 * columns + phase) for phase in rng.uniform(0, 6, 10)]).astype("float32")
    images = np.clip(rng.normal(127, 20, (200, 24, 24)), 0, 255).astype("float32")
    recording = Recording(images, rng.poisson(2.0, (200, 10)).astype("float32"))
    found = contrast_of(LinearNonlinear(filters / 10, 127.0), recording)
    patterns = images - 127
    area = lambda x: [(p**2).sum() ** 2 / (p**4).sum() for p in x]
    expected = np.median([np.linalg.norm(p) for p in patterns]) * np.sqrt(np.median(area(filters)) / np.median(area(patterns)))
    assert found.norm == pytest.approx(expected, rel=0.02)
    assert (found.grey, found.low, found.high) == (127.0, images.min(), images.max())
    assert contrast_of(LinearNonlinear(filters, 127.0), recording, norm=99.0).norm == 99


def test_effective_area_counts_evenly_filled_pixels():
    pattern = np.zeros((2, 6, 6))
    pattern[0, 1:4, 2:4], pattern[1] = 7, -3
    assert effective_area(pattern).tolist() == [6, 36]


def test_neurons_are_chosen_as_asked():
    limit = lambda: np.array([0.95, np.nan, 0.5, 1.2])
    assert choose_neurons("near-limit", 4, limit).tolist() == [0, 3]
    assert choose_neurons("all", 4, limit).tolist() == [0, 1, 2, 3]
    for text, values, message in (
        ("near-limit", [0.1, np.nan], "no neuron has a CC_norm of 0.9 or more"),
        ("near-limit", [np.nan, np.nan], "this recording tells no limit"),
        ("-1", [0.9, 0.9], "there is no neuron -1; the model has neurons 0 to 1"),
        ("1;2", [0.9, 0.9], "expected all, near-limit or indices"),
    ):
        with pytest.raises(ValueError, match=message):
            choose_neurons(text, 2, lambda values=values: np.array(values))

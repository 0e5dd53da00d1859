"""Arrays in Python: masks are kept, and the array with the wrong axes is blamed."""

import numpy as np
import pytest

from v1keras.data import Recording

IMAGES = np.zeros((6, 4, 5), np.uint8)
COUNTS = np.arange(12).reshape(6, 2)
MASK = np.zeros((6, 2), bool)
MASK[[1, 3], [0, 1]] = True


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32", "float64"])
def test_masked_responses_are_missing(dtype, tmp_path):
    masked = np.ma.array(COUNTS.astype(dtype), mask=MASK)
    recording = Recording(IMAGES, masked, neurons={"depth": masked[1]})
    expected = np.where(MASK, np.nan, COUNTS)
    np.testing.assert_array_equal(recording.responses, expected)
    np.testing.assert_array_equal(recording.neurons["depth"], [np.nan, 3])
    recording.save(tmp_path / "r.h5")
    again = Recording.load(tmp_path / "r.h5")
    np.testing.assert_array_equal(again.responses, expected)


def test_masked_repeats_are_missing():
    trials = np.random.default_rng(0).poisson(3.0, (6, 4, 2))
    masked = np.ma.masked_less(trials, 2)
    means = masked.mean(axis=1)
    recording = Recording(IMAGES, means, repeats=masked, repeat_images=range(6))
    expected = np.where(trials < 2, np.nan, trials)
    np.testing.assert_array_equal(recording.repeats, expected)


def test_an_empty_mask_changes_nothing():
    recording = Recording(np.ma.array(IMAGES), np.ma.array(COUNTS))
    assert recording.images.dtype == np.uint8
    np.testing.assert_array_equal(recording.responses, COUNTS)


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"images": np.ma.masked_equal(IMAGES, 0)}, "images: found NaN or infinity"),
        (
            {"split": np.ma.masked_equal([0, 0, 1, 1, 2, 2], 2)},
            r"split: found \[nan, nan\], expected whole numbers",
        ),
        (
            {"images": IMAGES.transpose(1, 2, 0)},
            r"images: found \(4, 5, 6\), expected \(6, height, width\), an image for",
        ),
        ({"responses": COUNTS.T}, r"responses: found \(2, 6\), .*; transpose them"),
        (
            {"images": np.zeros((6, 4, 2)), "responses": COUNTS.T},
            r"responses: found \(2, 6\), .*; transpose them",
        ),
    ],
)
def test_the_array_that_does_not_fit_is_named(fields, told):
    with pytest.raises(ValueError, match=told):
        Recording(**{"images": IMAGES, "responses": COUNTS} | fields)

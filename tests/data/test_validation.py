import h5py
import numpy as np
import pytest
from full_recording import IMAGES, NEURONS, arrays, replaced, saved

from v1keras.data import Recording


@pytest.mark.parametrize(
    "name, value, message",
    [
        (
            "images",
            None,
            r"no dataset 'images'; found .*responses.*; expected images and responses",
        ),
        (
            "responses",
            None,
            r"no dataset 'responses'; found .*images.*; expected images and responses",
        ),
        (
            "images",
            np.zeros((IMAGES, 35), np.uint8),
            r"images: found \(6, 35\), expected \(n, height, width\)",
        ),
        (
            "images",
            np.zeros((IMAGES, 5, 7, 3)),
            (
                r"images: found \(6, 5, 7, 3\), expected .*: one grey level a pixel;"
                r" average the colours"
            ),
        ),
        (
            "responses",
            np.zeros((NEURONS, IMAGES)),
            r"responses: found \(3, 6\), expected .*; transpose them",
        ),
        (
            "images",
            np.full((IMAGES, 5, 7), np.nan, np.float32),
            r"images: found NaN or infinity, expected finite pixels",
        ),
        (
            "responses",
            np.zeros((5, NEURONS)),
            (
                r"responses: found \(5, 3\), expected \(6, neurons\): a row for each of"
                r" the 6 im"
            ),
        ),
        (
            "responses",
            np.arange(6.0),
            r"responses: found \(6,\), expected \(6, neurons\)",
        ),
        (
            "responses",
            np.full((IMAGES, NEURONS), np.inf),
            r"responses: found infinity, expected finite numbers, or NaN",
        ),
        (
            "responses",
            ["a"] * IMAGES,
            r"responses: found type object, expected numbers",
        ),
        (
            "split",
            [0, 0, 1, 2, 3, 3],
            r"split: found \[0, 1, 2, 3\], expected -1, 0, 1 or 2",
        ),
        ("split", [0, 1, 2], r"split: found \(3,\), expected \(6,\)"),
        ("image_group", [0, 1, 2], r"image_group: found \(3,\), expected \(6,\)"),
        (
            "repeat_images",
            None,
            (
                r"repeat_images: found nothing, expected both repeats and"
                r" repeat_images, or neither"
            ),
        ),
        (
            "repeats",
            None,
            (
                r"repeats: found nothing, expected both repeats and repeat_images, or"
                r" neither"
            ),
        ),
        (
            "repeats",
            np.zeros((2, 1, NEURONS)),
            (
                r"repeats: found \(2, 1, 3\), expected \(images, two or more repeats, 3"
                r" neurons\)"
            ),
        ),
        (
            "repeats",
            np.zeros((2, 4, 2)),
            (
                r"repeats: found \(2, 4, 2\), expected \(images, two or more repeats, 3"
                r" neurons\)"
            ),
        ),
        ("repeat_images", [1, 2, 3], r"repeat_images: found \(3,\), expected \(2,\)"),
        (
            "repeat_images",
            [5, 6],
            r"repeat_images: found \[5, 6\], expected different indices below 6",
        ),
        (
            "repeat_images",
            [4.5, 5],
            r"repeat_images: found \[4\.5\], expected whole numbers \(int64\)",
        ),
        (
            "split",
            [0, 0, 0.5, 1, 2, 2],
            r"split: found \[0\.5\], expected whole numbers \(int8\)",
        ),
        (
            "repeat_images",
            [5, 5],
            r"repeat_images: found \[5, 5\], expected different indices below 6",
        ),
        (
            "neuron_session",
            ["a", "b"],
            r"neuron_session: found \(2,\), expected \(3,\) strings",
        ),
        (
            "covariates/orientation",
            [0.0, 1.0],
            r"covariates/orientation: found \(2,\), expected \(6, \.\.\.\)",
        ),
        (
            "neurons/depth",
            [0.0, 1.0],
            r"neurons/depth: found \(2,\), expected \(3, \.\.\.\)",
        ),
    ],
)
def test_dataset_that_does_not_fit(tmp_path, name, value, message):
    path = replaced(saved(tmp_path), name, value)
    with pytest.raises(ValueError, match=r"recording\.h5: " + message) as caught:
        Recording.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("window_s", "soon", r"attribute window_s: found 'soon', expected float"),
        ("window_s", 0.0, r"attribute window_s: found 0\.0, expected a number above 0"),
        (
            "presentations",
            -1,
            r"attribute presentations: found -1, expected a number above 0",
        ),
        (
            "format_version",
            99,
            r"format_version 99; this version of v1keras reads 1 and 2",
        ),
    ],
)
def test_attribute_that_does_not_fit(tmp_path, key, value, message):
    path = saved(tmp_path)
    with h5py.File(path, "a") as file:
        file.attrs[key] = value
    with pytest.raises(ValueError, match=r"recording\.h5: " + message):
        Recording.load(path)


def test_unknown_attribute():
    with pytest.raises(
        ValueError,
        match=r"attribute windows: found 1, expected one of name, units, window_s",
    ):
        Recording(np.zeros((2, 3, 3)), [[1.0], [2.0]], attributes={"windows": 1})


def test_neuron_without_responses_is_kept(tmp_path):
    path = saved(tmp_path)
    responses = arrays()["responses"]
    responses[:, 1] = np.nan
    with pytest.warns(
        UserWarning,
        match=r"neurons 1 have no response at all: kept, but left out of every mean",
    ):
        recording = Recording.load(replaced(path, "responses", responses))
    np.testing.assert_array_equal(recording.responses, responses)
    expected = [
        responses[:, 0].mean() / 0.105,
        np.nan,
        responses[[0, 2, 3, 4, 5], 2].mean() / 0.105,
    ]
    np.testing.assert_allclose(recording.mean_rates_hz, expected, rtol=1e-6)


def test_constant_neuron_is_kept(tmp_path):
    responses = arrays()["responses"]
    responses[:, 2] = 4
    repeats = arrays()["repeats"]
    repeats[:, :, 2] = 4
    path = replaced(saved(tmp_path), "repeats", repeats)
    with pytest.warns(
        UserWarning,
        match=r"neurons 2 answer all images alike: nothing to predict; kept",
    ):
        recording = Recording.load(replaced(path, "responses", responses))
    np.testing.assert_array_equal(recording.responses, responses)

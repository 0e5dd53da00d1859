import warnings

import numpy as np
import pytest
from PIL import Image

from v1keras import zoo

METADATA = {"image_size": (8, 8), "pixels": {"minimum": 0.0, "maximum": 255.0}}


def read(path, **changes):
    return zoo.read_images(path, METADATA | changes)


def test_an_image_of_the_right_size_is_taken_as_it_is(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_allclose(read(tmp_path / "a.png")[0, ..., 0], pixels, atol=1e-4)


def test_colours_become_grey_by_their_luminance(tmp_path):
    color = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    Image.fromarray(color).save(tmp_path / "a.png")
    np.testing.assert_allclose(
        read(tmp_path / "a.png"), 0.299 * 200 + 0.587 * 100 + 0.114 * 50, atol=1
    )


@pytest.mark.parametrize("shape", [(40, 80), (80, 40)])
def test_the_middle_is_cut_out_and_resized(tmp_path, shape):
    """The middle 40 x 40 pixels: light on the left half, dark on the right; what is
    beyond them is black.
    """
    pixels = np.zeros(shape, np.uint8)
    top, left = (shape[0] - 40) // 2, (shape[1] - 40) // 2
    pixels[top : top + 40, left : left + 20] = 200
    pixels[top : top + 40, left + 20 : left + 40] = 100
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = read(tmp_path / "a.png")[0, ..., 0]
    np.testing.assert_allclose(image[:, :3], 200, atol=1e-4)
    np.testing.assert_allclose(image[:, 5:], 100, atol=1e-4)
    assert (100 < image[:, 3:5]).all() and (image[:, 3:5] < 200).all()


def test_proportions_are_the_presets(tmp_path):
    pixels = np.zeros((40, 40), np.uint8)
    pixels[10:30] = 120  # the middle 20 rows
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_allclose(
        read(tmp_path / "a.png", image_size=(4, 8))[0, ..., 0], 120, atol=1e-4
    )


def test_black_and_white_become_the_ends_of_the_recordings_range(tmp_path):
    pixels = np.repeat([[0] * 4 + [255] * 4], 8, axis=0).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = read(tmp_path / "a.png", pixels={"minimum": -1.0, "maximum": 3.0})[
        0, ..., 0
    ]
    np.testing.assert_allclose(
        image, np.repeat([[-1.0] * 4 + [3.0] * 4], 8, axis=0), atol=1e-5
    )


def test_sixteen_bits_are_not_cut_off(tmp_path):
    Image.fromarray(np.full((8, 8), 257 * 100, np.uint16)).save(tmp_path / "a.png")
    np.testing.assert_allclose(read(tmp_path / "a.png"), 100, atol=0.01)


@pytest.mark.parametrize("shape", [(8, 8), (3, 8, 8), (3, 8, 8, 1)])
def test_arrays_are_taken_as_they_are(tmp_path, shape):
    array = np.random.default_rng(0).uniform(0, 255, shape)
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", images=array, labels=np.arange(3))
    for name in ("a.npy", "a.npz"):
        np.testing.assert_allclose(
            read(tmp_path / name), array.reshape(-1, 8, 8, 1), rtol=1e-6
        )


def test_values_from_0_to_1_are_warned_of_where_255_is_meant(tmp_path):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).uniform(0, 1, (2, 8, 8)))
    with pytest.warns(
        UserWarning,
        match="a.npy: pixels lie from .* to .*, but the model's recording has 0 to 255",
    ):
        read(tmp_path / "a.npy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(tmp_path / "a.npy", pixels={"minimum": 0.0, "maximum": 1.0})


@pytest.mark.parametrize(
    "least, most, low, high, far",
    [
        (0, 1, 0, 255, True),
        (-3, 3, 0, 255, True),
        (0, 255, 0, 1, True),
        (0, 255, -3, 3, True),
        (10, 240, 0, 255, False),
        (100, 150, 0, 255, False),  # of low contrast
        (0, 0, 0, 255, False),  # black
        (-20, 280, 0, 255, False),  # resampled: over the edge
        (-2, 2.5, -3, 3, False),
    ],
)
def test_images_far_from_the_recordings_are_warned_of(least, most, low, high, far):
    images = np.linspace(least, most, 128).reshape(2, 8, 8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        zoo.warn_of_pixels("mine", images, {"minimum": low, "maximum": high})
    assert len(caught) == far


def test_a_preset_that_is_fed_other_units_warns():
    model = zoo.load("simulated_factorized")
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1)).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates = model.predict(images, verbose=0)
    with pytest.warns(
        UserWarning,
        match=(
            "simulated_factorized.predict: pixels lie from 0.* to .*, but the model's"
            " recording has 0 to 255"
        ),
    ):
        rates_of_fractions = model.predict(images / 255, verbose=0)
    assert rates_of_fractions.shape == rates.shape


def write_text(path):
    path.write_text("no image")


WRONG = {
    "colours.npy": (
        lambda p: np.save(p, np.zeros((2, 8, 8, 3))),
        r"found float64 \(2, 8, 8, 3\), expected numbers \(n, 8, 8\): grey levels",
    ),
    "images.mat": (write_text, "images.mat: expected an .npy, an .npz or an image"),
    "size.npy": (
        lambda p: np.save(p, np.zeros((2, 9, 8))),
        r"found float64 \(2, 9, 8\), expected numbers \(n, 8, 8\)",
    ),
    "text.npy": (lambda p: np.save(p, np.full((8, 8), "a")), r"found <U1 \(8, 8\)"),
    "nan.npy": (
        lambda p: np.save(p, np.full((8, 8), np.nan)),
        "pixels that are not finite",
    ),
    "pickle.npy": (
        lambda p: np.save(p, np.full((8, 8), None), allow_pickle=True),
        "holds pickled Python objects",
    ),
    "two.npz": (
        lambda p: np.savez(p, a=np.zeros((8, 8)), b=np.zeros((8, 8))),
        "found the arrays a, b, expected one called images",
    ),
    "text.npz": (write_text, "text.npz"),
    "text.png": (write_text, "text.png"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_image_is_refused_by_name(tmp_path, name):
    make, message = WRONG[name]
    make(tmp_path / name)
    with pytest.raises((ValueError, OSError), match=message) as raised:
        read(tmp_path / name)
    assert name in str(raised.value)

import numpy as np
import pytest

from v1keras.experiment import Screen, gamma_luminances, table_luminances


def screen(**changes):
    values = {
        "size_px": (640, 480),
        "width_cm": 40,
        "distance_cm": 57,
        "degrees": 5,
        "position": (3, -2),
        "pixel_range": (0, 255),
        "luminances": gamma_luminances(2.2),
    }
    return Screen(**values | changes)


@pytest.mark.parametrize("degrees", [3.0, 5.0, 7.7])
def test_a_picture_of_the_screen_holds_the_image_alone(degrees):
    levels = np.random.default_rng(0).integers(0, 256, (30, 40)).astype("uint8")
    shown = screen(degrees=degrees)
    picture = shown.picture(levels, background=186)
    np.testing.assert_array_equal(shown.cut_out(picture, (30, 40), 186), levels)
    picture[0, 0] += 1
    with pytest.raises(ValueError, match="something else than one image"):
        shown.cut_out(picture, (30, 40), 186)


def test_size_and_place_are_those_of_the_geometry():
    """On a flat screen: twice the tangent of half the angle times the distance."""
    top, left, height, width = screen().patch((30, 30))
    assert width == height == round(2 * 57 * np.tan(np.radians(2.5)) * 640 / 40)
    middle = left + width / 2 - 320, 240 - top - height / 2
    expected = [57 * np.tan(np.radians(angle)) * 640 / 40 for angle in (3, -2)]
    np.testing.assert_allclose(middle, expected, atol=1)


def test_levels_invert_a_gamma():
    shown = screen(pixel_range=(-1, 1))
    images = np.linspace(-1, 1, 64).reshape(1, 8, 8)
    levels = shown.levels(images)
    expected = np.round(255 * ((images + 1) / 2) ** (1 / 2.2))
    assert np.abs(levels - expected).max() <= 1  # nearest by luminance, not by level
    luminance = (np.arange(256) / 255) ** 2.2
    for image, level in zip(images.ravel(), levels.ravel(), strict=True):
        assert abs(luminance - (image + 1) / 2).argmin() == level
    np.testing.assert_allclose(shown.pixels(levels), 2 * luminance[levels] - 1, 1e-5)


def test_a_measured_table_is_drawn_through_its_points():
    luminances = table_luminances([0, 60, 120, 255], [0.4, 3.0, 30.0, 110.0])
    assert luminances[[0, 60, 120, 255]].tolist() == [0.4, 3.0, 30.0, 110.0]
    assert (np.diff(luminances) > 0).all()
    shown = screen(luminances=luminances)
    grey = (30 - 0.4) / (110 - 0.4) * 255
    assert shown.levels(np.array([grey])) == [120]


def test_the_power_of_a_wrong_screen():
    np.testing.assert_allclose(
        screen().distorted(np.array([0, 127.5, 255.0]), 2.0), [0, 63.75, 255]
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"luminances": gamma_luminances(1)[::-1]}, "expected luminances that rise"),
        ({"degrees": 0.1}, "come closer, or show them larger"),
        ({"degrees": 60}, "leaves the screen"),
        ({"position": (25, 0)}, "leaves the screen"),
        ({"distance_cm": -1}, "expected numbers above 0"),
        ({"pixel_range": (5, 5)}, "pixel range"),
    ],
)
def test_impossible_screens_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        screen(**changes).patch((30, 30))


@pytest.mark.parametrize(
    ("levels", "luminances", "message"),
    [
        ([0, 100, 255], [0, 5, 4], "luminance 5 .level 100. is followed by 4"),
        ([0, 200, 100, 255], [0, 1, 2, 3], "level 200 .* is followed by 100"),
        ([0, 255], [0, np.nan], "followed by nan"),
        ([16, 235], [0, 1], "levels from 16 to 235"),
        ([0], [0], "two or more"),
    ],
)
def test_tables_that_do_not_rise_are_refused(levels, luminances, message):
    with pytest.raises(ValueError, match=message):
        table_luminances(levels, luminances)


def test_pixels_that_the_screen_has_not_are_refused():
    with pytest.raises(ValueError, match="the screen shows 0 to 255"):
        screen().levels(np.array([300.0]))

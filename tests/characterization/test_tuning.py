"""In-silico physiology of neurons whose answer is known: linear-nonlinear and energy
models.
"""

import numpy as np
import pytest
from simulated_cells import DISPLAY, FREQUENCIES, ORIENTATIONS, SIZE, energy, outputs

from v1keras.characterization import center_surround, tuning

PLACES = {"row": np.full(6, 14.0), "column": np.full(6, 17.0)}


def simple(quadrature, power, images):
    return np.maximum(outputs(quadrature[0], images), 0) ** power


@pytest.fixture(scope="module")
def found(quadrature):
    cells = {
        "rectified": lambda images: simple(quadrature, 1, images),
        "half_squared": lambda images: simple(quadrature, 2, images),
        "energy": lambda images: energy(quadrature, images),
    }
    return {
        name: tuning(rates, np.arange(6), PLACES, DISPLAY)
        for name, rates in cells.items()
    }


@pytest.mark.parametrize(
    ("cell", "ratio"),
    # Of max(cos, 0): (1/2) / (1/pi). Of max(cos, 0)^2: (4 / 3 pi) / (1/4).
    [("rectified", np.pi / 2), ("half_squared", 16 / (3 * np.pi)), ("energy", 0)],
)
def test_first_harmonic_over_mean(found, cell, ratio):
    np.testing.assert_allclose(found[cell][1]["f1_f0"], ratio, atol=0.03)


def test_f1_f0_is_above_the_rate_to_grey_and_missing_where_nothing_is(quadrature):
    added = tuning(
        lambda images: simple(quadrature, 2, images) + 3, np.arange(6), PLACES, DISPLAY
    )[1]
    np.testing.assert_allclose(added["f1_f0"], 16 / (3 * np.pi), atol=0.03)
    np.testing.assert_allclose(added["grey_rate"], 3, atol=1e-6)
    silent = tuning(
        lambda images: np.full((len(images), 1), 2.0),
        [0],
        {"row": [14.0], "column": [17.0]},
        DISPLAY,
    )[1]
    assert np.isnan(silent["f1_f0"][0]) and np.isnan(silent["surround_suppression"][0])


@pytest.mark.parametrize("cell", ["half_squared", "energy"])
def test_preferred_orientation_and_frequency(found, cell):
    columns = found[cell][1]
    off = (columns["grating_orientation_deg"] - ORIENTATIONS + 90) % 180 - 90
    assert np.abs(off).max() < 2
    np.testing.assert_allclose(columns["grating_frequency"], FREQUENCIES, rtol=0.1)


def test_orientation_selectivity_of_an_energy_model(found):
    """Over the whole Gaussian a grating at angle a drives exp(-(2 pi s)^2 |k - k0|^2),
    k the frequency vectors, and -k0 likewise.
    """
    columns = found["energy"][1]
    angles = np.radians(np.arange(0, 180, 0.5))
    for frequency, selectivity in zip(
        FREQUENCIES, columns["orientation_selectivity"], strict=True
    ):
        apart = [
            (2 * np.pi * 4 * frequency) ** 2 * (2 - 2 * np.cos(angles + turn))
            for turn in (0, np.pi)
        ]
        tuned = sum(np.exp(-a) for a in apart)
        expected = np.abs((tuned * np.exp(2j * angles)).sum()) / tuned.sum()
        assert selectivity == pytest.approx(expected, abs=0.04)


def test_a_circular_filter_has_no_orientation():
    ring = {
        "row": 16,
        "column": 16,
        "width_center": 2,
        "width_surround": 4,
        "amplitude_center": 1,
        "amplitude_surround": 0.25,
    }
    kernel = center_surround(ring, SIZE)
    columns = tuning(
        lambda images: np.maximum(outputs(kernel, images), 0),
        [0],
        {"row": [16.0], "column": [16.0]},
        DISPLAY,
    )[1]
    assert columns["orientation_selectivity"][0] < 0.01


def test_contrast_and_size(quadrature):
    """Half-squared output grows with contrast squared; normalised by the contrast of a
    wide pool, a large grating suppresses.
    """
    wide = np.ones(SIZE) / 1024

    def normalised(images):
        contrast = np.square(
            (np.asarray(images)[..., 0] - DISPLAY.grey) / DISPLAY.amplitude
        )
        return (
            energy(quadrature, images)
            / (0.02 + np.einsum("bhw,hw->b", contrast, wide))[:, None]
        )

    curves, columns = tuning(
        lambda images: energy(quadrature, images), np.arange(6), PLACES, DISPLAY
    )
    contrasts, means = curves["contrast"]
    np.testing.assert_allclose(means / means[:, -1:], contrasts**2, atol=1e-3)
    assert np.abs(columns["surround_suppression"]).max() < 0.02
    suppressed = tuning(normalised, np.arange(6), PLACES, DISPLAY)
    columns, (radii, means) = suppressed[1], suppressed[0]["radius"]
    assert (columns["surround_suppression"] > 0.3).all() and (
        columns["grating_radius"] < 12
    ).all()
    np.testing.assert_allclose(
        columns["surround_suppression"], 1 - means[:, -1] / means.max(axis=1), atol=1e-6
    )
    assert (np.diff(radii, axis=1) > 0).all()


def test_the_rates_are_asked_in_few_large_calls(quadrature):
    sizes = []

    def rates(images):
        sizes.append(len(images))
        return energy(quadrature, images)

    tuning(rates, np.arange(6), PLACES, DISPLAY)
    assert sum(sizes) < 1600 + 6 * 600 and len(sizes) < 15

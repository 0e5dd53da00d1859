"""In-silico physiology of neurons whose answer is known: linear-nonlinear and energy
models.
"""

import numpy as np
import pytest
import tensorflow as tf

from v1keras.characterization import (
    GratingDisplay,
    best_center_surround,
    best_gabor,
    center_of,
    center_surround,
    gabor,
    gradient_fields,
    tuning,
)

SIZE = (32, 32)
DISPLAY = GratingDisplay(grey=110.0, low=0.0, high=255.0, image_size=SIZE)
GABOR = {
    "row": 14,
    "column": 17,
    "width_along": 4.0,
    "width_across": 4.0,
    "amplitude": 1,
}
ORIENTATIONS, FREQUENCIES = (
    (0, 33, 77, 90, 135, 178),
    (0.1, 0.12, 0.14, 0.16, 0.18, 0.2),
)


def outputs(kernels, images):
    return (
        (np.asarray(images)[..., 0].astype(float) - DISPLAY.grey).reshape(
            len(images), -1
        )
        @ kernels.reshape(len(kernels), -1).T
        / 1000
    )


@pytest.fixture(scope="module")
def quadrature():
    """Even and odd kernels of six orientations, each with a frequency of its own; blind
    to mean luminance.
    """
    base = GABOR | {"orientation_deg": ORIENTATIONS, "frequency": FREQUENCIES}
    bump = gabor(base | {"frequency": 1e-9, "phase_deg": 0}, SIZE)
    pair = []
    for phase in (0, -90):
        kernels = gabor(base | {"phase_deg": phase}, SIZE)
        pair.append(
            kernels
            - bump * (kernels.sum(axis=(1, 2)) / bump.sum(axis=(1, 2)))[:, None, None]
        )
    return pair


PLACES = {"row": np.full(6, 14.0), "column": np.full(6, 17.0)}


def simple(quadrature, power, images):
    return np.maximum(outputs(quadrature[0], images), 0) ** power


def energy(quadrature, images):
    return sum(outputs(kernels, images) ** 2 for kernels in quadrature)


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


def test_gratings_keep_the_range_and_stand_where_they_should():
    shown = {
        "row": 8,
        "column": 20,
        "orientation_deg": 0,
        "frequency": 0.1,
        "phase_deg": 0,
        "radius": 5,
        "contrast": 1,
    }
    display = GratingDisplay(grey=200.0, low=10.0, high=250.0, image_size=(20, 30))
    image = display.gratings(shown)[0, ..., 0]
    assert (
        image.min() >= 150 and image.max() <= 250 and image.max() == pytest.approx(250)
    )
    np.testing.assert_allclose(
        image[8, 16:24], 250
    )  # a horizontal bright stripe through the centre
    rows, columns = np.mgrid[:20, :30]
    assert (image[np.hypot(rows - 8, columns - 20) > 6] == 200).all()
    assert image[13, 20] < 200  # half a cycle, five pixels, below
    with pytest.raises(
        ValueError, match="grey 300 is not between the pixel range's 10 and 250"
    ):
        GratingDisplay(300, 10, 250, (20, 30))
    with pytest.raises(ValueError, match="contrast of the gratings: found 1.5"):
        tuning(None, [0], {}, display, contrast=1.5)


def test_the_rates_are_asked_in_few_large_calls(quadrature):
    sizes = []

    def rates(images):
        sizes.append(len(images))
        return energy(quadrature, images)

    tuning(rates, np.arange(6), PLACES, DISPLAY)
    assert sum(sizes) < 1600 + 6 * 600 and len(sizes) < 15


def test_gradient_fields_of_a_linear_and_of_an_energy_model(quadrature):
    even, odd = (
        tf.constant(kernels.reshape(6, -1).T / 1000, tf.float32)
        for kernels in quadrature
    )

    def rates(images):
        flat = tf.reshape(images - DISPLAY.grey, (-1, 1024))
        return tf.concat(
            [flat @ even, tf.square(flat @ even) + tf.square(flat @ odd)], axis=1
        )

    images = np.random.default_rng(0).normal(DISPLAY.grey, 30, (700, *SIZE))
    fields = gradient_fields(rates, [2, 8], images)
    np.testing.assert_allclose(
        fields[0], np.square(quadrature[0][2] / 1000), rtol=1e-4, atol=1e-12
    )
    outputs_of = [
        (images.reshape(700, -1) - DISPLAY.grey) @ k[2].ravel() / 1000
        for k in quadrature
    ]
    gradients = 2 * sum(
        o[:, None] * k[2].ravel() / 1000
        for o, k in zip(outputs_of, quadrature, strict=True)
    )
    np.testing.assert_allclose(
        fields[1].ravel(), np.square(gradients).mean(axis=0), rtol=1e-2, atol=1e-8
    )
    places = center_of(fields)
    assert places["row"] == pytest.approx([14, 14], abs=0.5) and places[
        "column"
    ] == pytest.approx([17, 17], abs=0.5)
    nowhere = center_of(np.zeros((1, 3, 5)))
    assert nowhere["row"] == pytest.approx([1]) and nowhere["column"] == pytest.approx(
        [2]
    )


def normed(patterns):
    return (
        300 * patterns / np.sqrt(np.square(patterns).sum(axis=(1, 2, 3), keepdims=True))
    )


def test_best_gabor_of_a_cell_that_is_one(quadrature):
    """The control can't beat the filter, and reaches it from a fit that is off by a
    step of its grid.
    """
    kernels = gabor(
        GABOR
        | {
            "orientation_deg": ORIENTATIONS,
            "frequency": FREQUENCIES,
            "phase_deg": 50,
        },
        SIZE,
    )
    off = {
        name: np.broadcast_to(np.asarray(value, float), 6)
        for name, value in GABOR.items()
    }
    off |= {
        "orientation_deg": np.array(ORIENTATIONS) + 8.0,
        "frequency": np.array(FREQUENCIES) / 1.15,
        "phase_deg": np.full(6, 20.0),
    }
    rates = lambda images: np.maximum(outputs(kernels, images), 0)
    neurons = [4, 0, 5]
    patterns, reached = best_gabor(
        rates,
        neurons,
        {name: column[neurons] for name, column in off.items()},
        SIZE,
        DISPLAY.grey,
        normed,
    )
    limit = 300 * np.linalg.norm(kernels.reshape(6, -1), axis=1)[neurons] / 1000
    np.testing.assert_allclose(reached, limit, rtol=1e-4)
    np.testing.assert_allclose(
        np.linalg.norm(patterns.reshape(3, -1), axis=1), 300, rtol=1e-5
    )
    np.testing.assert_allclose(
        rates(DISPLAY.grey + patterns[..., None])[range(3), neurons], reached, rtol=1e-5
    )


def test_best_center_surround_finds_the_polarity():
    off_center = {
        "row": 15,
        "column": 15,
        "width_center": 2,
        "width_surround": 4,
        "amplitude_center": -1,
        "amplitude_surround": -0.25,
    }
    kernel = center_surround(off_center, SIZE)
    rates = lambda images: np.maximum(outputs(kernel, images), 0)
    on = {name: np.array([abs(value)], float) for name, value in off_center.items()}
    reached = best_center_surround(rates, [0], on, SIZE, DISPLAY.grey, normed)[1]
    np.testing.assert_allclose(reached, 300 * np.linalg.norm(kernel) / 1000, rtol=1e-4)

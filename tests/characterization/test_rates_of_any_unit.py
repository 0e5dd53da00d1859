"""Cells whose rates are of another unit, or z-scores: the same cells, or no answer."""

import numpy as np
import pytest
from simulated_cells import DISPLAY, SIZE, outputs

import v1keras
from v1keras.characterization import gabor, tuning
from v1keras.evaluation import image_selectivity
from v1keras.inversion import matched_contrast
from v1keras.models import DenseReadout, StackedCore, V1Model
from v1keras.report.cell_figures import times_best_image

PLACE = {"row": 16.0, "column": 16.0}
SHAPE = {"orientation_deg": 30.0, "frequency": 0.18, "amplitude": 1.0}
WIDTHS = {"width_along": 3.0, "width_across": 3.0, "phase_deg": np.array([0.0, 90.0])}
PLACES = {name: np.array([value, value]) for name, value in PLACE.items()}
UNITLESS = (
    *("orientation_selectivity", "f1_f0", "surround_suppression"),
    *("length_suppression", "grating_orientation_deg", "grating_frequency"),
)


def counts(images):
    """Rates of a simple and of a complex cell, with some without a stimulus."""
    drives = 5 * outputs(gabor(PLACE | SHAPE | WIDTHS, SIZE), images)
    simple = np.maximum(drives[:, 0], 0) ** 2
    return 0.5 + np.stack([simple, (drives**2).sum(axis=1)], axis=1)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("zero", [0.0, -0.8, 3.0, -40.0])
def test_ratios_are_those_of_counts_from_silence(scale, zero):
    zero = zero * scale
    expected = tuning(counts, [0, 1], PLACES, DISPLAY)[1]
    _, columns = tuning(
        lambda images: zero + scale * counts(images),
        *([0, 1], PLACES, DISPLAY),
        zero_rates=np.full(2, zero),
    )
    for name in UNITLESS:
        np.testing.assert_allclose(columns[name], expected[name], rtol=1e-3)
    assert (columns["orientation_selectivity"] <= 1).all()


@pytest.mark.parametrize("zero", [-0.8, -2.0])
def test_a_selectivity_of_rates_around_zero_can_not_be_told(zero):
    _, columns = tuning(
        lambda images: zero + counts(images), *([0, 1], PLACES, DISPLAY)
    )
    curves = counts(np.full((1, *SIZE, 1), DISPLAY.grey)) + zero
    assert (curves < 0).all()
    assert np.isnan(columns["orientation_selectivity"]).all()
    expected = tuning(counts, [0, 1], PLACES, DISPLAY)[1]
    for name in UNITLESS[1:]:  # which are from the rate to grey
        np.testing.assert_allclose(columns[name], expected[name], rtol=1e-3)


def test_selectivity_for_images_is_that_of_counts_in_any_unit():
    counts = np.random.default_rng(0).poisson(2.0, (40, 3)).astype(float)
    assert (counts.min(axis=0) == 0).all()
    expected = image_selectivity(counts)
    for responses in (0.02 * (counts - 1), counts - counts.mean(axis=0), 1e6 * counts):
        np.testing.assert_allclose(image_selectivity(responses), expected)


def test_times_the_best_image_is_from_silence():
    columns = {
        "rate": np.array([2.0, 1.0, -0.1, 0.5]),
        "best_image_rate_at_norm": np.array([1.0, 0.0, -0.2, -0.5]),
    }
    ratios = times_best_image(columns)
    np.testing.assert_array_equal(ratios, [2.0, np.nan, np.nan, np.nan])
    columns["zero_rate"] = np.array([0.0, -1.0, -0.4, -1.0])
    np.testing.assert_allclose(times_best_image(columns), [2.0, 2.0, 1.5, 3.0])


@pytest.mark.slow
def test_a_model_of_z_scores_has_the_cells_of_the_counts():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 16, 16), dtype="uint8")
    responses = rng.poisson(2.0, (40, 2)).astype("float32")
    recording = v1keras.Recording(images, responses)
    tables, contrast = [], None
    for unit in ({}, {"output_scale": [0.4, 3.0], "output_offset": [-1.2, -90.0]}):
        core = StackedCore((4,), (7,))
        readout = DenseReadout(2, **unit)
        model = V1Model(core, readout, (16, 16), pixel_mean=127.0, pixel_std=60.0)
        for i, weight in enumerate(model.trainable_weights):
            weights = np.random.default_rng(i).normal(0, 0.2, weight.shape)
            weight.assign(weights)
        # Found in a few steps: where they end depends on the unit by some percent.
        contrast = contrast or matched_contrast(model, recording.images)
        stimuli = v1keras.preferred_stimuli(
            model, recording, [0, 1], contrast, steps=40
        )
        tables.append(v1keras.characterize(model, recording, stimuli).table)
    expected, table = tables
    assert (table["grey_rate"] < 0).any()
    np.testing.assert_allclose(table["zero_rate"], [-1.2, -90.0])
    assert table["class"].tolist() == expected["class"].tolist()
    for name in UNITLESS:
        # Indices are of the order of 1, and stimuli end within rounding of each other.
        np.testing.assert_allclose(table[name], expected[name], rtol=0.02, atol=1e-3)
    ratios = times_best_image(table)
    np.testing.assert_allclose(ratios, times_best_image(expected), rtol=0.02)

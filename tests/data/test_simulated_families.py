import numpy as np
import pytest
import tensorflow as tf

from tools.studies.true_rates import TrueRates
from v1keras.data.simulated_cells import (
    FAMILIES,
    draw_cell,
    rates_of,
    simulate_families,
)

SIZE = 24
CONTRAST = np.random.default_rng(5).normal(size=(6, SIZE, SIZE))


def rate_by_loops(cell, image):
    """The rate of one cell to one image, filter by filter."""
    drive, partner, suppression = 0.0, 0.0, 0.5
    for i, kernel in enumerate(cell.filters):
        output = sum(kernel[r] @ image[r] for r in range(SIZE))
        if cell.rectified[i] and output < 0:
            output = 0.0
        drive += cell.weights[i] * output**2
        partner += cell.partner_weights[i] * output**2
        suppression += cell.suppression[i] * output**2
    suppression += (cell.pool * image**2).sum()
    drive = max(drive - cell.threshold, 0)
    if any(cell.partner_weights):
        drive = np.sqrt(drive * max(partner, 0))
    return (drive / suppression) ** cell.power


@pytest.mark.parametrize("family", FAMILIES)
def test_rates_are_those_of_the_formula(family):
    cell = draw_cell(family, SIZE, np.random.default_rng(3), CONTRAST)
    assert cell.family == family
    expected = [rate_by_loops(cell, image) for image in CONTRAST]
    np.testing.assert_allclose(rates_of(cell, CONTRAST), expected, rtol=1e-9)
    norms = np.square(cell.filters).sum(axis=(1, 2))
    assert norms == pytest.approx(np.ones(len(norms)))


def test_what_a_family_is_for_drives_it():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIZE, :SIZE]

    def rate(family, *images):
        cell = draw_cell(family, SIZE, np.random.default_rng(3), CONTRAST)
        pictures = [image(cell.truth) if callable(image) else image for image in images]
        return rates_of(cell, np.stack(pictures))

    def grating(phase_deg, turned=0.0):
        def image(truth):
            angle = np.radians(truth["orientation_deg"] + turned)
            across = columns * np.sin(angle) + rows * np.cos(angle)
            wave = 2 * np.pi * truth["frequency"] * across
            return np.cos(wave + np.radians(phase_deg))

        return image

    phases = rate("complex_2", *map(grating, range(0, 360, 45)))
    assert np.ptp(phases) < 0.1 * phases.mean()
    best, opposite = rate("simple", *map(grating, range(0, 360, 10)))[[0, 18]]
    assert min(best, opposite) < 0.1 * max(best, opposite)
    along, across = rate("complex_2", grating(0), grating(0, turned=90))
    assert across < 0.2 * along
    bright, dark = rate("luminance", np.ones((SIZE, SIZE)), -np.ones((SIZE, SIZE)))
    assert min(bright, dark) == 0 < max(bright, dark)
    shuffled = rng.permutation(CONTRAST[0].ravel()).reshape(SIZE, SIZE)
    before, after = rate("contrast", CONTRAST[0], shuffled)
    assert before == pytest.approx(after, rel=0.3)
    answers = rate("single_image", *CONTRAST)
    assert np.sort(answers)[-2] < 0.1 * answers.max()


def test_suppression_lowers_the_rate():
    for family in ("surround_suppressed", "cross_suppressed", "end_stopped"):
        cell = draw_cell(family, SIZE, np.random.default_rng(1), CONTRAST)
        suppressed = rates_of(cell, CONTRAST)
        cell.suppression = np.zeros_like(cell.suppression)
        assert (suppressed < rates_of(cell, CONTRAST)).all()


def test_a_recording_holds_the_rates_behind_its_spikes():
    families = ["simple", "dead", "plaid", "noisy"]
    recording, cells, scales = simulate_families(
        families, 2, 60, 40, image_size=SIZE, presentations=20, repeats=200, seed=4
    )
    kinds = recording.neurons["kind"].tolist()
    assert kinds == ["simple"] * 2 + ["plaid"] * 2 + ["dead"] * 2 + ["noisy"] * 2
    contrast = (recording.images - 127.0) / 45.0
    rates = recording.neurons["true_rate"]
    for i, cell in enumerate(cells):
        expected = scales[i] * rates_of(cell, contrast)
        np.testing.assert_allclose(rates[i], expected, rtol=1e-5)
        assert 1 <= rates[i].mean() <= 5
    assert not rates[4:6].any() and not recording.responses[:, 4:6].any()
    assert np.ptp(rates[6:]) == 0
    # 200 Poisson presentations of 40 images: the mean is within 5 standard errors.
    errors = recording.responses[60:].mean(axis=0) - rates[:, 60:].mean(axis=1)
    assert (abs(errors) <= 5 * np.sqrt(rates.mean(axis=1) / 8000) + 1e-9).all()
    counts = recording.responses[:60] * 20
    np.testing.assert_allclose(counts, counts.round(), atol=1e-3)


def test_a_family_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="family: found 'round'"):
        simulate_families(["round"], 1, 20, 10, image_size=SIZE)


def test_the_rates_that_are_inverted_are_the_cells():
    recording, cells, scales = simulate_families(
        list(FAMILIES), 1, 20, 10, image_size=SIZE
    )
    rates = TrueRates(cells, scales)(
        tf.constant(recording.images[..., None], "float32")
    )
    expected = recording.neurons["true_rate"].T
    np.testing.assert_allclose(rates, expected, rtol=1e-3, atol=1e-4)

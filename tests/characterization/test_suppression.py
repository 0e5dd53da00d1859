"""Cells that a longer grating, or one beside the best, suppresses: by how much."""

import numpy as np
import pytest
from simulated_cells import DISPLAY, SIZE, outputs

from v1keras.characterization import flank_columns, gabor, tuning

PLACE = {"row": 16.0, "column": 16.0}
WAVE = {"orientation_deg": 30.0, "frequency": 0.18, "amplitude": 1.0}
WIDTHS = {"width_along": 2.0, "width_across": 2.0}


def energies(shifts):
    """Return a function, images -> energy at each place along and across stripes."""
    angle = np.radians(WAVE["orientation_deg"])
    pairs = []
    for along, across in shifts:
        place = {
            "row": PLACE["row"] + across * np.cos(angle) - along * np.sin(angle),
            "column": PLACE["column"] + along * np.cos(angle) + across * np.sin(angle),
        }
        phases = {"phase_deg": np.array([0.0, 90.0])}
        pairs.append(gabor(place | WAVE | WIDTHS | phases, SIZE))

    def measure(images):
        of_pairs = [(outputs(pair, images) ** 2).sum(axis=1) for pair in pairs]
        return np.stack(of_pairs, axis=1)

    return measure


def cell(shifts, strength):
    """Return rates of a cell that energy at its sides divides."""
    center, sides = energies([(0, 0)]), energies(shifts)

    def rates(images):
        suppression = 0.01 + strength * sides(images).sum(axis=1)
        return (center(images)[:, 0] / suppression)[:, None]

    return rates


def columns_of(rates, orientation_deg):
    places = {name: np.array([value]) for name, value in PLACE.items()}
    places["orientation_deg"] = np.array([orientation_deg])
    places["frequency"] = np.array([WAVE["frequency"]])
    return tuning(rates, [0], places, DISPLAY)


@pytest.mark.parametrize("strength", [0.01, 0.1, 1.0])
def test_length_suppression_is_that_of_bars_of_the_true_orientation(strength):
    rates = cell([(-8, 0), (8, 0)], strength)
    curves, columns = columns_of(rates, WAVE["orientation_deg"])
    off = columns["grating_orientation_deg"][0] - WAVE["orientation_deg"]
    assert abs((off + 90) % 180 - 90) < 10
    assert columns["grating_frequency"][0] == pytest.approx(0.18, rel=0.15)
    # By hand: a bar as wide as the cell's window, of each length.
    rows, right = np.mgrid[:32, :32] - 16.0
    angle = np.radians(WAVE["orientation_deg"])
    across = right * np.sin(angle) + rows * np.cos(angle)
    along = right * np.cos(angle) - rows * np.sin(angle)
    means = []
    for length in np.arange(3, 46, 2):
        bar = (np.abs(across) <= columns["grating_radius"][0]) & (
            np.abs(along) <= length / 2
        )
        waves = [
            bar * np.cos(2 * np.pi * 0.18 * across + phase)
            for phase in np.arange(8) * np.pi / 4
        ]
        images = DISPLAY.grey + 0.5 * DISPLAY.amplitude * np.stack(waves)
        means.append(rates(images[..., None]).mean())
    expected = 1 - means[-1] / max(means)
    assert columns["length_suppression"][0] == pytest.approx(expected, abs=0.1)
    lengths, over_length = curves["length"]
    assert lengths.shape == over_length.shape and lengths.max() > 40


def test_no_fit_is_needed_and_a_wrong_one_does_no_harm():
    rates = cell([(-8, 0), (8, 0)], 0.001)
    _, right = columns_of(rates, WAVE["orientation_deg"])
    _, wrong = columns_of(rates, 120.0)
    without = tuning(rates, [0], {"row": [16.0], "column": [16.0]}, DISPLAY)[1]
    for columns in (wrong, without):
        off = columns["grating_orientation_deg"] - right["grating_orientation_deg"]
        assert abs((off[0] + 90) % 180 - 90) < 3


def test_a_ratio_has_no_denominator_near_zero():
    """A linear cell has a mean of zero over phases: F1/F0 would be infinite."""
    kernel = gabor(PLACE | WAVE | WIDTHS | {"phase_deg": 0.0}, SIZE)
    linear = lambda images: 5 + outputs(kernel[None], images)
    places = {"row": [16.0], "column": [16.0]}
    columns = tuning(linear, [0], places, DISPLAY)[1]
    assert 5 < columns["f1_f0"][0] <= 10.01
    assert np.nan_to_num(columns["surround_suppression"][0]) <= 1.01


def flanked(rates):
    grating = PLACE | WAVE | {"radius": 4.0}
    columns = {name: np.array([value]) for name, value in grating.items()}
    return flank_columns(rates, [0], columns, DISPLAY)


def test_flanks_tell_one_side_from_both():
    one, both = cell([(0, 8)], 1.0), cell([(0, 8), (0, -8)], 1.0)
    alone = cell([(0, 8)], 0.0)
    found = {name: flanked(rates) for name, rates in (("one", one), ("both", both))}
    assert found["one"]["flank_asymmetry"][0] > 0.7
    assert found["both"]["flank_asymmetry"][0] < 0.3
    for columns in found.values():
        assert columns["flank_suppression"][0] > 0.9
    assert flanked(alone)["flank_suppression"][0] < 0.1
    silent = flanked(lambda images: np.zeros((len(images), 1)))
    assert np.isnan(silent["flank_suppression"][0])
    assert np.isnan(silent["flank_asymmetry"][0])

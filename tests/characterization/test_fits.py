"""What the fits have in common: their units, and what cannot be fitted."""

import numpy as np
import pytest

from v1keras.characterization import fit_center_surrounds, fit_gabors, in_degrees


def test_degrees():
    fits = {
        "row": np.array([10.0]),
        "frequency": np.array([0.1]),
        "width_center": np.array([3.0]),
        "orientation_deg": np.array([30.0]),
    }
    found = in_degrees(fits, 12.0)
    assert {name: float(column[0]) for name, column in found.items()} == pytest.approx(
        {"row_deg": 10 / 12, "frequency_cpd": 1.2, "width_center_deg": 0.25}
    )
    with pytest.raises(
        ValueError, match="pixels_per_degree: found 0, expected a number above 0"
    ):
        in_degrees(fits, 0)


@pytest.mark.parametrize("fit", [fit_gabors, fit_center_surrounds])
def test_what_cannot_be_fitted_is_named(fit):
    patterns = np.random.default_rng(0).normal(size=(3, 12, 12))
    patterns[1] = 0
    with pytest.raises(ValueError, match="pattern 1 is grey throughout or not finite"):
        fit(patterns)
    with pytest.raises(
        ValueError, match=r"patterns of shape \(12, 12\); expected \(n, height, width\)"
    ):
        fit(patterns[0])

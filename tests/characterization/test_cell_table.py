"""The table that an inversion prints."""

import re

import numpy as np

from v1keras.characterization.cell_table import cell_table

CONTROLS = {
    "best_image_rate_at_norm": [1.0, 2.0, 9.0],  # below, below and above the rate
    "best_image_rate": [8.0, 1.0, 1.0],
    "best_gabor_rate": [1.0, 8.0, 5.0],
    "best_center_surround_rate": [2.0, 2.0, 8.0],
}


def test_cells_are_counted_where_their_stimulus_beats_the_control():
    columns = {
        "neuron": np.arange(3),
        "rate": np.array([4.0, 5.0, 6.0]),
        "converged": np.array([True, True, False]),
        "second_cosine": np.array([0.95, 0.5, 0.9]),
        "class": np.array(["gabor", "texture", "gabor"]),
    }
    columns |= {name: np.array(values) for name, values in CONTROLS.items()}
    columns["judged_rate"] = np.array([2.0, 3.0, 1.0])
    columns["judged_best_image_rate"] = np.array([1.0, 1.0, 2.0])
    columns["half_rate"] = np.array([5.0, 1.0, 6.0])
    columns["half_best_image_rate"] = np.array([4.0, 2.0, 5.0])
    lines = cell_table(columns, norm=400, rms=12.5).splitlines()
    rows = [re.search(r"(\d) of 3 +(\d+\.\d\d)$", line) for line in lines[3:7]]
    beaten = [(int(row[1]), float(row[2])) for row in rows]
    # Ratios to each: 4, 2.5, 0.67; 0.5, 5, 6; 4, 0.63, 1.2; 2, 2.5, 0.75.
    assert beaten == [(2, 2.5), (2, 5.0), (2, 1.2), (2, 2.0)]
    judged = [line for line in lines if "more than to their best image" in line]
    assert len(judged) == 2
    assert all(line.endswith(": 2 of 3") for line in judged)
    assert "3 neurons inverted; 2 converged" in lines[0]
    again = next(line for line in lines if line.startswith("found again"))
    assert again.endswith(": 2 of 3")
    assert lines[-1] == "classes: gabor 2, texture 1"

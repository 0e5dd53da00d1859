"""Gratings, drawn."""

import numpy as np
import pytest

from v1keras.characterization import GratingDisplay, tuning


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

"""Filters of simulated neurons, and the columns that describe them."""

import numpy as np
import pytest

from v1keras.data import simulate_recording


def test_texture_filters_end_two_standard_deviations_from_the_centre():
    """Standard deviations are 0.07 to 0.1 of the image."""
    size = 32
    neurons = simulate_recording(
        10, 40, neurons_per_kind=8, image_size=size, repeats=2, seed=5
    ).neurons
    for kind, kernel in zip(neurons["kind"], neurons["filter"], strict=True):
        rows, columns = np.nonzero(kernel)
        high, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        if kind == "texture":
            assert 2 * 2 * 0.07 * size - 1 <= min(high, wide)
            assert max(high, wide) <= 2 * 2 * 0.1 * size + 1
        else:
            assert high == wide == size


def test_columns_tell_what_the_filters_are():
    """The spectrum of a filter peaks at the frequency and across the stripes, its
    energy is centred on the place.
    """
    size = 48
    neurons = simulate_recording(
        10, 40, neurons_per_kind=8, image_size=size, repeats=2, seed=5
    ).neurons
    rows, columns = np.mgrid[:size, :size]
    for i, (kind, kernel) in enumerate(
        zip(neurons["kind"], neurons["filter"].astype(float), strict=True)
    ):
        row, column, orientation, frequency = (
            neurons[name][i]
            for name in ("row", "column", "orientation_deg", "frequency")
        )
        assert np.isnan([row, column]).all() == (kind == "texture")
        assert np.isnan([orientation, frequency]).all() == (kind == "center_surround")
        if kind != "texture":
            energy = kernel**2 / (kernel**2).sum()
            assert (energy * rows).sum() == pytest.approx(row, abs=1)
            assert (energy * columns).sum() == pytest.approx(column, abs=1)
        if kind != "center_surround":
            assert 0 <= orientation < 180
            spectrum = np.abs(np.fft.fft2(kernel, (512, 512)))[:256]
            down, right = np.unravel_index(spectrum.argmax(), spectrum.shape)
            down, right = down / 512, (right / 512 + 0.5) % 1 - 0.5
            # Stripes run at right angles to the frequency vector; rows count downward,
            # angles counter-clockwise
            stripes = np.degrees(np.arctan2(right, down)) % 180
            assert abs((stripes - orientation + 90) % 180 - 90) < 3
            assert np.hypot(down, right) == pytest.approx(
                frequency, rel=0.12
            )  # blindness to mean luminance moves the peak a little

"""The best stimulus of a given shape, where it is known."""

import numpy as np
from simulated_cells import DISPLAY, FREQUENCIES, GABOR, ORIENTATIONS, SIZE, outputs

from v1keras.characterization import (
    best_center_surround,
    best_gabor,
    center_surround,
    gabor,
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

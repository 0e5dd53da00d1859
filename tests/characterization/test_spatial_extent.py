import numpy as np
import pytest

from v1keras.characterization import gabor, spatial_extent

SIZE = (32, 32)


def test_spatial_extent_of_known_envelopes():
    point, even = np.zeros(SIZE), np.ones(SIZE)
    point[20, 5] = -2
    rows, columns = np.mgrid[:32, :32]
    checks = np.where((rows + columns) % 2, 1.0, -1.0)
    bumps = [
        np.exp(-((rows - 16) ** 2 + (columns - 15) ** 2) / (2 * width**2))
        for width in (3.0, 5.0)
    ]
    found = spatial_extent([point, even, checks, *bumps])
    assert found[0] == pytest.approx(
        0.5 / 512, rel=1e-3
    )  # half of one pixel of half the image's 1024
    # The energy of an even image is half in a disc of half the area, as far as discs of
    # pixels have one
    assert found[1] == pytest.approx(1, abs=0.01) and found[2] == pytest.approx(
        1, abs=0.01
    )
    # exp(-d^2 / s^2) of the energy lies beyond d: half of it at d^2 = s^2 ln 2
    assert found[3:] == pytest.approx(
        [2 * np.pi * np.log(2) * s**2 / 1024 for s in (3.0, 5.0)], rel=0.05
    )


def test_spatial_extent_is_little_moved_by_weak_noise_and_by_the_place():
    one = {
        "row": 12,
        "column": 14,
        "orientation_deg": 20,
        "frequency": 0.15,
        "phase_deg": 0,
        "width_along": 3,
        "width_across": 3,
        "amplitude": 1,
    }
    clean = gabor(one, SIZE)[0]
    noise = np.random.default_rng(0).normal(size=SIZE)
    noise *= np.sqrt(0.1 * np.square(clean).sum() / np.square(noise).sum())
    found = spatial_extent([clean, clean + noise, np.roll(clean, (6, -5), axis=(0, 1))])
    assert found[1] < 1.35 * found[0] and found[2] == pytest.approx(found[0], rel=1e-6)
    energy = np.square(clean + noise)
    rows, columns = np.mgrid[:32, :32]
    radius = lambda e: np.sqrt(
        (e * ((rows - 12) ** 2 + (columns - 14) ** 2)).sum() / e.sum()
    )
    assert radius(energy) > 1.5 * radius(
        clean**2
    )  # what the standard deviation of the energy would say


def test_spatial_extent_in_images_that_are_not_square():
    found = spatial_extent(np.ones((2, 20, 36)))
    assert found == pytest.approx([1, 1], abs=0.05)

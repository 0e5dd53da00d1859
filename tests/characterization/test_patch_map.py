import numpy as np
import pytest

from v1keras.characterization import GratingDisplay, patch_maps

SIZE = (24, 30)
DISPLAY = GratingDisplay(grey=100, low=0, high=200, image_size=SIZE)
WAVES = {"orientation_deg": np.array([20.0] * 3), "frequency": np.array([0.2] * 3)}


def energy_within(radius):
    """Return rates that are the contrast energy within a disk around (8, 20)."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    disk = np.hypot(rows - 8, columns - 20) <= radius

    def rates(images):
        squares = np.square(np.asarray(images)[..., 0] - 100) / 1e4
        return (squares * disk).sum(axis=(1, 2))

    return rates


def three_cells(images):
    cells = [energy_within(radius) for radius in (2, 9, 100)]
    return np.stack([cell(images) for cell in cells], axis=1)


def test_the_map_has_its_peak_at_the_cell_and_its_extent():
    maps, extents = patch_maps(three_cells, [0, 1, 2], WAVES, DISPLAY)
    row, column = np.unravel_index(maps[0].argmax(), (12, 12))
    # Centers of the patches: 12 x 12 places over 24 x 30 pixels.
    assert abs((row + 0.5) * 2 - 0.5 - 8) <= 1
    assert abs((column + 0.5) * 2.5 - 0.5 - 20) <= 1.25
    # The disk of radius 9 covers a third of the image's 720 pixels; patches reach it
    # from beyond its edge.
    rows, columns = np.mgrid[:24, :30]
    covered = (np.hypot(rows - 8, columns - 20) <= 9).mean()
    assert covered - 0.05 < extents[1] < covered + 0.2
    assert extents[0] < 0.15 and extents[2] > 0.9


def test_neurons_are_measured_with_their_own_gratings():
    maps, extents = patch_maps(three_cells, [2, 0], WAVES, DISPLAY)
    alone, _ = patch_maps(three_cells, [0], WAVES, DISPLAY)
    np.testing.assert_allclose(maps[1], alone[0])
    assert extents[0] > extents[1]


def test_a_neuron_that_no_patch_drives_has_no_extent():
    constant = lambda images: np.full((len(images), 1), 2.0)
    _, extents = patch_maps(constant, [0], WAVES, DISPLAY)
    assert np.isnan(extents).all()


def test_the_rate_to_grey_is_left_out():
    raised = lambda images: three_cells(images) + 5
    maps, extents = patch_maps(three_cells, [0, 1], WAVES, DISPLAY)
    raised_maps, raised_extents = patch_maps(raised, [0, 1], WAVES, DISPLAY)
    np.testing.assert_allclose(raised_maps, maps, atol=1e-5)
    assert raised_extents == pytest.approx(extents, rel=1e-3)

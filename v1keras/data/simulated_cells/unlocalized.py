"""Cells that sum energy over many places, or over a band of frequencies."""

import numpy as np

from v1keras.data.simulated_cells.cell import summing_cell
from v1keras.data.simulated_cells.shapes import (
    draw_wave,
    gabors,
    unit_norm,
    wave_truth,
)


def pooled(family, size, rng):
    """Draw a cell that sums a Gabor's energy over many places."""
    wave = draw_wave(size, rng)
    if family == "pool_small":
        radius, step = rng.uniform(0.09, 0.12) * size, 1.0
    elif family == "pool_large":
        radius, step = rng.uniform(0.36, 0.45) * size, 2.0
    else:
        radius, step = 0.75 * size, 2.0
    narrow = wave | {"width_along": 0.06 * size, "width_across": 0.06 * size}
    narrow["frequency"] = rng.uniform(0.25, 0.4) / narrow["width_across"]
    offsets = np.arange(-np.ceil(radius), radius + 1, step)
    filters = []
    for down in offsets:
        for right in offsets:
            place = narrow | {
                "row": wave["row"] + down,
                "column": wave["column"] + right,
            }
            inside = 0 <= place["row"] < size and 0 <= place["column"] < size
            if inside and np.hypot(down, right) <= radius:
                filters.append(gabors(size, place, [0, 90]))
    pool = np.full((size, size), size**-2.0)
    return summing_cell(family, np.concatenate(filters), pool, wave_truth(narrow))


def contrast(family, size, rng):
    """Draw a cell for contrast, anywhere, but for the very finest."""
    blocks = np.eye(size // 2).repeat(2, axis=1)
    filters = np.einsum("ih,jw->ijhw", blocks, blocks).reshape(-1, size, size)
    return summing_cell(family, unit_norm(filters), np.zeros((size, size)), {})


def spectrum(family, size, rng):
    """Draw a cell for the power in a band of frequencies, wherever it is."""
    pool = np.full((size, size), size**-2.0)
    low = rng.uniform(0.06, 0.2)
    waves = np.fft.fftfreq(size)
    down, right = np.meshgrid(waves, waves, indexing="ij")
    radius = np.hypot(down, right)
    half_plane = (down > 0) | ((down == 0) & (right > 0))
    rows, columns = np.mgrid[:size, :size]
    filters = []
    for i, j in np.argwhere((radius >= low) & (radius < 1.4 * low) & half_plane):
        phase = 2 * np.pi * (down[i, j] * rows + right[i, j] * columns)
        filters += [np.cos(phase), np.sin(phase)]
    return summing_cell(family, unit_norm(np.stack(filters)), pool, {})

"""Simple, complex and suppressed cells, which prefer a Gabor."""

import numpy as np

from v1keras.data.simulated_cells.cell import summing_cell
from v1keras.data.simulated_cells.shapes import (
    draw_wave,
    gabors,
    gaussian_pool,
    move,
    wave_truth,
)

# Directions from the center, in degrees from along its stripes, that suppress.
_SUPPRESSING = {
    "surround_suppressed": range(0, 360, 60),
    "end_stopped": [0, 180],
    "side_stopped": [90, 270],
}


def simple(family, size, rng):
    wave = draw_wave(size, rng, border=family == "border")
    cell = summing_cell(
        family,
        gabors(size, wave, [0]),
        gaussian_pool(size, wave),
        wave_truth(wave),
        True,
    )
    if family == "threshold":
        cell.threshold = 2.0
    return cell


def complex_(family, size, rng):
    wave = draw_wave(size, rng)
    if family == "complex_2":
        filters = gabors(size, wave, [0, 90])
    else:  # two quadrature pairs beside each other
        shift = 0.8 * wave["width_across"]
        pairs = [move(wave, 0, sign * shift / 2) for sign in (-1, 1)]
        filters = np.concatenate([gabors(size, pair, [0, 90]) for pair in pairs])
    return summing_cell(family, filters, gaussian_pool(size, wave), wave_truth(wave))


def suppressed(family, size, rng):
    wave = draw_wave(size, rng)
    center = gabors(size, wave, [0, 90])
    reach = 2.4 * max(wave["width_along"], wave["width_across"])
    if family == "cross_suppressed":
        turned = wave | {"orientation_deg": wave["orientation_deg"] + 90}
        around = gabors(size, turned, [0, 90])
    else:
        angles = np.radians(_SUPPRESSING[family])
        places = [(reach * np.cos(a), reach * np.sin(a)) for a in angles]
        moved = [move(wave, along, across) for along, across in places]
        around = np.concatenate([gabors(size, place, [0, 90]) for place in moved])
    filters = np.concatenate([center, around])
    is_center = np.arange(len(filters)) < len(center)
    strength = rng.uniform(0.5, 1.5)
    return summing_cell(
        family,
        filters,
        gaussian_pool(size, wave),
        wave_truth(wave),
        weights=is_center.astype(float),
        suppression=np.where(is_center, 0.0, strength),
    )

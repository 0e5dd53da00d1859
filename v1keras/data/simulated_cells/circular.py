"""Cells with a round receptive field."""

from v1keras.data.simulated_cells.cell import summing_cell
from v1keras.data.simulated_cells.shapes import (
    draw_place,
    gaussian,
    unit_norm,
)


def circular(family, size, rng):
    row, column = draw_place(size, rng)
    width = rng.uniform(0.05, 0.1) * size
    sign = {"blob_on": 1, "blob_off": -1}.get(family) or rng.choice([-1, 1])
    aspect = rng.uniform(1.1, 1.3) if family == "elongated" else 1.0
    angle = rng.uniform(0, 180)
    bump = gaussian(size, row, column, width * aspect, width / aspect, angle)
    if not family.startswith("blob"):
        ratio = rng.uniform(1.5, 2.5)
        around = gaussian(
            size, row, column, ratio * width * aspect, ratio * width / aspect, angle
        )
        bump = bump / bump.sum() - rng.uniform(0.7, 1.0) * around / around.sum()
    truth = {"row": row, "column": column}
    pool = gaussian(size, row, column, 3 * width, 3 * width)
    return summing_cell(
        family, unit_norm(sign * bump[None]), pool / pool.sum(), truth, True
    )

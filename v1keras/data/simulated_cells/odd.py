"""Cells whose preferred stimulus is neither a Gabor, nor round, nor a texture."""

import numpy as np

from v1keras.data.simulated_cells.cell import summing_cell
from v1keras.data.simulated_cells.shapes import (
    HIGHEST_FREQUENCY,
    along_and_across,
    draw_place,
    draw_wave,
    gabors,
    gaussian,
    gaussian_pool,
    move,
    unit_norm,
)


def luminance(family, size, rng):
    row, column = draw_place(size, rng)
    width = rng.uniform(0.5, 2.0) * size
    bump = gaussian(size, row, column, width, width)[None]
    filters = unit_norm(rng.choice([-1, 1]) * bump)
    return summing_cell(family, filters, 0 * bump[0], {}, True, power=0.5)


def curvature(family, size, rng):
    wave = draw_wave(size, rng)
    along, across = along_and_across(size, wave)
    radius = rng.uniform(1.3, 2.0) * wave["width_across"] + 0.08 * size
    bent = np.hypot(across + radius, along) - radius
    envelope = np.exp(-0.5 * (along**2 + across**2) / (0.14 * size) ** 2)
    stripes = np.cos(2 * np.pi * wave["frequency"] * bent)
    bent_gabor = envelope * stripes
    bent_gabor -= envelope * bent_gabor.sum() / envelope.sum()
    return summing_cell(
        family, unit_norm(bent_gabor[None]), gaussian_pool(size, wave), {}, True
    )


def arc(family, size, rng):
    """Draw a cell for a stripe that runs along a part of a circle."""
    row, column = draw_place(size, rng)
    rows, columns = np.mgrid[:size, :size]
    angle = np.arctan2(rows - row, columns - column) - rng.uniform(0, 2 * np.pi)
    angle = np.abs((angle + np.pi) % (2 * np.pi) - np.pi)
    half_arc = np.radians(rng.uniform(60, 90))
    along = np.exp(-0.5 * (np.maximum(angle - half_arc, 0) / 0.25) ** 2)
    outward = np.hypot(rows - row, columns - column) - rng.uniform(0.15, 0.22) * size
    width = rng.uniform(0.045, 0.06) * size
    stripe = along * np.exp(-0.5 * (outward / width) ** 2)
    wide = along * np.exp(-0.5 * (outward / (2 * width)) ** 2)
    stripe = stripe / stripe.sum() - wide / wide.sum()
    pool = gaussian(size, row, column, 0.3 * size, 0.3 * size)
    filters = unit_norm(rng.choice([-1, 1]) * stripe[None])
    return summing_cell(family, filters, pool / pool.sum(), {}, True)


def second_order(family, size, rng):
    """Draw a cell for a border between patches of more and less fine contrast."""
    wave = draw_wave(size, rng)
    fine = wave | {"width_along": 0.05 * size, "width_across": 0.05 * size}
    fine["frequency"] = min(0.35 / fine["width_across"], HIGHEST_FREQUENCY)
    angle = rng.uniform(0, 2 * np.pi)
    filters, weights = [], []
    for distance in (-0.2, -0.1, 0.1, 0.2):
        for sideways in (-0.15, -0.05, 0.05, 0.15):
            down = size * (distance * np.sin(angle) + sideways * np.cos(angle))
            right = size * (distance * np.cos(angle) - sideways * np.sin(angle))
            place = fine | {
                "row": wave["row"] + down,
                "column": wave["column"] + right,
            }
            filters.append(gabors(size, place, [0, 90]))
            weights += [np.sign(distance)] * 2
    return summing_cell(
        family,
        np.concatenate(filters),
        gaussian_pool(size, wave),
        {},
        weights=np.array(weights),
    )


def contrast_border(family, size, rng):
    """Draw a cell for fine contrast, of any orientation, on one side of a border."""
    row, column = draw_place(size, rng)
    angle = rng.uniform(0, 2 * np.pi)
    width = 0.035 * size
    filters, weights = [], []
    for distance in (-0.21, -0.14, -0.07, 0.07, 0.14, 0.21):
        for sideways in (-0.14, -0.07, 0.0, 0.07, 0.14):
            down = size * (distance * np.sin(angle) + sideways * np.cos(angle))
            right = size * (distance * np.cos(angle) - sideways * np.sin(angle))
            place = (size, row + down, column + right)
            spot = gaussian(*place, width, width)
            around = gaussian(*place, 1.6 * width, 1.6 * width)
            filters.append(spot / spot.sum() - around / around.sum())
            weights.append(np.sign(distance))
    pool = gaussian(size, row, column, 0.3 * size, 0.3 * size)
    filters = unit_norm(np.stack(filters))
    return summing_cell(
        family, filters, pool / pool.sum(), {}, weights=np.array(weights)
    )


def plaid(family, size, rng):
    wave = draw_wave(size, rng)
    narrow = min(wave["width_along"], wave["width_across"])
    wave |= {"width_along": narrow, "width_across": narrow}
    turned = wave | {"orientation_deg": wave["orientation_deg"] + 90}
    filters = np.concatenate(
        [gabors(size, wave, [0, 90]), gabors(size, turned, [0, 90])]
    )
    first = np.array([1.0, 1.0, 0.0, 0.0])
    return summing_cell(
        family,
        filters,
        gaussian_pool(size, wave),
        {},
        weights=first,
        partner_weights=1 - first,
    )


def gabor_and_blob(family, size, rng):
    wave = draw_wave(size, rng)
    angle = rng.uniform(0, 2 * np.pi)
    distance = 0.28 * size
    row = wave["row"] + distance * np.sin(angle)
    column = wave["column"] + distance * np.cos(angle)
    blob = unit_norm(gaussian(size, row, column, 0.07 * size, 0.07 * size)[None])
    both = np.concatenate([gabors(size, wave, [0]), rng.choice([-1, 1]) * blob])
    return summing_cell(
        family,
        both,
        gaussian_pool(size, wave),
        {},
        True,
        weights=np.array([1.0, 0.0]),
        partner_weights=np.array([0.0, 1.0]),
    )


def two_gabors(family, size, rng):
    """Draw a cell for two stripes at once: beside each other, or end to end."""
    wave = draw_wave(size, rng)
    turn = rng.choice([-1, 1]) * rng.uniform(60, 120)
    turned = wave | {"orientation_deg": wave["orientation_deg"] + turn}
    if family == "corner":
        reach = 1.2 * wave["width_along"]
        parts = [move(wave, reach, 0), move(turned, reach, 0)]
    else:
        angle = rng.uniform(0, 2 * np.pi)
        down, right = 0.26 * size * np.sin(angle), 0.26 * size * np.cos(angle)
        place = {"row": wave["row"] + down, "column": wave["column"] + right}
        parts = [wave, turned | place]
    first = np.array([1.0, 0.0])
    return summing_cell(
        family,
        np.concatenate([gabors(size, part, [0]) for part in parts]),
        gaussian_pool(size, wave),
        {},
        True,
        weights=first,
        partner_weights=1 - first,
    )


def single_image(family, size, rng, images):
    """Draw a cell that answers one picture and what is very like it."""
    image = images[rng.integers(len(images))]
    pool = np.full((size, size), 1.0)
    return summing_cell(family, unit_norm(image[None]), pool, {}, True, power=2.0)

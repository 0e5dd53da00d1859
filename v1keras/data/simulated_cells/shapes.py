"""Shapes that simulated receptive fields are made of."""

import numpy as np

HIGHEST_FREQUENCY = 0.35  # cycles per pixel


def draw_wave(size, rng, border=False):
    """Draw the parameters of a Gabor."""
    row, column = draw_place(size, rng)
    if border:
        edge = rng.choice([rng.uniform(0.05, 0.15), rng.uniform(0.85, 0.95)])
        row = edge * (size - 1)
        if rng.random() < 0.5:
            row, column = column, row
    across = rng.uniform(0.06, 0.1) * size
    frequency = min(rng.uniform(0.22, 0.5) / across, HIGHEST_FREQUENCY)
    return {
        "row": row,
        "column": column,
        "orientation_deg": rng.uniform(0, 180),
        "frequency": frequency,
        "phase_deg": rng.uniform(0, 360),
        "width_across": across,
        "width_along": across * np.exp(rng.uniform(np.log(0.7), np.log(2))),
    }


def wave_truth(wave):
    names = ("row", "column", "orientation_deg", "frequency")
    return {name: float(wave[name]) for name in names}


def draw_place(size, rng):
    return (0.5 + rng.uniform(-0.17, 0.17, 2)) * (size - 1)


def along_and_across(size, wave):
    """Return distances along and across the stripes, in pixels."""
    rows, columns = np.mgrid[:size, :size]
    down, right = rows - wave["row"], columns - wave["column"]
    angle = np.radians(wave["orientation_deg"])
    along = right * np.cos(angle) - down * np.sin(angle)
    return along, right * np.sin(angle) + down * np.cos(angle)


def gabors(size, wave, added_phases):
    """Return Gabors `(phases, size, size)` of unit norm, blind to mean luminance."""
    along, across = along_and_across(size, wave)
    envelope = np.exp(
        -0.5 * (along / wave["width_along"]) ** 2
        - 0.5 * (across / wave["width_across"]) ** 2
    )
    filters = []
    for added in added_phases:
        phase = np.radians(wave["phase_deg"] + added)
        gabor = envelope * np.cos(2 * np.pi * wave["frequency"] * across + phase)
        filters.append(gabor - envelope * gabor.sum() / envelope.sum())
    return unit_norm(np.stack(filters))


def move(wave, along, across):
    """Return the Gabor moved along and across its stripes."""
    angle = np.radians(wave["orientation_deg"])
    down = across * np.cos(angle) - along * np.sin(angle)
    right = across * np.sin(angle) + along * np.cos(angle)
    # The carrier moves with the envelope.
    return wave | {"row": wave["row"] + down, "column": wave["column"] + right}


def gaussian(size, row, column, width_along, width_across, orientation_deg=0.0):
    place = {"row": row, "column": column, "orientation_deg": orientation_deg}
    along, across = along_and_across(size, place)
    return np.exp(
        -0.5 * (along / width_along) ** 2 - 0.5 * (across / width_across) ** 2
    )


def gaussian_pool(size, wave):
    width = 2.0 * max(wave["width_along"], wave["width_across"])
    pool = gaussian(size, wave["row"], wave["column"], width, width)
    return pool / pool.sum()


def unit_norm(filters):
    norms = np.sqrt(np.square(filters).sum(axis=(1, 2), keepdims=True))
    return filters / np.maximum(norms, 1e-12)

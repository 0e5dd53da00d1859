"""A simulated population whose receptive fields move with the pupil and whose gain
grows with running, both by known functions.
"""

import numpy as np
from scipy import ndimage

from v1keras import Recording

SIZE, NEURONS = 24, 12
PUPIL_MEAN, PUPIL_STD = (
    np.array([300.0, 200.0]),
    np.array([20.0, 10.0]),
)  # pixels of a camera
SHIFT = np.array(
    [[2.0, 0.5], [-0.6, 1.5]]
)  # (row, column) in pixels of the image, per standard deviation of the pupil's (x, y)


def gain_of(running, neurons=NEURONS):
    """`(n, neurons)`: 1 at rest, up to 1 + sensitivity for running speeds `(n,)` in
    cm/s.
    """
    return 1 + np.linspace(0, 2, neurons) * np.tanh(running[:, None] / 10)


def gabors(places, orientations):
    """`(..., SIZE, SIZE)` of norm 1 at places `(..., 2)` (row, column), orientations
    `(...)`.
    """
    rows, columns = np.mgrid[:SIZE, :SIZE]
    y, x = rows - places[..., 0, None, None], columns - places[..., 1, None, None]
    along = (
        x * np.cos(orientations)[..., None, None]
        + y * np.sin(orientations)[..., None, None]
    )
    found = np.exp(-(x**2 + y**2) / 8) * np.cos(2 * np.pi * along / 6)
    return found / np.linalg.norm(found, axis=(-2, -1), keepdims=True)


def population(seed=0, train=1600, others=250, moves=True, runs=True, repeats=1):
    """A `Recording` with columns `pupil_center` `(n, 2)` and `running` `(n,)`,
    validation and test images in like numbers.

    A row is a presentation; each image has `repeats` rows in succession.
    """
    rng = np.random.default_rng(seed)
    count = train + 2 * others
    noise = ndimage.gaussian_filter(rng.normal(size=(count, SIZE, SIZE)), (0, 1, 1))
    images = np.clip(128 + 50 * noise / noise.std(), 0, 255).astype("uint8")
    images = np.repeat(images, repeats, axis=0)
    count *= repeats
    pupil = rng.normal(size=(count, 2))
    running = np.where(rng.random(count) < 0.5, 0, rng.exponential(15.0, count))
    places, orientations = (
        rng.uniform(8, SIZE - 9, (NEURONS, 2)),
        np.arange(NEURONS) % 4 * np.pi / 4,
    )
    shifts = pupil @ SHIFT.T if moves else np.zeros((count, 2))
    each = zip(places, orientations, strict=True)
    drive = np.stack(
        [
            (gabors(place + shifts, np.full(count, angle)) * (images - 128.0)).sum(
                axis=(1, 2)
            )
            for place, angle in each
        ],
        axis=1,
    )
    rates = (0.3 + 0.05 * np.maximum(drive, 0)) * (gain_of(running) if runs else 1)
    return Recording(
        images,
        rng.poisson(rates).astype("float32"),
        split=np.repeat([0, 1, 2], np.multiply([train, others, others], repeats)),
        neurons={"place": places},
        covariates={
            "pupil_center": PUPIL_MEAN + PUPIL_STD * pupil,
            "running": running,
            "true_rate": rates,
        },
        attributes={
            "name": "moving",
            "units": "spikes per presentation",
            "presentations": 1,
            "window_s": 0.5,
        },
    )

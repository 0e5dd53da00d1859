"""In-silico physiology: how a neuron's rate depends on the orientation, frequency,
size, phase and contrast of a grating.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from v1keras.characterization.gabor import around
from v1keras.characterization.gratings import Screen

ORIENTATIONS_DEG = np.arange(0, 180, 11.25)
PHASES_DEG = np.arange(0, 360, 22.5)
CONTRASTS = np.array([0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0])
_FREQUENCIES, _HIGHEST, _SIZES, _SMALLEST = 12, 0.4, 10, 1.5
_EVERY = 2  # phases that a mean is over: each second
_BATCH = 1024  # images in a call of the rate function


def tuning(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    places: dict[str, np.ndarray],
    screen: Screen,
    contrast: float = 0.5,
) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], dict[str, np.ndarray]]:
    """Each neuron's tuning curves to gratings at its place, with the other parameters
    at its own best, and what they say.

    Gratings over the whole image, the same for all neurons, find the orientation and
    frequency to begin with. Then each neuron is shown its own: sizes, frequencies,
    orientations, sizes once more, phases and contrasts, each at what was best so far. A
    point of a curve is the mean rate over phases; of the curve of phase, the rate
    itself.

    Args:
        rates: callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`.
        neurons: `(n,)` indices below N.
        places: dict of `(n,)` columns `row` and `column`, pixels: of a fit to the
            neuron's stimulus, or `center_of` its gradient field.
        screen: a `Screen`.
        contrast: of all gratings but those of the curve of contrast.

    Returns:
        (curves, columns). `curves` has for `orientation_deg`, `frequency` (cycles per
        pixel), `radius` (pixels), `phase_deg` and `contrast` a pair of (values `(n,
        k)`, rates `(n, k)`). `columns` has, each `(n,)`,

        - `grating_orientation_deg`, `grating_frequency`, `grating_radius`: the best
          grating's, the first two between those shown where a parabola through the
          three highest points has its peak;
        - `orientation_selectivity`: 1 - circular variance, |sum_k r_k exp(2 i angle_k)|
          / sum_k r_k;
        - `f1_f0`: amplitude of the first harmonic of the rate over phase / its mean
          above the rate to grey. NaN where that mean is not above it. Above 1 in a
          simple cell: pi / 2 where it half-rectifies; 0 in an energy model;
        - `surround_suppression`: 1 - rate to the largest / rate to the best size, both
          above the rate to grey;
        - `grating_rate`, `grey_rate`: to the best grating, mean over phases, and to no
          contrast.

    Raises:
        ValueError: `contrast` is not above 0 and at most 1.

    References: Ringach et al. 2002 (Journal of Neuroscience 22:5639) for circular
        variance, Skottun et al. 1991 (Vision Research 31:1079)
    for F1/F0, Cavanaugh et al. 2002 (Journal of Neurophysiology 88:2530) for surround
    suppression.

    Example:

    >>> import numpy as np
    >>> from v1keras.characterization import Screen, gabor
    >>> screen = Screen(grey=100, low=0, high=200, image_size=(24, 24))
    >>> cell = {
    ...     "row": 12,
    ...     "column": 11,
    ...     "orientation_deg": 40,
    ...     "frequency": 0.15,
    ...     "width_along": 4,
    ...     "width_across": 4,
    ...     "amplitude": 1,
    ... }
    >>> pair = [
    ...     gabor(cell | {"phase_deg": phase}, screen.image_size).reshape(-1, 1)
    ...     for phase in (0, 90)
    ... ]
    >>> drives = lambda images: [
    ...     (images - 100).reshape(len(images), -1) @ kernel / 1000 for kernel in pair
    ... ]
    >>> simple = lambda images: np.square(np.maximum(drives(images)[0], 0))
    >>> energy = lambda images: (
    ...     np.square(drives(images)[0]) + np.square(drives(images)[1])
    ... )
    >>> both = lambda images: np.hstack([simple(images), energy(images)])
    >>> curves, columns = tuning(
    ...     both, [0, 1], {"row": np.full(2, 12), "column": np.full(2, 11)}, screen
    ... )
    >>> (
    ...     columns["grating_orientation_deg"].round().tolist(),
    ...     (columns["f1_f0"] > 1).tolist(),
    ...     curves["phase_deg"][1].shape,
    ... )
    ([40.0, 40.0], [True, False], (2, 16))
    """
    if not 0 < contrast <= 1:
        raise ValueError(
            f"contrast of the gratings: found {contrast}, expected above 0 and at"
            " most 1"
        )
    neurons = np.atleast_1d(np.asarray(neurons, int))
    whole = float(np.hypot(*screen.image_size))
    frequencies = np.geomspace(1.5 / max(screen.image_size), _HIGHEST, _FREQUENCIES)
    sizes = np.geomspace(_SMALLEST, whole / 2, _SIZES)
    best: dict[str, Any] = {
        name: np.asarray(places[name], float) for name in ("row", "column")
    } | {"radius": whole, "contrast": contrast}
    best |= _best_over_the_whole_image(rates, neurons, screen, frequencies, best)
    curves = {}

    def vary(name, values):
        means = _shown(
            rates, neurons, screen, best, name, values, PHASES_DEG[::_EVERY]
        ).mean(axis=2)
        curves[name] = np.broadcast_to(values, means.shape), means
        best[name] = _PEAKS.get(name, _highest)(values, means)

    vary("radius", sizes)
    vary("frequency", frequencies)
    vary("orientation_deg", ORIENTATIONS_DEG)
    vary("radius", sizes)
    over_phase = _shown(
        rates, neurons, screen, best, "contrast", np.array([contrast]), PHASES_DEG
    )[:, 0]
    curves["phase_deg"] = np.broadcast_to(PHASES_DEG, over_phase.shape), over_phase
    found = {
        f"grating_{name}": best[name]
        for name in ("orientation_deg", "frequency", "radius")
    }
    vary("contrast", CONTRASTS)
    grey = curves["contrast"][1][:, 0]
    return curves, found | {
        "orientation_selectivity": _selectivity(curves["orientation_deg"][1]),
        "f1_f0": _f1_f0(over_phase, grey),
        "surround_suppression": _suppression(curves["radius"][1], grey),
        "grating_rate": over_phase.mean(axis=1),
        "grey_rate": grey,
    }


def _best_over_the_whole_image(rates, neurons, screen, frequencies, place):
    """Orientation and frequency of the grating over the whole image with the highest
    mean over phases: dict of two `(n,)`.
    """
    grid = np.meshgrid(
        ORIENTATIONS_DEG, frequencies, PHASES_DEG[::_EVERY], indexing="ij"
    )
    orientation, frequency, phase = (axis.ravel() for axis in grid)
    middle = {
        "row": screen.image_size[0] / 2,
        "column": screen.image_size[1] / 2,
        "radius": place["radius"],
        "contrast": place["contrast"],
    }
    found = []
    for begin in range(0, len(phase), _BATCH):
        part = slice(begin, begin + _BATCH)
        images = screen.gratings(
            middle
            | {
                "orientation_deg": orientation[part],
                "frequency": frequency[part],
                "phase_deg": phase[part],
            }
        )
        found.append(np.asarray(rates(images))[:, neurons])
    means = (
        np.concatenate(found).reshape(-1, grid[0].shape[2], len(neurons)).mean(axis=1)
    )
    first = means.argmax(axis=0) * grid[0].shape[2]
    return {"orientation_deg": orientation[first], "frequency": frequency[first]}


def _shown(rates, neurons, screen, best, name, values, phases):
    """Rates `(n, values, phases)` of each neuron to its own best grating with `name`
    set to each of `values`.
    """
    shape = (len(neurons), len(values), len(phases))
    columns = {
        key: np.broadcast_to(np.reshape(value, (-1, 1, 1)), shape).ravel()
        for key, value in best.items()
    }
    columns[name] = np.broadcast_to(values[:, None], shape).ravel()
    columns["phase_deg"] = np.broadcast_to(phases, shape).ravel()
    own = np.repeat(neurons, shape[1] * shape[2])
    found = np.empty(len(own))
    for begin in range(0, len(own), _BATCH):
        part = slice(begin, begin + _BATCH)
        images = screen.gratings({key: column[part] for key, column in columns.items()})
        found[part] = np.take_along_axis(
            np.asarray(rates(images)), own[part, None], axis=1
        )[:, 0]
    return found.reshape(shape)


def _peak_of_angles(angles, means):
    top = means.argmax(axis=1)
    three = np.take_along_axis(means, (top[:, None] + [-1, 0, 1]) % len(angles), axis=1)
    return around(angles[top] + _vertex(three) * (angles[1] - angles[0]), 180)


def _peak_of_logarithms(values, means):
    top = means.argmax(axis=1)
    three = np.take_along_axis(
        means, np.clip(top[:, None] + [-1, 0, 1], 0, len(values) - 1), axis=1
    )
    inside = (top > 0) & (top < len(values) - 1)
    return values[top] * (values[1] / values[0]) ** np.where(inside, _vertex(three), 0)


def _highest(values, means):
    return values[means.argmax(axis=1)]


_PEAKS = {"orientation_deg": _peak_of_angles, "frequency": _peak_of_logarithms}


def _vertex(three):
    """Where the parabola through `(n, 3)` equally spaced points, of which the second is
    highest, has its peak, from -0.5 to 0.5.
    """
    left, top, right = three.T
    bend = 2 * top - left - right
    return np.where(bend > 0, 0.5 * (right - left) / np.maximum(bend, 1e-30), 0)


def _selectivity(over_orientation):
    vectors = over_orientation @ np.exp(2j * np.radians(ORIENTATIONS_DEG))
    return np.abs(vectors) / np.maximum(over_orientation.sum(axis=1), 1e-30)


def _f1_f0(over_phase, grey):
    first = (
        2 * np.abs(over_phase @ np.exp(1j * np.radians(PHASES_DEG))) / len(PHASES_DEG)
    )
    above = over_phase.mean(axis=1) - grey
    return np.where(above > 0, first / np.where(above > 0, above, 1), np.nan)


def _suppression(over_radius, grey):
    best, largest = over_radius.max(axis=1) - grey, over_radius[:, -1] - grey
    return np.where(best > 0, 1 - largest / np.where(best > 0, best, 1), np.nan)

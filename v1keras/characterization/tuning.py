"""In-silico physiology: tuning of a neuron's rate to the parameters of gratings.

These are orientation, frequency, size, length, phase and contrast.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from v1keras.characterization.gabor import wrap
from v1keras.characterization.gratings import GratingDisplay

ORIENTATIONS_DEG = np.arange(0, 180, 11.25)
PHASES_DEG = np.arange(0, 360, 22.5)
CONTRASTS = np.array([0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0])
_FREQUENCIES, _HIGHEST_FREQUENCY = 12, 0.4  # cycles per pixel
_SIZES, _SMALLEST_SIZE = 10, 1.5  # pixels
_MEAN_PHASES_DEG = PHASES_DEG[::2]  # phases that means are taken over
_BATCH = 1024  # images per call of the rate function
# A ratio's denominator is at least this fraction of the largest response.
_FLOOR = 0.1
_SILENT = 1e-6  # responses below this fraction of the rate to grey are rounding errors


def tuning(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    places: dict[str, np.ndarray],
    display: GratingDisplay,
    contrast: float = 0.5,
    zero_rates: np.ndarray | None = None,
) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], dict[str, np.ndarray]]:
    """Measure each neuron's tuning curves to gratings at its place.

    Gratings over the whole image, the same for all neurons, give an orientation and a
    frequency to start with; or a Gabor does, if a grating of its orientation and
    frequency, of any size, drives the neuron more. Then each neuron is presented its
    own gratings: sizes, frequencies, orientations, sizes again, phases, contrasts and
    lengths. All other parameters have their best value so far. A point of a curve is
    the mean rate over phases; of the curve over phase, the rate itself.

    Args:
        rates: Callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`.
        neurons: `(n,)` indices below N.
        places: Dict of `(n,)` columns `row` and `column` in pixels, from a fit to the
            neuron's stimulus or from `center_of` its gradient field; and, of the fit,
            `orientation_deg` and `frequency`, if there are such.
        display: `GratingDisplay`.
        contrast: Float, contrast of all gratings, except on the curve over contrast.
        zero_rates: `(n,)` rates that stand for silence, where responses have a unit of
            their own; None for 0, with no rate below it.

    Returns:
        Tuple `(curves, columns)`. `curves` is a dict from `orientation_deg`,
        `frequency` (cycles per pixel), `radius` (pixels), `phase_deg`, `contrast` and
        `length` (pixels along the stripes, in a window twice the best radius wide) to
        tuples of values `(n, k)` and rates `(n, k)`. `columns` is a dict of `(n,)`
        columns:

        - `grating_orientation_deg`, `grating_frequency`, `grating_radius`: parameters
          of the best grating; for the first two, the peak of a parabola through the
          three highest points;
        - `orientation_selectivity`: 1 - circular variance, |sum_k r_k exp(2 i angle_k)|
          / sum_k r_k, with rates from silence. NaN where one is below it, or, with
          `zero_rates`, where others are above it;
        - `f1_f0`: amplitude of the first harmonic of the rate over phase / its mean
          above the rate to grey, which counts as at least a tenth of the largest
          distance from that rate. NaN if the mean is further below it. It is above 1
          for a simple cell: pi / 2 for half-rectification; 0 for an energy model;
        - `surround_suppression`: 1 - rate to the largest / rate to the best size, both
          above the rate to grey, of which the best counts as at least a tenth of the
          largest response to any grating;
        - `length_suppression`: the same of the longest and the best length;
        - `grating_rate`, `grey_rate`: rate to the best grating, mean over phases, and
          to no contrast.

    Raises:
        ValueError: `contrast` is not above 0 and at most 1.

    References: Ringach et al. 2002 (Journal of Neuroscience 22:5639) for circular
        variance; Skottun et al. 1991 (Vision Research 31:1079) for F1/F0; Cavanaugh et
        al. 2002 (Journal of Neurophysiology 88:2530) for surround suppression.

    Example:

    >>> import numpy as np
    >>> from v1keras.characterization import GratingDisplay, gabor
    >>> display = GratingDisplay(grey=100, low=0, high=200, image_size=(24, 24))
    >>> shape = {"frequency": 0.15, "width_along": 4, "width_across": 4}
    >>> cell = shape | {"row": 12, "column": 11, "orientation_deg": 40, "amplitude": 1}
    >>> phases = {"phase_deg": np.array([0, 90])}
    >>> kernels = gabor(cell | phases, display.image_size).reshape(2, -1).T / 1000
    >>> drives = lambda images: (images - 100).reshape(len(images), -1) @ kernels
    >>> simple = lambda drives: np.maximum(drives[:, 0], 0) ** 2
    >>> energy = lambda drives: (drives**2).sum(axis=1)
    >>> rates = lambda images: np.stack(
    ...     [simple(drives(images)), energy(drives(images))], axis=1
    ... )
    >>> places = {"row": np.full(2, 12), "column": np.full(2, 11)}
    >>> curves, columns = tuning(rates, [0, 1], places, display)
    >>> columns["grating_orientation_deg"].round().tolist()
    [40.0, 40.0]
    >>> (columns["f1_f0"] > 1).tolist(), curves["phase_deg"][1].shape
    ([True, False], (2, 16))
    """
    if not 0 < contrast <= 1:
        raise ValueError(
            f"contrast of the gratings: found {contrast}, expected above 0 and at"
            " most 1"
        )
    neurons = np.atleast_1d(np.asarray(neurons, int))
    diagonal = float(np.hypot(*display.image_size))
    slowest = 1.5 / max(display.image_size)
    frequencies = np.geomspace(slowest, _HIGHEST_FREQUENCY, _FREQUENCIES)
    sizes = np.geomspace(_SMALLEST_SIZE, diagonal / 2, _SIZES)
    best: dict[str, Any] = {
        "row": np.asarray(places["row"], float),
        "column": np.asarray(places["column"], float),
        "radius": diagonal,
        "contrast": contrast,
    }
    best |= _best_over_whole_image(rates, neurons, display, frequencies, best)
    curves: dict[str, Any] = {}

    def measure(name, values, phases=_MEAN_PHASES_DEG):
        return _rates_over(rates, neurons, display, best, name, values, phases)

    def vary(name, values):
        means = measure(name, values).mean(axis=2)
        curves[name] = np.broadcast_to(values, means.shape), means
        best[name] = _PEAKS.get(name, _highest)(values, means)

    if "orientation_deg" in places:
        whole = dict(best)
        over_whole = measure("radius", sizes).mean(axis=2).max(axis=1)
        best["orientation_deg"] = np.asarray(places["orientation_deg"], float)
        best["frequency"] = np.clip(
            places["frequency"], frequencies[0], frequencies[-1]
        )
        over_fit = measure("radius", sizes).mean(axis=2).max(axis=1)
        for name in ("orientation_deg", "frequency"):
            best[name] = np.where(over_fit > over_whole, best[name], whole[name])
    vary("radius", sizes)
    vary("frequency", frequencies)
    vary("orientation_deg", ORIENTATIONS_DEG)
    vary("radius", sizes)
    over_phase = measure("contrast", np.array([contrast]), PHASES_DEG)[:, 0]
    curves["phase_deg"] = np.broadcast_to(PHASES_DEG, over_phase.shape), over_phase
    vary("contrast", CONTRASTS)
    grey = curves["contrast"][1][:, 0]
    best["contrast"] = contrast
    radius = best["radius"]
    vary("length", 2 * sizes)
    rates_above = np.hstack([means - grey[:, None] for _, means in curves.values()])
    floor = _FLOOR * np.abs(rates_above).max(axis=1)
    silent = floor <= _SILENT * np.abs(grey)
    floor = np.where(silent, np.nan, floor)
    return curves, {
        "grating_orientation_deg": best["orientation_deg"],
        "grating_frequency": best["frequency"],
        "grating_radius": radius,
        "orientation_selectivity": _selectivity(
            curves["orientation_deg"][1], zero_rates
        ),
        "f1_f0": _f1_f0(over_phase, grey),
        "surround_suppression": _suppression(curves["radius"][1], grey, floor),
        "length_suppression": _suppression(curves["length"][1], grey, floor),
        "grating_rate": over_phase.mean(axis=1),
        "grey_rate": grey,
    }


def _best_over_whole_image(rates, neurons, display, frequencies, place):
    """Return orientation and frequency of the best grating over the whole image."""
    grid = np.meshgrid(ORIENTATIONS_DEG, frequencies, _MEAN_PHASES_DEG, indexing="ij")
    orientation, frequency, phase = (axis.ravel() for axis in grid)
    height, width = display.image_size
    aperture = {
        "row": height / 2,
        "column": width / 2,
        "radius": place["radius"],
        "contrast": place["contrast"],
    }
    batches = []
    for begin in range(0, len(phase), _BATCH):
        part = slice(begin, begin + _BATCH)
        wave = {
            "orientation_deg": orientation[part],
            "frequency": frequency[part],
            "phase_deg": phase[part],
        }
        images = display.gratings(aperture | wave)
        batches.append(np.asarray(rates(images))[:, neurons])
    phases = len(_MEAN_PHASES_DEG)
    means = np.concatenate(batches).reshape(-1, phases, len(neurons)).mean(axis=1)
    first = means.argmax(axis=0) * phases
    return {"orientation_deg": orientation[first], "frequency": frequency[first]}


def _rates_over(rates, neurons, display, best, name, values, phases):
    """Return rates `(n, values, phases)` to gratings of which one parameter varies."""
    shape = (len(neurons), len(values), len(phases))
    columns = {}
    for key, value in best.items():
        columns[key] = np.broadcast_to(np.reshape(value, (-1, 1, 1)), shape).ravel()
    columns[name] = np.broadcast_to(values[:, None], shape).ravel()
    columns["phase_deg"] = np.broadcast_to(phases, shape).ravel()
    indices = np.repeat(neurons, shape[1] * shape[2])[:, None]
    batches = []
    for begin in range(0, len(indices), _BATCH):
        part = slice(begin, begin + _BATCH)
        images = display.gratings(
            {key: column[part] for key, column in columns.items()}
        )
        all_rates = np.asarray(rates(images))
        batches.append(np.take_along_axis(all_rates, indices[part], axis=1)[:, 0])
    return np.concatenate(batches).astype(float).reshape(shape)


def _peak_of_angles(angles, means):
    """Return the angle at the peak of a parabola; the curve is periodic."""
    top = means.argmax(axis=1)
    neighbors = (top[:, None] + [-1, 0, 1]) % len(angles)
    offset = _vertex(np.take_along_axis(means, neighbors, axis=1))
    return wrap(angles[top] + offset * (angles[1] - angles[0]), 180)


def _peak_of_logarithms(values, means):
    """Return the value at the peak of a parabola; values are spaced geometrically."""
    top, last = means.argmax(axis=1), len(values) - 1
    neighbors = np.clip(top[:, None] + [-1, 0, 1], 0, last)
    offset = _vertex(np.take_along_axis(means, neighbors, axis=1))
    inside = (top > 0) & (top < last)
    return values[top] * (values[1] / values[0]) ** np.where(inside, offset, 0)


def _highest(values, means):
    return values[means.argmax(axis=1)]


_PEAKS = {"orientation_deg": _peak_of_angles, "frequency": _peak_of_logarithms}


def _vertex(points):
    """Return the peak, from -0.5 to 0.5, of parabolas through `(n, 3)` points."""
    left, top, right = points.T
    bend = 2 * top - left - right
    return np.where(bend > 0, 0.5 * (right - left) / np.maximum(bend, 1e-30), 0)


def _selectivity(over_orientation, zero_rates):
    """Return 1 - circular variance; NaN where it is not known what silence is."""
    if zero_rates is None:
        is_known = (over_orientation >= 0).all(axis=1)
    else:
        # Responses that fall have all of their rates below it.
        over_orientation = over_orientation - zero_rates[:, None]
        is_known = np.ptp(np.sign(over_orientation), axis=1) < 2
    vectors = over_orientation @ np.exp(2j * np.radians(ORIENTATIONS_DEG))
    total = np.abs(over_orientation).sum(axis=1)
    return np.where(is_known, np.abs(vectors) / np.maximum(total, 1e-30), np.nan)


def _f1_f0(over_phase, grey):
    """Return the first harmonic over the mean above grey; NaN if it is below."""
    harmonic = over_phase @ np.exp(1j * np.radians(PHASES_DEG))
    amplitude = 2 * np.abs(harmonic) / len(PHASES_DEG)
    above = over_phase.mean(axis=1) - grey
    floor = _FLOOR * np.abs(over_phase - grey[:, None]).max(axis=1)
    usable = (floor > _SILENT * np.abs(grey)) & (above > -floor)
    least = np.maximum(above, np.where(usable, floor, 1))
    return np.where(usable, amplitude / least, np.nan)


def _suppression(means, grey, floor):
    """Return the fraction of the best rate above grey that the largest size loses."""
    best, largest = means.max(axis=1) - grey, means[:, -1] - grey
    usable = (best > 0) & np.isfinite(floor)
    lost = (best - largest) / np.where(usable, np.fmax(best, floor), 1)
    return np.where(usable, lost, np.nan)

"""The best simple shapes of the same contrast, to compare preferred stimuli with.

They are Gabor functions and differences of Gaussians.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from v1keras.characterization.center_surround import center_surround
from v1keras.characterization.gabor import gabor

_BATCH = 1024  # images per call of the rate function
# Variants of a Gabor fit: rotations (degrees), factors of the frequency and of both
# widths, shifts of the phase (degrees).
_ROTATIONS = (-8, 0, 8)
_FREQUENCY_FACTORS = (0.87, 1, 1.15)
_WIDTH_FACTORS = (0.75, 1, 1.33)
_PHASE_SHIFTS = (-30, 0, 30)
# Variants of a difference of Gaussians: factors of both widths, of the surround's width
# and of its amplitude; on-center and off-center.
_SIZE_FACTORS = (0.75, 1, 1.33)
_SURROUND_FACTORS = (0.8, 1, 1.25)
_STRENGTH_FACTORS = (0.5, 1, 1.5)
_SIGNS = (1, -1)


def best_gabor(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    fits: dict[str, np.ndarray],
    image_size: tuple[int, ...],
    grey: float,
    project: Callable[[Any], Any],
) -> tuple[np.ndarray, np.ndarray]:
    """Find the Gabor that drives each neuron most.

    It is searched among the fit to the neuron's preferred stimulus and 80 variants.

    Args:
        rates: Callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`.
        neurons: `(n,)` indices below N.
        fits: Dict of `(n,)` columns from `fit_gabors`.
        image_size: Tuple (height, width) in pixels.
        grey: Float, pixel value of no contrast.
        project: Callable, patterns `(batch, height, width, 1)` -> allowed patterns of
            the same shape; `v1keras.inversion.ContrastConstraint.project`.

    Returns:
        Tuple of patterns `(n, height, width)`, zero at grey, and rates `(n,)`.

    Example:

    >>> import numpy as np
    >>> place = {"row": 8, "column": 8, "width_along": 3, "width_across": 3}
    >>> wave = {"orientation_deg": 30, "frequency": 0.15, "amplitude": 1}
    >>> kernel = gabor(place | wave | {"phase_deg": 30}, (16, 16)).ravel()
    >>> rates = lambda images: np.maximum((images - 100).reshape(-1, 256) @ kernel, 0)
    >>> norm = lambda x: np.linalg.norm(x, axis=(1, 2), keepdims=True)
    >>> fit = place | wave | {"phase_deg": 0}
    >>> patterns, best_rates = best_gabor(
    ...     lambda images: rates(images)[:, None],
    ...     [0],
    ...     {name: np.array([value]) for name, value in fit.items()},
    ...     (16, 16),
    ...     grey=100,
    ...     project=lambda patterns: 50 * patterns / norm(patterns),
    ... )
    >>> bool(np.isclose(best_rates[0], 50 * np.linalg.norm(kernel)))
    True
    """
    changes = itertools.product(
        _ROTATIONS, _FREQUENCY_FACTORS, _WIDTH_FACTORS, _PHASE_SHIFTS
    )
    variants = []
    for rotation, frequency_factor, width_factor, phase_shift in changes:
        changed = {
            "orientation_deg": fits["orientation_deg"] + rotation,
            "phase_deg": fits["phase_deg"] + phase_shift,
            "frequency": fits["frequency"] * frequency_factor,
            "width_along": fits["width_along"] * width_factor,
            "width_across": fits["width_across"] * width_factor,
        }
        variants.append(fits | changed)

    def render(columns):
        return gabor(columns, image_size)

    return _best(rates, neurons, render, variants, grey, project)


def best_center_surround(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    fits: dict[str, np.ndarray],
    image_size: tuple[int, ...],
    grey: float,
    project: Callable[[Any], Any],
) -> tuple[np.ndarray, np.ndarray]:
    """Find the difference of Gaussians that drives each neuron most.

    It is searched among the fit to the neuron's preferred stimulus and 53 variants,
    on-center and off-center.

    Args:
        rates: Callable, as for `best_gabor`.
        neurons: `(n,)` indices below N.
        fits: Dict of `(n,)` columns from `fit_center_surrounds`.
        image_size: Tuple (height, width) in pixels.
        grey: Float, pixel value of no contrast.
        project: Callable, as for `best_gabor`.

    Returns:
        Tuple of patterns `(n, height, width)`, zero at grey, and rates `(n,)`.
    """
    changes = itertools.product(
        _SIZE_FACTORS, _SURROUND_FACTORS, _STRENGTH_FACTORS, _SIGNS
    )
    variants = []
    for size_factor, surround_factor, strength_factor, sign in changes:
        surround = fits["amplitude_surround"]
        changed = {
            "width_center": fits["width_center"] * size_factor,
            "width_surround": fits["width_surround"] * size_factor * surround_factor,
            "amplitude_center": sign * fits["amplitude_center"],
            "amplitude_surround": sign * strength_factor * surround,
        }
        variants.append(fits | changed)

    def render(columns):
        return center_surround(columns, image_size)

    return _best(rates, neurons, render, variants, grey, project)


def _best(rates, neurons, render, variants, grey, project):
    """Return the pattern and the rate of each neuron's best variant."""
    neurons = np.atleast_1d(np.asarray(neurons, int))
    columns = {}  # each (n, variants)
    for name in variants[0]:
        if name != "r2":
            values = [variant[name] for variant in variants]
            columns[name] = np.stack(values, axis=1)
    chunk = max(1, _BATCH // len(variants))
    best_patterns, best_rates = [], []
    for begin in range(0, len(neurons), chunk):
        part = slice(begin, begin + chunk)
        chunk_neurons = neurons[part]
        flat = {name: column[part].ravel() for name, column in columns.items()}
        patterns = render(flat)[..., None].astype("float32")
        patterns = np.asarray(project(patterns))
        all_rates = np.asarray(rates(grey + patterns))
        indices = np.repeat(chunk_neurons, len(variants))[:, None]
        own_rates = np.take_along_axis(all_rates, indices, axis=1)
        own_rates = own_rates.reshape(len(chunk_neurons), -1)
        best = np.arange(len(chunk_neurons)), own_rates.argmax(axis=1)
        patterns = patterns[..., 0].reshape(*own_rates.shape, *patterns.shape[1:3])
        best_patterns.append(patterns[best])
        best_rates.append(own_rates[best])
    return np.concatenate(best_patterns), np.concatenate(best_rates)

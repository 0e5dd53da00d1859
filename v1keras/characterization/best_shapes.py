"""What a neuron's preferred stimulus must beat: the best Gabor and the best difference
of Gaussians of the same contrast.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from v1keras.characterization.center_surround import center_surround
from v1keras.characterization.gabor import gabor

_BATCH = 1024  # images in a call of the rate function
# Around the fit: turns (degrees), factors of frequency and of both widths, phases
# (degrees).
_TURNS, _FREQUENCIES, _WIDTHS, _PHASES = (
    (-8, 0, 8),
    (0.87, 1, 1.15),
    (0.75, 1, 1.33),
    (-30, 0, 30),
)
# Factors of both widths, of the surround's width, of its amplitude; on- and off-centre.
_SIZES, _SURROUNDS, _STRENGTHS, _SIGNS = (
    (0.75, 1, 1.33),
    (0.8, 1, 1.25),
    (0.5, 1, 1.5),
    (1, -1),
)


def best_gabor(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    fits: dict[str, np.ndarray],
    image_size: tuple[int, ...],
    grey: float,
    project: Callable[[Any], Any],
) -> tuple[np.ndarray, np.ndarray]:
    """The Gabor that drives each neuron most, of the one fitted to its preferred
    stimulus and 80 around it.

    Args:
        rates: callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`.
        neurons: `(n,)` indices below N.
        fits: dict of `(n,)` columns as `fit_gabors` gives them.
        image_size: (height, width), pixels.
        grey: the pixel value of no contrast.
        project: callable, patterns `(batch, height, width, 1)` -> the allowed ones of
            the same shape; `v1keras.inversion.Contrast.project`.

    Returns:
        (patterns `(n, height, width)` as they were shown, zero at grey; rates `(n,)`).

    Example:

    >>> import numpy as np
    >>> fit = {
    ...     "row": 8,
    ...     "column": 8,
    ...     "orientation_deg": 30,
    ...     "frequency": 0.15,
    ...     "phase_deg": 0,
    ...     "width_along": 3,
    ...     "width_across": 3,
    ... }
    >>> fit |= {"amplitude": 1}
    >>> kernel = gabor(fit | {"phase_deg": 30}, (16, 16)).reshape(-1, 1)
    >>> rates = lambda images: np.maximum(
    ...     (images - 100).reshape(len(images), -1) @ kernel, 0
    ... )
    >>> normed = lambda patterns: (
    ...     50 * patterns / np.linalg.norm(patterns, axis=(1, 2), keepdims=True)
    ... )
    >>> patterns, reached = best_gabor(
    ...     rates,
    ...     [0],
    ...     {name: np.array([value]) for name, value in fit.items()},
    ...     (16, 16),
    ...     100,
    ...     normed,
    ... )
    >>> bool(np.isclose(reached[0], 50 * np.linalg.norm(kernel)))
    True
    """

    def variant(turn, frequency, width, phase):
        turned = {
            "orientation_deg": fits["orientation_deg"] + turn,
            "phase_deg": fits["phase_deg"] + phase,
        }
        scaled = {"frequency": fits["frequency"] * frequency} | {
            name: fits[name] * width for name in ("width_along", "width_across")
        }
        return fits | turned | scaled

    variants = [
        variant(*change)
        for change in itertools.product(_TURNS, _FREQUENCIES, _WIDTHS, _PHASES)
    ]
    return _best(
        rates,
        neurons,
        lambda columns: gabor(columns, image_size),
        variants,
        grey,
        project,
    )


def best_center_surround(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    fits: dict[str, np.ndarray],
    image_size: tuple[int, ...],
    grey: float,
    project: Callable[[Any], Any],
) -> tuple[np.ndarray, np.ndarray]:
    """As `best_gabor`, for differences of Gaussians: that of `fit_center_surrounds` and
    53 around it, on- and off-centre.
    """

    def variant(size, surround, strength, sign):
        widths = {
            "width_center": fits["width_center"] * size,
            "width_surround": fits["width_surround"] * size * surround,
        }
        inner, outer = (
            sign * fits["amplitude_center"],
            sign * strength * fits["amplitude_surround"],
        )
        return fits | widths | {"amplitude_center": inner, "amplitude_surround": outer}

    variants = [
        variant(*change)
        for change in itertools.product(_SIZES, _SURROUNDS, _STRENGTHS, _SIGNS)
    ]
    return _best(
        rates,
        neurons,
        lambda columns: center_surround(columns, image_size),
        variants,
        grey,
        project,
    )


def _best(rates, neurons, render, variants, grey, project):
    neurons = np.atleast_1d(np.asarray(neurons, int))
    names = [name for name in variants[0] if name != "r2"]
    columns = {
        name: np.stack([variant[name] for variant in variants], axis=1)
        for name in names
    }  # (n, variants)
    each = max(1, _BATCH // len(variants))
    patterns, reached = [], []
    for begin in range(0, len(neurons), each):
        own = neurons[begin : begin + each]
        shown = render(
            {
                name: column[begin : begin + each].ravel()
                for name, column in columns.items()
            }
        )[..., None]
        shown = np.asarray(project(shown.astype("float32")))
        found = np.asarray(rates(grey + shown))
        found = np.take_along_axis(
            found, np.repeat(own, len(variants))[:, None], axis=1
        ).reshape(len(own), -1)
        best = found.argmax(axis=1)
        at = np.arange(len(own)), best
        patterns.append(shown[..., 0].reshape(*found.shape, *shown.shape[1:3])[at])
        reached.append(found[at])
    return np.concatenate(patterns), np.concatenate(reached)

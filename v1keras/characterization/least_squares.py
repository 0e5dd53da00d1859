"""Many small least-squares fits at once."""

import numpy as np
from scipy import fft

_BATCH = 128  # fits whose derivatives are in memory together
_LEAST_DAMPING, _MOST_DAMPING = 1e-6, 1e8
_CONVERGED = 1e-7  # relative decrease of the squared error


def check_patterns(patterns: np.ndarray) -> np.ndarray:
    """Return patterns as floats if they can be fitted.

    Raises:
        ValueError: They are not `(n, height, width)` or not finite, or one is grey
            throughout.
    """
    patterns = np.asarray(patterns, float)
    if patterns.ndim != 3 or not patterns.size:
        raise ValueError(
            f"patterns of shape {patterns.shape}; expected (n, height, width)"
        )
    energy = np.square(patterns).sum(axis=(1, 2))
    bad = np.flatnonzero(~(np.isfinite(energy) & (energy > 0)))
    if bad.size:
        raise ValueError(
            f"pattern {bad[0]} is grey throughout or not finite; leave it out"
        )
    return patterns


def fit_from_starts(model, patterns, starts, bounds, steps=60):
    """Fit a model to each pattern from several starts, and keep the best.

    The Levenberg-Marquardt method follows every start for a third of the steps, and the
    best one for the rest.

    Args:
        model: Callable, parameters `(n, p)` -> tuple of values `(n, pixels)` and
            derivatives `(n, p, pixels)`.
        patterns: `(n, pixels)`.
        starts: `(n, starts, p)`.
        bounds: Tuple of lower and upper bounds of the parameters, each `(p,)`.
        steps: Integer, largest number of steps.

    Returns:
        Tuple of parameters `(n, p)` and explained variance `(n,)`: 1 - squared error /
        squared pattern.

    Example:

    >>> import numpy as np
    >>> x = np.arange(5.0)
    >>> decay = lambda p: (np.exp(-p * x), -(x * np.exp(-p * x))[:, None])
    >>> patterns, starts = np.exp(-0.3 * x)[None], np.array([[[1.0], [2.0]]])
    >>> bounds = np.zeros(1), np.full(1, 9.0)
    >>> rate, explained = fit_from_starts(decay, patterns, starts, bounds)
    >>> rate.round(4).tolist(), explained.round(4).tolist()
    ([[0.3]], [1.0])
    """
    patterns, starts = np.asarray(patterns, float), np.asarray(starts, float)
    start_count = starts.shape[1]
    chunk = max(1, _BATCH // start_count)
    parameters = np.empty(starts[:, 0].shape)
    errors = np.empty(len(patterns))
    first_steps = steps // 3
    for begin in range(0, len(patterns), chunk):
        part = slice(begin, begin + chunk)
        targets, chunk_starts = patterns[part], starts[part]
        refined, refined_errors = _descend(
            model,
            np.repeat(targets, start_count, axis=0),
            chunk_starts.reshape(-1, chunk_starts.shape[2]),
            bounds,
            first_steps,
        )
        best = refined_errors.reshape(len(targets), start_count).argmin(axis=1)
        refined = refined.reshape(chunk_starts.shape)[np.arange(len(targets)), best]
        parameters[part], errors[part] = _descend(
            model, targets, refined, bounds, steps - first_steps
        )
    energy = np.square(patterns).sum(axis=1)
    return parameters, 1 - errors / np.maximum(energy, 1e-30)


def best_places(spectra, kernels):
    """Find the place in each pattern where a filter explains most.

    Patterns are treated as periodic.

    Args:
        spectra: `(n, height, width // 2 + 1)`, `scipy.fft.rfft2` of the patterns.
        kernels: List of orthogonal filters `(height, width)`, centered as by `offsets`.

    Returns:
        Tuple of the explained squared pattern `(n,)`, row `(n,)`, column `(n,)` and the
        list of each kernel's amplitudes there, `(n,)`.
    """
    size = kernels[0].shape
    explained, outputs, energies = 0, [], []
    for kernel in kernels:
        product = spectra * np.conj(fft.rfft2(kernel))
        output = fft.irfft2(product, s=size, workers=-1).reshape(len(spectra), -1)
        energy = np.square(kernel).sum()
        explained = explained + output**2 / energy
        outputs.append(output)
        energies.append(energy)
    place = explained.argmax(axis=1)
    at_place = np.arange(len(spectra)), place
    amplitudes = [
        output[at_place] / energy
        for output, energy in zip(outputs, energies, strict=True)
    ]
    return explained[at_place], *np.unravel_index(place, size), amplitudes


def best_candidates(groups, count):
    """Return the parameters of the filters that explain most of each pattern.

    From each group one filter is chosen; of these the best remain.

    Args:
        groups: List of lists of candidates. A candidate is a tuple of the explained
            squared pattern, as `best_places` returns it, and p parameters; each is
            `(n,)`, or a number for all patterns.
        count: Integer, number of filters that remain.

    Returns:
        `(n, count, p)`, the best filter first.
    """
    winners = []
    for group in groups:
        columns = [np.broadcast_arrays(*candidate) for candidate in group]
        candidates = np.moveaxis(np.array(columns), -1, 0)  # (n, group, 1 + p)
        best = candidates[..., :1].argmax(axis=1, keepdims=True)
        winners.append(np.take_along_axis(candidates, best, axis=1))
    winners = np.concatenate(winners, axis=1)
    order = np.argsort(-winners[..., 0], axis=1)[:, :count]
    return np.take_along_axis(winners, order[..., None], axis=1)[..., 1:]


def offsets(size):
    """Return each pixel's distance from the first one in a periodic image.

    Args:
        size: Tuple (height, width).

    Returns:
        Tuple of rows `(height, 1)` and columns `(1, width)`.
    """
    down, right = (_periodic_distance(side) for side in size)
    return down[:, None], right[None]


def _periodic_distance(side):
    return ((np.arange(side) + side // 2) % side - side // 2).astype(float)


def _descend(model, patterns, parameters, bounds, steps):
    """Return parameters after some steps, and their squared errors."""
    parameters = np.clip(parameters, *bounds)
    damping = np.full(len(parameters), 1e-2)
    values, slopes = model(parameters)
    residuals = patterns - values
    errors = np.square(residuals).sum(axis=1)
    floor = 1e-12 * np.square(patterns).sum(axis=1)
    active = np.arange(len(parameters))
    for _ in range(steps):
        if not active.size:
            break
        step = _step(slopes, residuals, damping[active])
        tried = np.clip(parameters[active] + step, *bounds)
        values, tried_slopes = model(tried)
        tried_residuals = patterns[active] - values
        tried_errors = np.square(tried_residuals).sum(axis=1)
        better = tried_errors < errors[active]
        decrease = 1 - tried_errors / np.maximum(errors[active], 1e-300)
        taken = active[better]
        parameters[taken] = tried[better]
        errors[taken] = tried_errors[better]
        slopes[better] = tried_slopes[better]
        residuals[better] = tried_residuals[better]
        factor = np.where(better, 0.3, 4.0)
        damping[active] = np.maximum(damping[active] * factor, _LEAST_DAMPING)
        done = better & (decrease < _CONVERGED)
        done |= damping[active] > _MOST_DAMPING
        done |= errors[active] < floor[active]
        active, slopes, residuals = active[~done], slopes[~done], residuals[~done]
    return parameters, errors


def _step(slopes, residuals, damping):
    """Return the damped Gauss-Newton steps `(n, p)`."""
    curvature = slopes @ slopes.transpose(0, 2, 1)  # (n, p, p)
    diagonal = np.einsum("npp->np", curvature)
    scale = diagonal + 1e-9 * diagonal.max(axis=1, keepdims=True) + 1e-30
    index = range(scale.shape[1])
    curvature[:, index, index] += damping[:, None] * scale
    return np.linalg.solve(curvature, slopes @ residuals[..., None])[..., 0]

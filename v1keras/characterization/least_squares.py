"""Many small least-squares fits at once."""

import numpy as np
from scipy import fft

_BATCH = 128  # fits whose derivatives are in memory together
_LEAST_DAMPING = 1e-6
_CONVERGED = 1e-7  # relative fall of the squared error


def fit_from_starts(model, patterns, starts, bounds, steps=60):
    """Fits a model to each pattern from several starts by Levenberg & Marquardt's
    method, and keeps the best.

    Every start is followed for a third of the steps, the best one for the rest.

    Args:
        model: callable, parameters `(n, p)` -> (`(n, pixels)`, its derivatives `(n, p,
            pixels)`).
        patterns: `(n, pixels)`.
        starts: `(n, starts, p)`.
        bounds: (`(p,)`, `(p,)`): parameters stay between.
        steps: at most.

    Returns:
        (parameters `(n, p)`, explained variance `(n,)`: 1 - squared error / squared
        pattern).

    Example:

    >>> import numpy as np
    >>> x = np.arange(5.0)
    >>> decay = lambda p: (np.exp(-p * x), -(x * np.exp(-p * x))[:, None])
    >>> rate, explained = fit_from_starts(
    ...     decay,
    ...     np.exp(-0.3 * x)[None],
    ...     np.array([[[1.0], [2.0]]]),
    ...     (np.zeros(1), np.full(1, 9.0)),
    ... )
    >>> rate.round(4).tolist(), explained.round(4).tolist()
    ([[0.3]], [1.0])
    """
    patterns, starts = np.asarray(patterns, float), np.asarray(starts, float)
    count = starts.shape[1]
    each = max(1, _BATCH // count)
    found, errors = np.empty(starts[:, 0].shape), np.empty(len(patterns))
    for begin in range(0, len(patterns), each):
        part = slice(begin, begin + each)
        shown, tried = patterns[part], starts[part]
        first, reached = _descend(
            model,
            np.repeat(shown, count, axis=0),
            tried.reshape(-1, tried.shape[2]),
            bounds,
            steps // 3,
        )
        best = reached.reshape(len(shown), count).argmin(axis=1)
        first = first.reshape(tried.shape)[np.arange(len(shown)), best]
        found[part], errors[part] = _descend(
            model, shown, first, bounds, steps - steps // 3
        )
    return found, 1 - errors / np.maximum(np.square(patterns).sum(axis=1), 1e-30)


def best_places(spectra, kernels):
    """Where in each pattern a filter explains most: what the descent starts from.
    Beyond an edge the pattern goes on at the other.

    Args:
        spectra: `(n, height, width // 2 + 1)`, `scipy.fft.rfft2` of the patterns.
        kernels: a list of `(height, width)` filters that are orthogonal, each centred
            as `offsets` says.

    Returns:
        (explained squared pattern `(n,)`, row `(n,)`, column `(n,)`, each kernel's
        amplitude there: a list of `(n,)`).
    """
    size = kernels[0].shape
    energies = [np.square(kernel).sum() for kernel in kernels]
    outputs = [
        fft.irfft2(spectra * np.conj(fft.rfft2(kernel)), s=size, workers=-1).reshape(
            len(spectra), -1
        )
        for kernel in kernels
    ]
    explained = sum(
        output**2 / energy for output, energy in zip(outputs, energies, strict=True)
    )
    place = explained.argmax(axis=1)
    at = np.arange(len(spectra)), place
    amplitudes = [
        output[at] / energy for output, energy in zip(outputs, energies, strict=True)
    ]
    return explained[at], *np.unravel_index(place, size), amplitudes


def offsets(size):
    """(`(height, 1)`, `(1, width)`): each pixel's distance from the first, the short
    way around, for filters centred there.
    """
    down, right = ((np.arange(n) + n // 2) % n - n // 2 for n in size)
    return down[:, None].astype(float), right[None].astype(float)


def _descend(model, patterns, parameters, bounds, steps):
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
        curvature = slopes @ slopes.transpose(0, 2, 1)  # (active, p, p)
        diagonal = np.einsum("npp->np", curvature)
        scale = diagonal + 1e-9 * diagonal.max(axis=1, keepdims=True) + 1e-30
        curvature[:, range(scale.shape[1]), range(scale.shape[1])] += (
            damping[active, None] * scale
        )
        step = np.linalg.solve(curvature, (slopes @ residuals[..., None]))[..., 0]
        tried = np.clip(parameters[active] + step, *bounds)
        values, tried_slopes = model(tried)
        tried_residuals = patterns[active] - values
        tried_errors = np.square(tried_residuals).sum(axis=1)
        better = tried_errors < errors[active]
        fall = np.where(
            better, 1 - tried_errors / np.maximum(errors[active], 1e-300), 0
        )
        taken = active[better]
        parameters[taken], errors[taken] = tried[better], tried_errors[better]
        slopes[better], residuals[better] = (
            tried_slopes[better],
            tried_residuals[better],
        )
        damping[active] = np.maximum(
            damping[active] * np.where(better, 0.3, 4.0), _LEAST_DAMPING
        )
        done = (
            (better & (fall < _CONVERGED))
            | (damping[active] > 1e8)
            | (errors[active] < floor[active])
        )
        active, slopes, residuals = active[~done], slopes[~done], residuals[~done]
    return parameters, errors

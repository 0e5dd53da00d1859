"""The Fano factor: what a ceiling from mean counts rests on."""

from typing import Any

import numpy as np

from v1keras.evaluation.metrics import mean

# Multiples of the assumed Fano factor for which CC_norm is stated, too.
MULTIPLES = (1.0, 1.2, 1.4)


def fano_from_repeats(repeats: np.ndarray) -> np.ndarray:
    """Estimate the Fano factor of single counts from repeated presentations.

    Args:
        repeats: `(images, N, neurons)` counts, NaN = missing.

    Returns:
        `(neurons,)`, variance over presentations / mean, each summed over images; NaN
        where no image has two presentations, or there is no spike.

    Example:

    >>> import numpy as np
    >>> counts = np.random.default_rng(0).poisson(4.0, (200, 10, 1))
    >>> fano_from_repeats(counts).round(1).tolist()
    [1.0]
    """
    repeats = np.asarray(repeats, float)
    degrees = np.isfinite(repeats).sum(axis=1) - 1.0  # (images, neurons)
    means = mean(repeats.swapaxes(0, 1))
    squares = np.nansum((repeats - means[:, None]) ** 2, axis=(0, 1))
    spikes = np.nansum(np.maximum(degrees, 0) * means, axis=0)
    return squares / np.where(spikes > 0, spikes, np.nan)


def fano_from_identical_images(
    images: np.ndarray, responses: np.ndarray, presentations: float
) -> np.ndarray:
    """Estimate the Fano factor from mean counts of images that are there twice.

    Args:
        images: `(n, height, width)`.
        responses: `(n, neurons)` mean counts, NaN = missing.
        presentations: Float, number of presentations behind each mean.

    Returns:
        `(neurons,)`; NaN where no image is there twice.

    Example:

    >>> import numpy as np
    >>> images = np.repeat(np.arange(300.0), 2)[:, None, None]
    >>> means = np.random.default_rng(0).poisson(40.0, (600, 1)) / 10
    >>> fano_from_identical_images(images, means, presentations=10).round(1).tolist()
    [1.0]
    """
    copies: dict[bytes, list[int]] = {}
    for index, image in enumerate(images):
        copies.setdefault(image.tobytes(), []).append(index)
    several = [indices for indices in copies.values() if len(indices) > 1]
    if not several:
        return np.full(responses.shape[1], np.nan)
    most = max(map(len, several))
    repeats = np.full((len(several), most, responses.shape[1]), np.nan)
    for row, indices in enumerate(several):
        repeats[row, : len(indices)] = responses[indices]
    return presentations * fano_from_repeats(repeats)


def cc_norm_by_fano(
    columns: dict[str, np.ndarray], chosen: np.ndarray, assumed: float
) -> dict[str, Any]:
    """Return the mean CC_norm for several Fano factors, of ceilings from means.

    Args:
        columns: Dict of `(neurons,)` columns `correlation` and `cc_max`.
        chosen: `(neurons,)` bool, the neurons of the mean.
        assumed: Float, Fano factor that `cc_max` is for.

    Returns:
        Dict, Fano factor as text -> mean of CC_norm clipped to [-1, 1], over the
        neurons that have a ceiling then; None if there are none.

    Example:

    >>> columns = {"correlation": np.array([0.6]), "cc_max": np.array([0.8])}
    >>> cc_norm_by_fano(columns, np.array([True]), assumed=1.0)
    {'1': 0.75, '1.2': 0.796, '1.4': 0.852}
    """
    ceiling, correlation = columns["cc_max"][chosen], columns["correlation"][chosen]
    means: dict[str, Any] = {}
    for multiple in MULTIPLES:
        squared = 1 - multiple * (1 - ceiling**2)
        usable = (ceiling > 0) & (squared > 0) & np.isfinite(correlation)
        values = correlation[usable] / np.sqrt(squared[usable])
        values = np.clip(values, -1, 1)
        means[f"{multiple * assumed:g}"] = (
            round(float(values.mean()), 3) if values.size else None
        )
    return means


def fano_facts(
    recording: Any,
    source: str,
    columns: dict[str, np.ndarray],
    chosen: np.ndarray,
    assumed: float,
) -> dict[str, Any]:
    """Return what is known of the Fano factor, as `Scores.fano`.

    Args:
        recording: `v1keras.data.Recording`.
        source: String, source of the ceiling.
        columns: Dict of `(neurons,)` columns `correlation` and `cc_max`.
        chosen: `(neurons,)` bool, the neurons of the mean CC_norm.
        assumed: Float, Fano factor of a ceiling from means.
    """
    if not recording.units_are_counts:
        return {}
    origin, estimate = None, np.array([np.nan])
    presentations = recording.attributes.get("presentations")
    if recording.repeats is not None:
        origin = "repeats"
        estimate = fano_from_repeats(recording.repeats)
    elif presentations is not None:
        origin = "identical images"
        estimate = fano_from_identical_images(
            recording.images, recording.responses, presentations
        )
    known = bool(np.isfinite(estimate).any())
    facts: dict[str, Any] = {
        "assumed": float(assumed),
        "estimate": round(float(np.nanmedian(estimate)), 3) if known else None,
        "estimated_from": origin if known else None,
    }
    if source == "means":
        facts["cc_norm"] = cc_norm_by_fano(columns, chosen, assumed)
    return facts

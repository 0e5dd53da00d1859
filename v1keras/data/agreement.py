"""Agreement of the responses with the means of the repeats, where both are given."""

import itertools

import numpy as np

from v1keras.io.large_arrays import row_blocks

_TOLERANCE = 1e-3  # of a neuron's range: text is often rounded to three decimals
_ROWS = 200  # images that a hidden order is looked for among
AXES = ("images", "trials", "neurons")


def check_agreement(responses, repeats, repeat_images):
    """Refuse repeats whose means over presentations are not the responses.

    They are compared where both are known, within a thousandth of the neuron's range.

    Args:
        responses: Array `(images, neurons)`, NaN = missing.
        repeats: Array `(n_r, n_repeats, neurons)`, NaN = missing.
        repeat_images: Integer array `(n_r,)`, index of the image of each entry.

    Raises:
        ValueError: They differ; names the order of images, neurons or axes, or the
            unit, that would make them agree, if there is one.

    Example:

    >>> counts = np.random.default_rng(0).poisson(5.0, (6, 4, 2)).astype("float32")
    >>> check_agreement(counts.mean(axis=1), counts, np.arange(6))
    >>> check_agreement(counts.mean(axis=1), counts[1:], np.arange(5))
    Traceback (most recent call last):
      ...
    ValueError: repeats: ... those of the images 1 later: repeat_images should be 1 more
    """
    means = means_of(repeats)
    stated = responses[repeat_images]
    if agree(means, stated):
        return
    excess = np.nan_to_num(np.abs(means - stated) - tolerances(stated))
    image, neuron = np.unravel_index(excess.argmax(), excess.shape)
    raise ValueError(
        "repeats: found means over presentations that are not the responses (image"
        f" {repeat_images[image]}, neuron {neuron}: {means[image, neuron]:.6g} and"
        f" {stated[image, neuron]:.6g}), expected the same;"
        f" {_reason(responses, repeats, repeat_images, means)}"
    )


def means_of(repeats, axis=1):
    """Return float64 means over presentations, NaN where all of them are missing."""
    means = []
    for _, rows in row_blocks(repeats):
        known = np.isfinite(rows).sum(axis=axis)
        totals = np.nansum(rows, axis=axis, dtype="float64")
        means.append(np.where(known, totals / np.maximum(known, 1), np.nan))
    return np.concatenate(means)


def tolerances(stated):
    """Return the differences, per neuron, that rounding explains."""
    known = np.isfinite(stated)
    highest = np.where(known, stated, -np.inf).max(axis=0)
    lowest = np.where(known, stated, np.inf).min(axis=0)
    largest = np.maximum(np.abs(highest), np.abs(lowest))
    spread = highest - lowest
    # Text of six digits; where neurons differ little from a large value, float32 alone.
    rounding = 1e-6 * largest + np.minimum(9e-6 * largest, 0.1 * spread)
    return np.where(known.any(axis=0), _TOLERANCE * spread + rounding, 0)


def agree(means, stated):
    """Return True if two arrays `(images, neurons)` agree where both are known."""
    with np.errstate(invalid="ignore"):
        return not (np.abs(means - stated) > tolerances(stated)).any()


def _reason(responses, repeats, repeat_images, means):
    """Return a clause that tells what would make repeats and responses agree."""
    return (
        _unit(means, responses[repeat_images])
        or _shift(means, responses, repeat_images)
        or _order_of_images(means, responses, repeat_images)
        or _order_of_neurons(means, responses[repeat_images])
        or _order_of_axes(responses[repeat_images], repeats)
        or "no order of images or of neurons, and no other unit, makes them agree"
    )


def _unit(means, stated):
    """Return a clause if each neuron's responses are scaled and shifted."""
    known = np.isfinite(means) & np.isfinite(stated)
    counts = np.maximum(known.sum(axis=0), 1)
    if np.median(counts) < 4:  # any two images fit a scale and an offset
        return ""
    x = np.where(known, means, 0)
    y = np.where(known, stated, 0)
    dx = np.where(known, x - x.sum(axis=0) / counts, 0)
    dy = np.where(known, y - y.sum(axis=0) / counts, 0)
    spread = (dx**2).sum(axis=0)
    factors = (dx * dy).sum(axis=0) / np.where(spread, spread, 1)
    offsets = (y.sum(axis=0) - factors * x.sum(axis=0)) / counts
    varying = np.flatnonzero(spread)
    if not factors[varying].all() or not agree(factors * means + offsets, stated):
        return ""
    told = varying[:3]
    text = ", ".join(f"{factors[neuron]:.4g}" for neuron in told)
    if agree(factors * means, stated):
        return (
            f"the responses are in another unit: {text} times the means (neurons"
            f" {', '.join(map(str, told))})"
        )
    return (
        f"the responses are in another unit: {text} times the means, and shifted"
        f" (neurons {', '.join(map(str, told))})"
    )


def _shift(means, responses, repeat_images):
    """Return a clause if the repeats are those of the images before or after."""
    for shift, word in ((1, "later"), (-1, "earlier")):
        shifted = repeat_images + shift
        inside = (shifted >= 0) & (shifted < len(responses))
        if inside.any() and agree(means[inside], responses[shifted[inside]]):
            more = "1 more" if shift > 0 else "1 less, if it counts from 1"
            return (
                f"they are those of the images 1 {word}: repeat_images should be {more}"
            )
    return ""


def _order_of_images(means, responses, repeat_images):
    """Return a clause if the repeats are those of the images in another order."""
    chosen = np.linspace(0, len(means) - 1, min(_ROWS, len(means))).astype(int)
    matches = _matches(means[chosen], responses, tolerances(responses[repeat_images]))
    if (matches < 0).any() or len(np.unique(matches)) < len(matches):
        return ""
    examples = [
        f"entry {entry} of image {match}"
        for entry, match in zip(chosen[:5], matches[:5], strict=True)
    ]
    return f"the images are in another order: {', '.join(examples)}"


def _order_of_neurons(means, stated):
    """Return a clause if the repeats have the neurons in another order."""
    matches = _matches(means.T, stated.T, tolerances(stated)[:, None])
    if (matches < 0).any():
        return ""
    differ = np.flatnonzero(matches != np.arange(len(matches)))[:5]
    examples = [
        f"neuron {neuron} of the repeats is {matches[neuron]} of the responses"
        for neuron in differ
    ]
    return f"the neurons are in another order: {', '.join(examples)}"


def _matches(rows, candidates, tolerance):
    """Return the index of the candidate that each row agrees with, or -1."""
    matches = []
    for row in rows:
        with np.errstate(invalid="ignore"):
            differ = np.abs(candidates - row) > tolerance
        fitting = np.flatnonzero(~differ.any(axis=1))
        matches.append(fitting[0] if fitting.size else -1)
    return np.array(matches)


def _order_of_axes(stated, repeats):
    """Return a clause if repeats with their axes in another order agree."""
    for order in itertools.permutations(range(3)):
        swapped = repeats.transpose(order)
        if swapped.shape != repeats.shape or order == (0, 1, 2):
            continue
        if agree(means_of(swapped), stated):
            # Axis order[i] of the array is AXES[i].
            names = [AXES[order.index(axis)] for axis in range(3)]
            return (
                f"their axes are in another order: {', '.join(names)} (in `convert"
                f" arrays`: --repeats_axes={','.join(names)})"
            )
    return ""

"""What would spoil a score: copies of an image on two sides, a neuron recorded twice,
too few images.
"""

import itertools

import numpy as np
from scipy import ndimage, sparse

from v1keras.data.validation import SPLITS, UNASSIGNED

_SIDE = 33  # pixels a side that images are compared at
# Of those pixels: structure between these two scales (standard deviations of Gaussians)
# is compared.
_FINE, _COARSE = 0.7, 2.0
# Chosen on the recordings of Kindel et al. 2019, whose rotated copies are known: it
# finds 344 of the 360 pairs there and no other.
_ALIKE = 0.85
_LEAST = 8  # pixels a side that structure can be seen in
_WORK = 10_000_000  # pairs of images, and of neurons, that are compared at most
_SAME_NEURON = 0.98


def find_copies(images, compared=None):
    """Pairs of images that are the same, or the same turned by a multiple of 45
    degrees.

    Structure within a disc around the centre is compared, at every multiple of 45
    degrees and moved by up to one pixel of 33 a side: a correlation above 0.85 makes
    two images copies.

    Args:
        images: `(n, height, width)`.
        compared: indices of images, each of which is compared with all; all where left
            out. As many of them as 10 million pairs allow.

    Returns:
        (`(pairs, 2)` indices, `(pairs,)` degrees from 0 to 315 that turn the first
        counterclockwise to the second, how many of `compared` were compared).

    Example:

    >>> rng = np.random.default_rng(0)
    >>> image = rng.integers(0, 256, (40, 40))
    >>> pairs, degrees, _ = find_copies(
    ...     np.stack([image, rng.integers(0, 256, (40, 40)), np.rot90(image)])
    ... )
    >>> pairs.tolist(), degrees.tolist()
    ([[0, 2]], [90])
    """
    compared = np.arange(len(images)) if compared is None else np.asarray(compared)
    compared = compared[: max(1, _WORK // len(images))]
    if min(images.shape[1:]) < _LEAST:
        return np.zeros((0, 2), int), np.zeros(0, int), 0
    fine = _structure(images)
    height = fine.shape[1]
    disc = (
        np.argwhere(
            np.hypot(*(np.mgrid[:height, :height] - (height - 1) / 2)) <= 0.3 * height
        )
        - (height - 1) / 2
    )
    flat = fine.reshape(len(fine), -1)
    base, best = _unit(flat @ _sampling(disc, height, 0, (0, 0))), None
    for angle, *shift in itertools.product(range(0, 360, 45), (-1, 0, 1), (-1, 0, 1)):
        alike = _unit(flat[compared] @ _sampling(disc, height, angle, shift)) @ base.T
        if best is None:
            best, angles = alike, np.zeros(alike.shape, np.int16)
        angles[alike > best] = angle
        np.maximum(best, alike, out=best)
    row, second = np.nonzero(best > _ALIKE)
    first, degrees = compared[row], angles[row, second]
    degrees = (
        np.where(first < second, -degrees, degrees) % 360
    )  # the first was sampled at places turned the other way
    pairs, place = np.unique(
        np.sort([first, second], axis=0).T, axis=0, return_index=True
    )
    others = pairs[:, 0] != pairs[:, 1]
    return pairs[others], degrees[place][others], len(compared)


def _structure(images):
    """`(n, side, side)`: the central square, reduced to about 33 pixels, between the
    two scales.
    """
    side = min(images.shape[1:])
    step = max(1, round(side / _SIDE))
    side -= side % step
    top, left = ((length - side) // 2 for length in images.shape[1:])
    found = np.empty((len(images), side // step, side // step), np.float32)
    for i, image in enumerate(images):
        square = image[top : top + side, left : left + side].astype(np.float32)
        reduced = square.reshape(side // step, step, side // step, step).mean(
            axis=(1, 3)
        )
        found[i] = ndimage.gaussian_filter(reduced, _FINE) - ndimage.gaussian_filter(
            reduced, _COARSE
        )
    return found


def _sampling(places, height, angle, shift):
    """`(height * height, places)` sparse: pixels to values at places turned by the
    angle around the centre, between pixels linearly.
    """
    turn = np.deg2rad(angle)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    where = places @ rotation + shift + (height - 1) / 2
    low = np.clip(np.floor(where).astype(int), 0, height - 2)
    part = where - low
    matrix = 0
    for row, column in itertools.product((0, 1), (0, 1)):
        weight = np.abs(1 - row - part[:, 0]) * np.abs(1 - column - part[:, 1])
        pixel = (low[:, 0] + row) * height + low[:, 1] + column
        matrix = matrix + sparse.csc_array(
            (weight.astype(np.float32), (pixel, np.arange(len(places)))),
            (height**2, len(places)),
        )
    return matrix


def _unit(values):
    """Rows of zero mean and unit norm; zero where a row doesn't vary."""
    values = values - values.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(norm > 1e-3 * np.sqrt(values.shape[1]), norm, np.inf)


def find_twins(responses):
    """Pairs of neurons that answer so much alike that they are one neuron recorded
    twice: correlation above 0.98.

    Args:
        responses: `(n, neurons)`, NaN = missing. The first images are used where there
            are more than needed.

    Returns:
        `(pairs, 2)` indices.

    Example:

    >>> answers = np.random.default_rng(0).poisson(2.0, (100, 3)).astype(float)
    >>> find_twins(np.column_stack([answers, answers[:, 1]])).tolist()
    [[1, 3]]
    """
    chosen = np.flatnonzero(np.isfinite(responses[:1000]).sum(axis=0) > 10)
    values = responses[:1000, chosen].astype(float)
    known = np.isfinite(values)
    values = (
        np.where(known, values - np.nanmean(values, axis=0), 0.0)
        if chosen.size
        else np.zeros((1, 0))
    )
    norm = np.sqrt((values**2).sum(axis=0))
    values = values / np.where(norm > 0, norm, np.inf)
    pairs = []
    for start in range(0, chosen.size, 1000):
        first, second = np.nonzero(
            values[:, start : start + 1000].T @ values > _SAME_NEURON
        )
        first += start
        pairs.append(np.stack([first, second], axis=1)[first < second])
    return chosen[np.concatenate(pairs)] if pairs else np.zeros((0, 2), int)


def spoilers(recording):
    """What would spoil a score on a recording, a line each; none where nothing was
    found.

    Args:
        recording: a `Recording`.

    Returns:
        list of strings.

    Example:

    >>> from v1keras import Recording
    >>> images = np.random.default_rng(0).integers(
    ...     0, 256, (100, 16, 16), dtype=np.uint8
    ... )
    >>> images[99] = images[0]
    >>> recording = Recording(
    ...     images,
    ...     np.random.default_rng(1).random((100, 2)),
    ...     split=np.repeat([0, 1, 2], [40, 30, 30]),
    ... )
    >>> spoilers(recording)
    ['1 pair of images stands on two sides, the same or turned: 0 (train) and 99
    (test)']
    """
    return [*_copied(recording), *_twins(recording), *_few(recording)]


def _copied(recording):
    split = recording.split
    held_out = np.flatnonzero(split > 0)
    pairs, degrees, count = find_copies(
        recording.images, held_out if held_out.size else None
    )
    goal = held_out.size or len(split)
    if count < goal:
        yield (
            f"only {count} of {goal} images were compared with the others, which are"
            f" too {'many' if count else 'small'}"
        )
    groups = recording.image_group
    if not held_out.size and len(pairs):
        copied = np.unique(pairs).size
        turned = sum(degrees != 0)
        some = ", ".join(
            f"{a} and {b} ({angle} degrees)"
            for (a, b), angle in zip(pairs[:3], degrees[:3], strict=True)
        )
        advice = (
            "split by groups (protocol grouped)"
            if groups is not None
            else "no image_group tells which belong together"
        )
        yield (
            f"{copied} of {len(split)} images are copies of others, {turned} of"
            f" {len(pairs)} pairs turned, such as {some}: {advice}"
        )
    names = {side: name for name, side in SPLITS.items()} | {UNASSIGNED: "unassigned"}
    apart = pairs[
        (split[pairs[:, 0]] != split[pairs[:, 1]])
        & (split[pairs] != UNASSIGNED).all(axis=1)
    ]
    if len(apart):
        some = ", ".join(
            " and ".join(f"{i} ({names[split[i]]})" for i in sorted(pair))
            for pair in apart[:3].tolist()
        )
        yield (
            f"{_counted(len(apart), 'pair')} of images"
            f" {'stands' if len(apart) == 1 else 'stand'} on two sides, the same or"
            f" turned: {some}"
        )
    if groups is not None:
        foreign = pairs[groups[pairs[:, 0]] != groups[pairs[:, 1]]]
        if len(foreign):
            yield (
                f"{_counted(len(foreign), 'pair')} of copies in different groups of"
                f" images, such as {foreign[0].tolist()}"
            )
        torn = sum(len(set(sides)) > 1 for sides in _by_group(groups, split))
        if torn:
            yield (
                f"{_counted(torn, 'group')} of images on more than one side of the"
                " split"
            )


def _by_group(groups, split):
    known = split != UNASSIGNED
    order = np.argsort(groups[known], kind="stable")
    labels, sides = groups[known][order], split[known][order]
    return np.split(sides, np.flatnonzero(np.diff(labels)) + 1) if labels.size else []


def _twins(recording):
    pairs = find_twins(recording.responses)
    if len(pairs):
        some = ", ".join(f"{a} and {b}" for a, b in pairs[:3])
        yield (
            f"{_counted(len(pairs), 'pair')} of neurons answer alike, as one neuron"
            f" recorded twice does: {some}"
        )


def _few(recording):
    counts = {
        name: int((recording.split == side).sum()) for name, side in SPLITS.items()
    }
    for name, count in counts.items():
        if name != "train" and 0 < count < 28:
            error = 1 / np.sqrt(max(count - 3, 1))
            yield (
                f"{_counted(count, f'{name} image')}: the correlation of a neuron has a"
                f" standard error of about {error:.2f} there"
            )
        if not count and any(counts.values()):
            yield f"no {name} images, though others are marked"
    tested = np.flatnonzero(recording.split == SPLITS["test"])
    if recording.repeats is not None and tested.size:
        without = np.setdiff1d(tested, recording.repeat_images).size
        if without:
            yield (
                f"{without} of {tested.size} test images have no repeats: no ceiling is"
                " taken from repeats"
            )


def _counted(count, noun):
    return f"{count} {noun}{'s' * (count != 1)}"

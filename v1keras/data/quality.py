"""Flaws of a recording that spoil a score on it."""

import numpy as np

from v1keras.data.duplicates import find_duplicate_images, find_duplicate_neurons
from v1keras.data.validation import SPLITS, TEST, UNASSIGNED, count_images
from v1keras.io.large_arrays import LazyRows, finite_range

_FEW_IMAGES = 28  # below this a correlation has a standard error above 0.2
_VERY_FEW_IMAGES = 8  # and above 0.45
_UNEVEN = 3  # times as many repeats: the errors of their means differ by 1.7


def quality_issues(recording):
    """Find what would spoil a score: duplicates on two sides, too few images.

    Args:
        recording: `Recording`.

    Returns:
        List of strings, one line per issue; empty where none was found.

    Example:

    >>> from v1keras import Recording
    >>> rng = np.random.default_rng(0)
    >>> images = rng.integers(0, 256, (100, 16, 16), dtype=np.uint8)
    >>> images[99] = images[0]
    >>> split = np.repeat([0, 1, 2], [40, 30, 30])
    >>> quality_issues(Recording(images, rng.random((100, 2)), split=split))
    ['1 pair of images stands on two sides, the same or turned: 0 (train) and 99
    (test)']
    """
    return [
        *duplicate_images(recording),
        *duplicate_neurons(recording),
        *few_images(recording),
        *missing_repeats(recording),
        *uneven_repeats(recording),
    ]


def split_issues(recording):
    """Find what spoils a training and its score: copies on two sides, small sides.

    Args:
        recording: `Recording` with a split.

    Returns:
        List of strings, one line per issue.

    Example:

    >>> from v1keras import Recording
    >>> images = np.random.default_rng(0).integers(0, 256, (40, 16, 16))
    >>> split = np.repeat([0, 1, 2], [20, 19, 1])
    >>> split_issues(Recording(images, np.eye(40)[:, 30:], split))
    ["no neuron's response varies over 1 test image: there are no scores"]
    """
    issues = list(duplicate_images(recording))
    for side in ("validation", "test"):
        images = recording.indices(side)
        if not varying_neurons(recording, images):
            issues.append(
                "no neuron's response varies over"
                f" {_counted(len(images), f'{side} image')}: there are no scores"
            )
        elif len(images) < _VERY_FEW_IMAGES:
            issues.append(_error_line(side, len(images)))
    return issues


def varying_neurons(recording, images):
    """Return how many neurons' responses differ between some of the images."""
    least, most = finite_range(LazyRows(recording.responses, images))
    return int((least < most).sum())


def duplicate_images(recording):
    """Yield lines on duplicates of the held-out images, or of all without a split."""
    split, groups = recording.split, recording.image_group
    held_out = np.flatnonzero(split > 0)
    compared = held_out if held_out.size else np.arange(len(split))
    pairs, degrees, count = _pairs(recording, compared)
    if count < compared.size:
        reason = "many" if count else "small"
        yield (
            f"only {count} of {compared.size} images were compared with the others,"
            f" which are too {reason}"
        )
    if not held_out.size and len(pairs):
        yield _undivided(pairs, degrees, len(split), groups)
    yield from _apart(pairs, split)
    if groups is not None:
        yield from _torn(pairs, split, groups)


def _pairs(recording, compared):
    """Return what `find_duplicate_images` does, found once for a recording's split."""
    name, images = "_duplicate_images", recording.images
    known, of_these, found = vars(recording).get(name, (None, None, None))
    if known is not images or not np.array_equal(of_these, compared):
        found = find_duplicate_images(images, compared)
        vars(recording)[name] = images, compared, found
    return found


def _undivided(pairs, degrees, total, groups):
    """Return a line on the duplicates in a recording without a split."""
    copied = np.unique(pairs).size
    turned = sum(degrees != 0)
    examples = []
    for (first, second), angle in zip(pairs[:3], degrees[:3], strict=True):
        examples.append(f"{first} and {second} ({angle} degrees)")
    advice = "split by groups (protocol grouped)"
    if groups is None:
        advice = "no image_group tells which belong together"
    return (
        f"{copied} of {total} images are copies of others, {turned} of {len(pairs)}"
        f" pairs turned, such as {', '.join(examples)}: {advice}"
    )


def _apart(pairs, split):
    """Yield a line on duplicates on two sides of the split."""
    sides = split[pairs]
    assigned = (sides != UNASSIGNED).all(axis=1)
    pairs = pairs[(sides[:, 0] != sides[:, 1]) & assigned]
    if not len(pairs):
        return
    names = {side: name for name, side in SPLITS.items()}
    examples = []
    for first, second in np.sort(pairs[:3], axis=1):
        examples.append(
            f"{first} ({names[split[first]]}) and {second} ({names[split[second]]})"
        )
    verb = "stands" if len(pairs) == 1 else "stand"
    yield (
        f"{_counted(len(pairs), 'pair')} of images {verb} on two sides, the same or"
        f" turned: {', '.join(examples)}"
    )


def _torn(pairs, split, groups):
    """Yield lines on duplicates in two groups and on groups on two sides."""
    ungrouped = pairs[groups[pairs[:, 0]] != groups[pairs[:, 1]]]
    if len(ungrouped):
        yield (
            f"{_counted(len(ungrouped), 'pair')} of copies in different groups of"
            f" images, such as {ungrouped[0].tolist()}"
        )
    assigned = split != UNASSIGNED
    places = np.unique(np.stack([groups[assigned], split[assigned]]), axis=1)
    _, sides = np.unique(places[0], return_counts=True)
    torn = (sides > 1).sum()
    if torn:
        yield f"{_counted(torn, 'group')} of images on more than one side of the split"


def duplicate_neurons(recording):
    """Yield a line on neurons recorded twice."""
    pairs = find_duplicate_neurons(recording.responses)
    if len(pairs):
        examples = ", ".join(f"{first} and {second}" for first, second in pairs[:3])
        yield (
            f"{_counted(len(pairs), 'pair')} of neurons answer alike, as one neuron"
            f" recorded twice does: {examples}"
        )


def few_images(recording):
    """Yield lines on sides with too few images for a score."""
    counts = count_images(recording.split)
    for name, count in counts.items():
        if name != "train" and 0 < count < _FEW_IMAGES:
            yield _error_line(name, count)
        if not count and any(counts.values()):
            yield f"no {name} images, though others are marked"


def _error_line(side, count):
    error = 1 / np.sqrt(max(count - 3, 1))
    return (
        f"{_counted(count, f'{side} image')}: the correlation of a neuron has a"
        f" standard error of about {error:.2f} there"
    )


def missing_repeats(recording):
    """Yield a line on test images without repeats, where others have them."""
    tested = np.flatnonzero(recording.split == TEST)
    if recording.repeats is None or not tested.size:
        return
    without = np.setdiff1d(tested, recording.repeat_images).size
    if without:
        yield (
            f"{without} of {tested.size} test images have no repeats: no ceiling is"
            " taken from repeats"
        )


def uneven_repeats(recording):
    """Yield a line on test images of which some have far more repeats than others."""
    if recording.repeats is None:
        return
    shown = np.isfinite(recording.repeats).any(axis=2).sum(axis=1)
    tested = shown[np.isin(recording.repeat_images, recording.indices("test"))]
    if tested.size and tested.max() >= _UNEVEN * max(tested.min(), 1):
        yield (
            f"test images have {tested.min()} to {tested.max()} repeats: those with few"
            " say little about the limit"
        )


def _counted(count, noun):
    """Return a count with its noun in the singular or plural."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

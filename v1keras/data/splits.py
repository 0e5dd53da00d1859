"""Division of images into training, validation and test."""

from collections.abc import Sequence

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.same_images import first_alike
from v1keras.data.validation import TEST, TRAIN, VALIDATION

PROTOCOLS = ("file", "paper", "grouped", "kfold")
FOLDS = 10


def draw_split(
    image_count: int,
    seed: int,
    parts: Sequence[float] | np.ndarray,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """Divide images at random into train, test and validation.

    `numpy.random.RandomState(seed).permutation` orders the images (or the groups); the
    first go to training, the next to testing, the last to validation: with 270 images
    and parts 180, 52, 38 this is the split of Kindel et al. 2019.

    Args:
        image_count: Integer, number of images.
        seed: Integer, seed of the permutation.
        parts: Proportions of (train, test, validation) images.
        groups: Integer array `(n,)`. Images of one group stay together; the cuts fall
            where the number of images comes nearest.

    Returns:
        Int8 array `(n,)`: 0 train, 1 validation, 2 test.

    Raises:
        ValueError: A part is not positive, or there are too few images for three parts.

    Example:

    >>> draw_split(6, seed=0, parts=(4, 1, 1)).tolist()
    [2, 0, 0, 0, 1, 0]
    """
    parts = _checked(parts)
    goals = np.cumsum(parts)[:2] / parts.sum() * image_count
    labels, order, cuts = _draw(image_count, seed, goals, groups)
    if not 0 < cuts[0] < cuts[1] < len(order):
        raise ValueError(
            f"{len(order)} images or groups of images are too few for the parts"
            f" {parts.tolist()}"
        )
    split = np.full(image_count, VALIDATION, np.int8)
    split[np.isin(labels, order[: cuts[0]])] = TRAIN
    split[np.isin(labels, order[cuts[0] : cuts[1]])] = TEST
    return split


def fold_split(
    image_count: int,
    fold: int,
    parts: Sequence[float] | np.ndarray,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """Divide images so that over ten folds each is tested once.

    The groups in random order, which is the same for all folds, the largest first, are
    dealt to the folds in turn: a fold has a tenth of the groups of each size. Which of
    the other images train and which validate is drawn by `redraw_validation`.

    Args:
        image_count: Integer, number of images.
        fold: Integer from 0 to 9, the fold whose images test.
        parts: Proportions of (train, test, validation) images; that of test images is
            not used.
        groups: Integer array `(n,)`. Images of one group stay together.

    Returns:
        Int8 array `(n,)`: 0 train, 1 validation, 2 test.

    Raises:
        ValueError: There is no such fold, a part is not positive, or there are too few
            images.

    Example:

    >>> splits = [fold_split(30, fold, (180, 52, 38)) for fold in range(10)]
    >>> (np.array(splits) == 2).sum(axis=0).tolist() == [1] * 30
    True
    """
    parts = _checked(parts)
    if not 0 <= fold < FOLDS:
        raise ValueError(
            f"fold: found {fold}, expected 0 to {FOLDS - 1}; with the protocol kfold"
            " the seed of the split is the fold that tests"
        )
    labels = np.arange(image_count)
    if groups is not None:
        labels = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(labels)
    order = np.random.RandomState(0).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    rest = np.flatnonzero(~np.isin(labels, order[fold::FOLDS]))
    goal = parts[0] / (parts[0] + parts[2]) * len(rest)
    labels, order, (cut,) = _draw(len(rest), fold, [goal], labels[rest])
    if len(sizes) < FOLDS or cut == len(order):
        raise ValueError(
            f"{len(sizes)} images or groups of images are too few for {FOLDS} folds"
            f" and the parts {parts.tolist()}"
        )
    split = np.full(image_count, TEST, np.int8)
    split[rest] = np.where(np.isin(labels, order[:cut]), TRAIN, VALIDATION)
    return split


def redraw_validation(
    split: np.ndarray, seed: int, groups: np.ndarray | None = None
) -> np.ndarray:
    """Divide the images that are not for testing again, for a member of an ensemble.

    Args:
        split: Int8 array `(n,)` as `draw_split` returns it.
        seed: Integer, seed of the draw.
        groups: Integer array `(n,)`. Images of one group stay together.

    Returns:
        Int8 array `(n,)`, a split with the same test images, and with the number of
        training images nearest to the former one.

    Example:

    >>> redraw_validation(np.array([0, 0, 2, 1, 0, 1]), seed=1).tolist()
    [1, 0, 2, 0, 1, 0]
    """
    redrawn = np.array(split, np.int8)
    chosen = np.flatnonzero((redrawn == TRAIN) | (redrawn == VALIDATION))
    groups = None if groups is None else np.asarray(groups)[chosen]
    goals = [(redrawn == TRAIN).sum()]
    labels, order, (cut,) = _draw(chosen.size, seed, goals, groups)
    redrawn[chosen] = np.where(np.isin(labels, order[:cut]), TRAIN, VALIDATION)
    return redrawn


def _checked(parts):
    """Return the proportions of train, test and validation images as an array."""
    parts = np.asarray(parts, float)
    if parts.shape != (3,) or (parts <= 0).any():
        raise ValueError(
            f"split parts: found {parts.tolist()}, expected three numbers above 0:"
            " train, test, validation"
        )
    return parts


def _draw(count, seed, goals, groups):
    """Return each image's group, the groups in random order, and cuts in that order.

    Up to each cut the number of images comes nearest to a goal.
    """
    labels = np.arange(count)
    if groups is not None:
        labels = np.unique(groups, return_inverse=True)[1]
    order = np.random.RandomState(seed).permutation(labels.max() + 1)
    ends = np.cumsum(np.bincount(labels)[order])  # images up to and with each group
    return labels, order, [int(np.abs(ends - goal).argmin()) + 1 for goal in goals]


def split_by_protocol(
    recording: Recording, protocol: str, seed: int, parts: Sequence[float] | np.ndarray
) -> Recording:
    """Divide the images of a recording by a named protocol.

    Args:
        recording: `Recording`.
        protocol: "file" keeps the split in the file; "paper" draws images at random, as
            the paper did; "grouped" draws groups of images, so that no photograph is on
            two sides; "kfold" deals them into ten folds, of which one tests. Without
            `image_group`, "paper" and "kfold" keep rows with the same pixels together.
        seed: Integer, seed of the draw; of "kfold", the fold that tests, 0 to 9.
        parts: Proportions of (train, test, validation) images.

    Raises:
        ValueError: There is no such protocol or fold, or it is "grouped" and the
            recording has no `image_group`.

    Example:

    >>> from v1keras import simulate_recording
    >>> recording = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    >>> divided = split_by_protocol(recording, "paper", seed=0, parts=(3, 1, 1))
    >>> len(divided.indices("train"))
    30
    """
    if protocol not in PROTOCOLS:
        raise ValueError(
            f"protocol: found {protocol!r}, expected one of {', '.join(PROTOCOLS)}"
        )
    if protocol == "file":
        return recording
    if protocol == "grouped" and recording.image_group is None:
        raise ValueError(
            "protocol 'grouped' needs the dataset image_group in the recording; use"
            " 'paper' without it"
        )
    groups = groups_of(recording, protocol)
    draw = fold_split if protocol == "kfold" else draw_split
    return recording.with_split(draw(len(recording.images), seed, parts, groups))


def groups_of(recording: Recording, protocol: str) -> np.ndarray | None:
    """Return `(n,)` integers: the images that must stand on one side of a split.

    They are those of one `image_group`, which the protocol "paper" looks past; in a
    recording without it, the rows with the same pixels. None if each image may stand
    anywhere.

    Args:
        recording: `Recording`.
        protocol: String, one of `PROTOCOLS`.

    Example:

    >>> images = np.array([[[1.0]], [[2.0]], [[1.0]]])
    >>> groups_of(Recording(images, np.eye(3)), "paper").tolist()
    [0, 1, 0]
    """
    if recording.image_group is not None:
        return None if protocol == "paper" else recording.image_group
    first = first_alike(recording.images)
    return None if np.array_equal(first, np.arange(len(first))) else first

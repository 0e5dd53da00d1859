"""Rows of one image, joined into its repeats."""

import dataclasses

import numpy as np

from v1keras.data.same_images import first_alike
from v1keras.data.sources.trials import mean_response, stack_repeats


def join_repeats(recording):
    """Return the recording with one row per image, and its other rows as repeats.

    Rows whose images have the same pixels become the presentations of one image, in
    their order: `responses` holds their mean, `repeats` each of them, and numeric
    covariates are joined likewise, into `covariates` and `repeat_covariates`. Repeats
    that the recording has already are kept as presentations.

    Args:
        recording: `Recording`.

    Raises:
        ValueError: No two rows have the same image, or a column of images, the split
            among them, differs between rows of one image.

    Example:

    >>> from v1keras.data import Recording
    >>> images = np.array([[[1.0]], [[2.0]], [[1.0]]])
    >>> joined = join_repeats(Recording(images, np.array([[3.0], [4.0], [5.0]])))
    >>> joined.responses.tolist(), joined.repeats.tolist(), joined.repeat_images
    ([[4.0], [4.0]], [[[3.0], [5.0]]], array([0]))
    """
    first = first_alike(recording.images)
    kept, place = np.unique(first, return_inverse=True)
    if len(kept) == len(first):
        raise ValueError(
            f"images: found {len(first)} different ones, expected some of them twice or"
            " more: there is nothing to join"
        )
    trials, of_trial, source = _presentations(recording, place)
    rows = [np.flatnonzero(of_trial == image) for image in range(len(kept))]
    repeated = np.flatnonzero([len(image_rows) > 1 for image_rows in rows])
    rows_of_repeated = [rows[image] for image in repeated]
    responses = np.stack([mean_response(trials[chosen], axis=0) for chosen in rows])
    covariates, repeat_covariates = {}, {}
    for name, column in recording.covariates.items():
        if column.dtype.kind not in "biuf" or _agrees(column, first):
            covariates[name] = _only(column, first, kept, f"covariates/{name}")
            continue
        single = column[source[:, 0]].astype(float)
        if name in recording.repeat_covariates:
            inside = source[:, 1] >= 0
            entries = source[inside, 1], source[inside, 2]
            single[inside] = recording.repeat_covariates[name][entries]
        covariates[name] = np.stack([mean_response(single[c], axis=0) for c in rows])
        repeat_covariates[name] = stack_repeats(single, rows_of_repeated)
    group = recording.image_group
    if group is not None:
        group = _only(group, first, kept, "image_group")
    return dataclasses.replace(
        recording,
        images=recording.images[kept],
        responses=responses,
        split=_only(recording.split, first, kept, "split"),
        repeats=stack_repeats(trials, rows_of_repeated),
        repeat_images=repeated,
        image_group=group,
        covariates=covariates,
        repeat_covariates=repeat_covariates,
    )


def _presentations(recording, place):
    """Return every presentation `(p, neurons)`, its image, and where it is from.

    The last is `(p, 3)`: its row, and its place in `repeats` or -1, -1.
    """
    repeated = recording.repeat_images
    repeated = np.zeros(0, np.int64) if repeated is None else repeated
    once = np.setdiff1d(np.arange(len(place)), repeated)
    trials = [recording.responses[once]]
    source = [np.stack([once, np.full(len(once), -1), np.full(len(once), -1)], axis=1)]
    if len(repeated):
        entry, slot = np.nonzero(np.isfinite(recording.repeats).any(axis=2))
        trials.append(recording.repeats[entry, slot])
        source.append(np.stack([repeated[entry], entry, slot], axis=1))
    source = np.concatenate(source)
    order = np.argsort(source[:, 0], kind="stable")
    return np.concatenate(trials)[order], place[source[order, 0]], source[order]


def _agrees(column, first):
    """Return whether a column has one value per image."""
    return np.array_equal(column, column[first], equal_nan=column.dtype.kind == "f")


def _only(column, first, kept, name):
    """Return the value of each image of a column that has one per image."""
    if not _agrees(column, first):
        row = np.flatnonzero((column != column[first]).reshape(len(column), -1).any(1))
        raise ValueError(
            f"{name}: found {column[row[0]]} at image {row[0]} and"
            f" {column[first[row[0]]]} at image {first[row[0]]}, which has the same"
            " pixels; expected one value"
        )
    return column[kept]

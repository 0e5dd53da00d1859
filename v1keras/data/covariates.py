"""What was measured of the animal beside each image: columns of a recording's
`stimuli`, as a model takes them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from v1keras.data.validation import UNASSIGNED
from v1keras.io.large_arrays import LazyRows


def covariate(recording: Any, column: str, width: int | None = None) -> np.ndarray:
    """A column of behaviour, such as running speed or the pupil's position.

    Args:
        recording: a `Recording`.
        column: of its stimuli, `(n,)` or `(n, k)`, in any units.
        width: the k that is needed; None for any.

    Returns:
        `(n, k)` float32. Images on no side of the split may have NaN.

    Raises:
        ValueError: there is no such column, it is of another shape, or a value is
            missing; says what came and what fits.

    Example:

    >>> from v1keras.data import Recording
    >>> recording = Recording(
    ...     np.zeros((3, 4, 4)),
    ...     np.arange(3.0)[:, None],
    ...     stimuli={"running_cm_s": np.array([0.0, 4.0, 20.0])},
    ... )
    >>> covariate(recording, "running_cm_s").tolist()
    [[0.0], [4.0], [20.0]]
    """
    if column not in recording.stimuli:
        known = ", ".join(recording.stimuli) or "none"
        raise ValueError(
            f"found {column!r}, expected a column of the recording's stimuli, an entry"
            f" an image (it has {known})"
        )
    found = np.asarray(recording.stimuli[column])
    values = found[:, None] if found.ndim == 1 else found
    if (
        values.ndim != 2
        or values.dtype.kind not in "biuf"
        or width not in (None, values.shape[1])
    ):
        raise ValueError(
            f"column {column!r} is {found.dtype} {found.shape}, expected ({len(found)},"
            f" {width or 'k'}) numbers"
        )
    missing = np.flatnonzero(
        ~np.isfinite(values).all(axis=1) & (recording.split != UNASSIGNED)
    )
    if missing.size:
        told = (
            f"column {column!r} is not finite at {missing.size} images (the first is"
            f" {missing[0]})"
        )
        raise ValueError(
            f"{told}; fill them in, or leave these images on no side of the split (-1)"
        )
    return values.astype("float32")


def model_inputs(
    recording: Any,
    indices: Sequence[int] | np.ndarray,
    columns: Mapping[str, int] | None = None,
) -> LazyRows | dict[str, LazyRows]:
    """What a model takes of some images of a recording.

    Args:
        recording: a `Recording`.
        indices: `(m,)` of its images.
        columns: of behaviour that the model takes beside them, name -> values an image,
            as a model's `columns` tells.

    Returns:
        Images `(m, height, width, 1)`, or a dict of these as `images` and of the
        columns `(m, k)`, as `LazyRows`.

    Raises:
        ValueError: as `covariate` does.

    Example:

    >>> from v1keras.data import Recording
    >>> recording = Recording(
    ...     np.zeros((3, 4, 4)),
    ...     np.arange(3.0)[:, None],
    ...     stimuli={"running_cm_s": np.array([0.0, 4.0, 20.0])},
    ... )
    >>> {
    ...     name: rows.shape
    ...     for name, rows in model_inputs(
    ...         recording, [2, 0], {"running_cm_s": 1}
    ...     ).items()
    ... }
    {'images': (2, 4, 4, 1), 'running_cm_s': (2, 1)}
    """
    images = LazyRows(recording.images[..., None], indices)
    if not columns:
        return images
    return {"images": images} | {
        name: LazyRows(covariate(recording, name, width), indices)
        for name, width in columns.items()
    }

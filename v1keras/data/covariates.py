"""Covariates: what was measured of the animal or set by the experimenter per image."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from v1keras.data.validation import UNASSIGNED
from v1keras.io.large_arrays import LazyRows


def covariate(recording: Any, column: str, width: int | None = None) -> np.ndarray:
    """Return a covariate, such as running speed or the pupil's position.

    Args:
        recording: `Recording`.
        column: String, name of one of its covariates, `(n,)` or `(n, k)` in any unit.
        width: Integer, the k that is needed; None for any.

    Returns:
        Float32 array `(n, k)`. Images on no side of the split may have NaN.

    Raises:
        ValueError: There is no such covariate, it has another shape, or a value is
            missing; says what was found and what was expected.

    Example:

    >>> from v1keras.data import Recording
    >>> recording = Recording(
    ...     np.zeros((3, 4, 4)),
    ...     np.arange(3.0)[:, None],
    ...     covariates={"running_cm_s": np.array([0.0, 4.0, 20.0])},
    ... )
    >>> covariate(recording, "running_cm_s").tolist()
    [[0.0], [4.0], [20.0]]
    """
    if column not in recording.covariates:
        names = ", ".join(recording.covariates) or "none"
        raise ValueError(
            f"found {column!r}, expected one of the recording's covariates (it has"
            f" {names})"
        )
    array = np.asarray(recording.covariates[column])
    values = array[:, None] if array.ndim == 1 else array
    numeric = values.ndim == 2 and values.dtype.kind in "biuf"
    if not numeric or width not in (None, values.shape[1]):
        raise ValueError(
            f"covariate {column!r} is {array.dtype} {array.shape}, expected"
            f" ({len(array)}, {width or 'k'}) numbers"
        )
    not_finite = ~np.isfinite(values).all(axis=1)
    missing = np.flatnonzero(not_finite & (recording.split != UNASSIGNED))
    if missing.size:
        raise ValueError(
            f"covariate {column!r} is not finite at {missing.size} images (the first"
            f" is {missing[0]}); fill them in, or leave these images on no side of the"
            " split (-1)"
        )
    return values.astype("float32")


def model_inputs(
    recording: Any,
    indices: Sequence[int] | np.ndarray,
    columns: Mapping[str, int] | None = None,
) -> LazyRows | dict[str, LazyRows]:
    """Return the inputs of a model for chosen images of a recording.

    Args:
        recording: `Recording`.
        indices: Integer array `(m,)`, indices of the images.
        columns: Mapping from the name of each covariate that the model takes to its
            number of values per image, as a model's `covariates`.

    Returns:
        Images `(m, height, width, 1)`, or a dict of these as `images` and of the
        covariates `(m, k)`, as `LazyRows`.

    Raises:
        ValueError: As `covariate`.

    Example:

    >>> from v1keras.data import Recording
    >>> recording = Recording(
    ...     np.zeros((3, 4, 4)),
    ...     np.arange(3.0)[:, None],
    ...     covariates={"running_cm_s": np.array([0.0, 4.0, 20.0])},
    ... )
    >>> inputs = model_inputs(recording, [2, 0], {"running_cm_s": 1})
    >>> {name: rows.shape for name, rows in inputs.items()}
    {'images': (2, 4, 4, 1), 'running_cm_s': (2, 1)}
    """
    images = LazyRows(recording.images[..., None], indices)
    if not columns:
        return images
    inputs = {"images": images}
    for name, width in columns.items():
        inputs[name] = LazyRows(covariate(recording, name, width), indices)
    return inputs

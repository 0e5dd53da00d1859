"""Statistics of the training images, from which models start."""

from collections.abc import Sequence

import numpy as np

from v1keras.data.covariates import covariate
from v1keras.data.recording import Recording
from v1keras.io.large_arrays import LazyRows, finite_sums, row_blocks


def pixel_statistics(recordings: Sequence[Recording]) -> tuple[float, float]:
    """Return the mean and standard deviation of the training images' pixels.

    Args:
        recordings: Sequence of `Recording`s with training images.

    Raises:
        ValueError: All pixels have one value.
    """
    images = [LazyRows(r.images, r.indices("train")) for r in recordings]
    count = sum(rows.size for rows in images)
    total = 0.0
    for rows in images:
        for _, block in row_blocks(rows):
            total += block.sum(dtype="float64")
    mean = total / count
    squares = 0.0
    for rows in images:
        for _, block in row_blocks(rows):
            squares += np.square(block - mean).sum()
    if not squares:
        raise ValueError(
            "all pixels of all training images have one value: nothing to learn from"
        )
    return mean, np.sqrt(squares / count)


def mean_responses(recording: Recording) -> np.ndarray:
    """Return the mean response to the training images.

    Args:
        recording: `Recording` with training images.

    Returns:
        `(neurons,)`, NaN where a neuron has no response to a training image.
    """
    training = LazyRows(recording.responses, recording.indices("train"))
    totals, counts = finite_sums(training)
    with np.errstate(invalid="ignore"):
        return totals / np.where(counts, counts, np.nan)


def covariate_statistics(
    recording: Recording, column: str, width: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of a covariate over the training images.

    Args:
        recording: `Recording` with training images.
        column: String, name of the covariate.
        width: Integer, number of values per image that is needed; None for any.

    Returns:
        Tuple `(mean, standard deviation)`, each `(width,)`; the latter is 1 where the
        covariate is constant.

    Raises:
        ValueError: As `covariate`.
    """
    values = covariate(recording, column, width)[recording.indices("train")]
    deviations = values.std(axis=0, dtype="float64")
    mean = values.mean(axis=0, dtype="float64")
    return mean, np.where(deviations > 0, deviations, 1.0)


def cortical_coordinates(recording: Recording, column: str) -> np.ndarray:
    """Return where in the cortex each neuron is, scaled to [-1, 1].

    Positions are centered, and scaled to reach from -1 to 1 along the longest axis.

    Args:
        recording: `Recording`.
        column: String, column of its neurons, `(neurons, d)` in any unit of length.

    Returns:
        `(neurons, d)` float array.

    Raises:
        ValueError: There is no such column, or it is not a finite `(neurons, d)`.

    Example:

    >>> from v1keras import Recording
    >>> recording = Recording(
    ...     np.zeros((4, 8, 8)),
    ...     np.arange(8.0).reshape(4, 2),
    ...     neurons={"place_um": np.array([[0.0, 50.0], [200.0, 50.0]])},
    ... )
    >>> cortical_coordinates(recording, "place_um").tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    if column not in recording.neurons:
        columns = ", ".join(recording.neurons) or "none"
        raise ValueError(
            f"readout.coordinates: found {column!r}, expected a column of the"
            f" recording's neurons ({columns})"
        )
    positions = np.asarray(recording.neurons[column])
    numeric = positions.dtype.kind in "iuf" and np.isfinite(positions).all()
    if positions.ndim != 2 or not numeric:
        raise ValueError(
            f"readout.coordinates: column {column!r} is {positions.dtype}"
            f" {positions.shape}, expected ({recording.neuron_count}, d) finite numbers"
        )
    low, high = positions.min(axis=0), positions.max(axis=0)
    longest = ((high - low) / 2).max() or 1.0
    return (positions - (low + high) / 2) / longest

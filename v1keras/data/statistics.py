"""Statistics of the training images, from which models start."""

from collections.abc import Sequence

import numpy as np

from v1keras.data.covariates import covariate
from v1keras.data.presentations import model_data
from v1keras.data.recording import Recording
from v1keras.io.large_arrays import LazyRows, finite_range, finite_sums, row_blocks


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


def response_unit(
    recording: Recording, nonnegative: bool = True
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the scale and the offset by which a model's rates get the responses' unit.

    `(response - offset) / scale` is what a model learns: 0 or above and about 1, as
    spike counts are, whatever the unit and the sign.

    Args:
        recording: `Recording` with training images.
        nonnegative: Boolean, whether the noise model is one of responses >= 0, such as
            counts: one scale serves all neurons, so that their responses keep their
            ratios, and spike counts stay as they are. Other noise models, and negative
            responses, have a scale and an offset per neuron: its standard deviation,
            and its lowest response; or its highest, with a negative scale, where the
            neurons' responses are skewed to the negative.

    Returns:
        Tuple `(scale, offset)` of `(neurons,)` arrays, None for 1 and 0.

    Example:

    >>> responses = np.array([[0.0, 1.0], [4.0, 3.0]]) / 1000
    >>> attributes = {"units": "a.u."}
    >>> recording = Recording(
    ...     np.zeros((2, 8, 8)), responses, [0, 0], attributes=attributes
    ... )
    >>> response_unit(recording)[0].round(6).tolist()
    [0.002, 0.002]
    >>> offset = response_unit(recording, nonnegative=False)[1]
    >>> offset.round(6).tolist()
    [0.0, 0.001]
    """
    means = mean_responses(recording)
    training = LazyRows(recording.responses, recording.indices("train"))
    least, most = finite_range(training)
    if nonnegative and not (least < 0).any():
        usual = means[means > 0]
        scale = float(np.median(usual)) if usual.size else 1.0
        plausible = "units" in recording.attributes or 0.02 <= scale <= 50
        if recording.units_are_counts and plausible:
            return None, None
        return np.full(len(means), scale), None
    _, counts = finite_sums(training)
    squares, cubes = np.zeros((2, len(means)))
    for _, block in row_blocks(training):
        distance = block.astype("float64") - means
        squares += np.nansum(distance**2, axis=0)
        cubes += np.nansum(distance**3, axis=0)
    varies = squares > 0
    scale = np.where(varies, np.sqrt(squares / np.maximum(counts, 1)), 1.0)
    if varies.any() and np.median((cubes / scale**3)[varies]) < 0:
        return -scale, np.nan_to_num(most)
    return scale, np.nan_to_num(least)


def covariate_statistics(
    recording: Recording, column: str, width: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of a covariate over training presentations.

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
    width = width or covariate(recording, column).shape[1]
    inputs, _, _ = model_data(recording, recording.indices("train"), {column: width})
    values = np.asarray(inputs[column])
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

"""Presentations one by one, for models that take what the animal did in each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from v1keras.data.covariates import covariate, model_inputs
from v1keras.io.large_arrays import LazyRows


def model_data(
    recording: Any,
    indices: Sequence[int] | np.ndarray,
    columns: Mapping[str, int] | None = None,
) -> tuple[Any, Any, np.ndarray]:
    """Return what a model is trained on, or scored on, of chosen images.

    An image has one row, its mean response; or, where one of the model's covariates is
    known per presentation, a row for each of its presentations, with the covariates and
    responses of that one. A presentation in which a covariate or all responses are
    missing is left out.

    Args:
        recording: `Recording`.
        indices: Integer array `(m,)`, indices of the images.
        columns: Mapping from the name of each covariate that the model takes to its
            number of values, as a model's `covariates`.

    Returns:
        Tuple of inputs as `model_inputs` returns them, responses `(rows, neurons)`, and
        an integer array `(rows,)`: the place of each row's image in `indices`.

    Raises:
        ValueError: As `covariate`.

    Example:

    >>> from v1keras.data import Recording
    >>> recording = Recording(
    ...     np.zeros((2, 4, 4)),
    ...     np.array([[2.0], [5.0]]),
    ...     repeats=np.array([[[1.0], [3.0]]]),
    ...     repeat_images=[0],
    ...     covariates={"running": [7.0, 0.5]},
    ...     repeat_covariates={"running": [[6.0, 8.0]]},
    ... )
    >>> inputs, responses, places = model_data(recording, [0, 1], {"running": 1})
    >>> np.asarray(inputs["running"]).ravel().tolist(), places.tolist()
    ([0.5, 6.0, 8.0], [1, 0, 0])
    >>> np.asarray(responses).ravel().tolist()
    [5.0, 1.0, 3.0]
    """
    indices = np.asarray(indices, np.int64)
    single = [name for name in columns or () if name in recording.repeat_covariates]
    if not single:
        inputs = model_inputs(recording, indices, columns)
        responses = LazyRows(recording.responses, indices)
        return inputs, responses, np.arange(len(indices))
    # The place in `repeats` of each image, -1 where it has none.
    entries = np.full(len(recording.images), -1)
    entries[recording.repeat_images] = np.arange(len(recording.repeats))
    entries = entries[indices]
    once, repeated = np.flatnonzero(entries < 0), np.flatnonzero(entries >= 0)
    trials = recording.repeats[entries[repeated]]
    known = np.isfinite(trials).any(axis=2)
    for name in single:
        values = recording.repeat_covariates[name][entries[repeated]]
        known &= np.isfinite(values.reshape(*known.shape, -1)).all(axis=2)
    image, repeat = np.nonzero(known)
    places = np.concatenate([once, repeated[image]])
    rows = np.arange(len(places))
    inputs = {"images": LazyRows(recording.images[..., None], indices[places])}
    for name, width in (columns or {}).items():
        values = covariate(recording, name, width)[indices[places]]
        if name in single:
            of_trials = recording.repeat_covariates[name][entries[repeated]]
            of_trials = of_trials.reshape(*known.shape, -1)[image, repeat]
            values[len(once) :] = of_trials
        inputs[name] = LazyRows(values, rows)
    of_images = recording.responses[indices[once]]
    responses = np.concatenate([of_images, trials[image, repeat]])
    return inputs, LazyRows(responses, rows), places


def mean_rates(
    rates: np.ndarray, responses: Any, places: np.ndarray, count: int
) -> np.ndarray:
    """Return the rates that a model predicts for images, from those of presentations.

    A neuron's rate is the mean over the presentations in which it was recorded.

    Args:
        rates: `(rows, neurons)`.
        responses: `(rows, neurons)` as `model_data` returns them.
        places: `(rows,)` as `model_data` returns them.
        count: Integer, number of images.

    Returns:
        `(count, neurons)`.

    Example:

    >>> responses = np.array([[1.0], [2.0], [np.nan]])
    >>> mean_rates(np.array([[3.0], [5.0], [9.0]]), responses, [1, 0, 0], 2).tolist()
    [[5.0], [3.0]]
    """
    if np.array_equal(places, np.arange(count)):
        return rates
    recorded = np.isfinite(np.asarray(responses))
    shape = (count, rates.shape[1])
    totals, counts = np.zeros(shape), np.zeros(shape)
    everywhere, rows = np.zeros(shape), np.bincount(places, minlength=count)
    np.add.at(totals, places, np.where(recorded, rates, 0.0))
    np.add.at(counts, places, recorded)
    np.add.at(everywhere, places, rates)
    means = np.where(counts, totals / np.maximum(counts, 1), everywhere / rows[:, None])
    return means.astype(rates.dtype)

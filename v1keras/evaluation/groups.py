"""Columns of neurons, and the groups of neurons that means are taken over."""

import numpy as np


def neuron_columns(recording):
    """Return the recording's `(neurons,)` columns of its neurons."""
    columns = {"neuron": np.arange(recording.neuron_count)}
    if recording.neuron_session is not None:
        columns["session"] = recording.neuron_session
    for name, column in recording.neurons.items():
        if column.ndim == 1:
            columns[name] = column
    if recording.mean_rates_hz is not None:
        columns["mean_hz"] = recording.mean_rates_hz
    return columns


def neuron_groups(
    columns: dict[str, np.ndarray], above_hz: float
) -> dict[str, np.ndarray]:
    """Return the groups of neurons that means are taken over.

    Args:
        columns: Dict of `(neurons,)` columns: `neuron`, and if the recording has them
            `for_tuning`, `mean_hz`, `session` and `kind`.
        above_hz: Float, mean rate in Hz above which neurons are a group of their own.

    Returns:
        Dict of `(neurons,)` bool arrays.

    Example:

    >>> columns = {
    ...     "neuron": np.arange(3),
    ...     "for_tuning": np.array([0, 0, 1]),
    ...     "mean_hz": np.array([2.0, 8.0, 9.0]),
    ... }
    >>> groups = neuron_groups(columns, above_hz=5.0)
    >>> {name: members.tolist() for name, members in groups.items()}
    {'reported': [True, True, False], 'above 5 Hz': [False, True, False]}
    """
    for_tuning = columns.get("for_tuning", np.zeros(len(columns["neuron"])))
    included = ~np.asarray(for_tuning, bool)
    groups = {"reported": included}
    if "mean_hz" in columns:
        fast = np.nan_to_num(columns["mean_hz"]) > above_hz
        groups[f"above {above_hz:g} Hz"] = included & fast
    for label in ("session", "kind"):
        if label in columns:
            for value in np.unique(columns[label]):
                groups[f"{label} {value}"] = columns[label] == value
    return groups


def join_columns(scores, label):
    """Concatenate the columns of several scores.

    Args:
        scores: Dict, name -> `Scores`.
        label: String, name of the first column, which holds these names.
    """
    counts = [len(part.per_neuron["neuron"]) for part in scores.values()]
    columns = {label: np.repeat(list(scores), counts)}
    kinds = {}
    for part in scores.values():
        kinds |= {name: column.dtype.kind for name, column in part.per_neuron.items()}
    for name, kind in kinds.items():
        missing = "" if kind == "U" else np.nan
        parts = []
        for part, count in zip(scores.values(), counts, strict=True):
            parts.append(part.per_neuron.get(name, np.full(count, missing)))
        columns[name] = np.concatenate(parts)
    return columns

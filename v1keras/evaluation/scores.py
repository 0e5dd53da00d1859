"""`Scores`: how well a model predicts each neuron, and groups of them."""

import dataclasses
import json
import os
import pathlib
from typing import Any

import numpy as np

from v1keras.evaluation.summary import (
    SCORES,
    estimate_ceiling,
    score_neurons,
    summarize,
)
from v1keras.evaluation.table import score_table
from v1keras.io.atomic import atomic_write
from v1keras.io.tables import write_columns


@dataclasses.dataclass(repr=False)
class Scores:
    """The scores of a model on the neurons of one or several recordings.

    It prints as the table that `python -m v1keras.evaluate` prints.

    Args:
        per_neuron: Dict of `(neurons,)` columns: `neuron`, the recording's columns of
            neurons, `correlation`, `cc_max`, `cc_norm` and `feve`.
        groups: Dict, name of a group of neurons -> its summary; see `summarize`. The
            group `reported` comes first.
        split: String, name of the side of the split that was scored.
        images: Integer, number of images scored.
        ceiling: String, source of CC_max: "repeats", "means", "none", or "several" if
            recordings differ.
        above_hz: Float, mean rate in Hz above which neurons are a group of their own.

    Example:

    >>> import v1keras
    >>> recording = v1keras.simulate_recording(40, neurons_per_kind=1, image_size=16)
    >>> scores = v1keras.score(lambda images: images[:, 4, 4:8, 0], recording)
    >>> len(scores.per_neuron["correlation"]), list(scores.groups)[0]
    (4, 'reported')
    """

    per_neuron: dict[str, np.ndarray]
    groups: dict[str, dict[str, Any]]
    split: str
    images: int
    ceiling: str
    above_hz: float

    def mean(self, metric: str, group: str = "reported") -> float | None:
        """Return the mean of a metric over a group, or None if it has no value.

        Args:
            metric: String, "correlation", "cc_norm", "cc_max" or "feve".
            group: String, a key of `groups`.

        Raises:
            ValueError: An unknown group or metric.
        """
        arguments = (("metric", metric, SCORES), ("group", group, self.groups))
        for argument, name, choices in arguments:
            if name not in choices:
                raise ValueError(
                    f"{argument}: found {name!r}, expected one of {', '.join(choices)}"
                )
        return self.groups[group][metric]["mean"]

    def near_limit(self, cc_norm: float = 0.9) -> np.ndarray:
        """Return the indices of the neurons with at least this CC_norm.

        Args:
            cc_norm: Float, smallest CC_norm.
        """
        return np.flatnonzero(np.nan_to_num(self.per_neuron["cc_norm"]) >= cc_norm)

    def metrics(self) -> dict[str, Any]:
        """Return the content of `metrics.json`: split, images, ceiling and groups."""
        return {
            "split": self.split,
            "images": self.images,
            "ceiling": self.ceiling,
            "groups": self.groups,
        }

    def save(self, folder: str | os.PathLike[str], **more: Any) -> None:
        """Write `metrics.json` and `neurons.csv`; missing values are empty fields.

        Args:
            folder: Path of the folder to write to.
            **more: Further entries of `metrics.json`.
        """
        folder = pathlib.Path(folder)
        text = json.dumps(self.metrics() | more, indent=1)
        with atomic_write(folder / "metrics.json") as path:
            path.write_text(text + "\n")
        write_columns(self.per_neuron, folder / "neurons.csv")

    def __str__(self):
        return score_table(self.metrics())

    def __repr__(self):
        neurons = len(self.per_neuron["neuron"])
        return f"<Scores of {neurons} neurons on {self.images} {self.split} images>"


def score_rates(
    recording: Any,
    images: np.ndarray,
    rates: np.ndarray,
    split: str,
    above_hz: float = 5.0,
    fano: float = 1.0,
) -> Scores:
    """Score predicted rates against the responses of a recording.

    The ceiling is estimated from single presentations if all scored images have them,
    else from means.

    Args:
        recording: `v1keras.data.Recording`.
        images: Integer indices `(m,)` of the images scored.
        rates: `(m, neurons)` predictions for them.
        split: String, name of that side of the split.
        above_hz: Float, mean rate in Hz above which neurons are a group of their own.
        fano: Float, variance over mean of single spike counts, for a ceiling from
            means.

    Returns:
        `Scores`.
    """
    means, repeats, presentations = ceiling_data(recording, images)
    source, ceiling, noise = estimate_ceiling(means, repeats, presentations, fano)
    scores = score_neurons(recording.responses[images], rates, ceiling, noise)
    columns = neuron_columns(recording)
    groups = {
        name: summarize(scores, members)
        for name, members in neuron_groups(columns, above_hz).items()
    }
    return Scores(columns | scores, groups, split, len(images), source, above_hz)


def ceiling_data(recording, images=None):
    """Return the responses from which a ceiling is estimated.

    Args:
        recording: `v1keras.data.Recording`.
        images: Integer indices of the images scored; None for all with repeats.

    Returns:
        Tuple `(means, repeats, presentations)`: mean responses, the repeats of the
        images scored or None, and the number of presentations behind each mean or None
        if it is not known or responses are not counts.
    """
    means, repeats = recording.responses, None
    if recording.repeats is not None:
        repeated = recording.repeat_images
        images = repeated if images is None else images
        if len(images) > 1 and np.isin(images, repeated).all():
            repeats = recording.repeats[np.isin(repeated, images)]
        else:
            # `presentations` is stated for the images without repeats.
            means = np.delete(means, repeated, axis=0)
    presentations = None
    if recording.units_are_counts:
        presentations = recording.attributes.get("presentations")
    return means, repeats, presentations


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


def join_scores(scores: dict[str, Scores]) -> Scores:
    """Join the scores of several recordings.

    Args:
        scores: Dict, name of a recording -> its `Scores`.

    Returns:
        `Scores` whose `groups` hold the neurons of all recordings together, then each
        recording's groups as "NAME: GROUP". Columns begin with `recording`; where a
        recording lacks a column, its neurons have NaN there, or an empty string.
    """
    parts = list(scores.values())
    above_hz = parts[0].above_hz
    columns = _join_columns(scores)
    metrics = {name: columns[name] for name in SCORES}
    members = [neuron_groups(part.per_neuron, above_hz) for part in parts]
    groups = {}
    for name in ("reported", f"above {above_hz:g} Hz"):
        if all(name in part for part in members):
            chosen = np.concatenate([part[name] for part in members])
            groups[name] = summarize(metrics, chosen)
    for name, part in scores.items():
        for group, summary in part.groups.items():
            groups[f"{name}: {group}"] = summary
    sources = {part.ceiling for part in parts}
    source = sources.pop() if len(sources) == 1 else "several"
    images = sum(part.images for part in parts)
    return Scores(columns, groups, parts[0].split, images, source, above_hz)


def _join_columns(scores):
    """Concatenate the columns of several recordings."""
    counts = [len(part.per_neuron["neuron"]) for part in scores.values()]
    columns = {"recording": np.repeat(list(scores), counts)}
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

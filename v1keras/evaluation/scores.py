"""`Scores`: how well a model predicts each neuron, and groups of them."""

import dataclasses
import json
import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.evaluation.draws import ImageDraws
from v1keras.evaluation.fano import fano_facts
from v1keras.evaluation.groups import join_columns, neuron_columns, neuron_groups
from v1keras.evaluation.metrics import mean
from v1keras.evaluation.near_limit import near_limit_probability
from v1keras.evaluation.resampled import resample_scores
from v1keras.evaluation.scored_data import further_scores, scored_data
from v1keras.evaluation.summary import (
    SCORES,
    estimate_ceiling,
    score_neurons,
    summarize,
)
from v1keras.evaluation.table import score_table
from v1keras.io.atomic import atomic_write
from v1keras.io.tables import write_columns

_CHANCE = 1.645  # standard errors that chance exceeds in one case of twenty


@dataclasses.dataclass(repr=False)
class Scores:
    """The scores of a model on the neurons of one or several recordings.

    It prints as the table that `python -m v1keras.evaluate` prints.

    Args:
        per_neuron: Dict of `(neurons,)` columns: `neuron`, the recording's columns of
            neurons, the scores (`v1keras.evaluation.SCORES`), `cc_norm_error` (its
            standard error) and `near_limit`, the probability that the true CC_norm is
            0.9 or more; see `near_limit_probability`.
        groups: Dict, name of a group of neurons -> its summary; see `summarize`. The
            group `reported` comes first.
        split: String, name of the side of the split that was scored.
        images: Integer, number of images scored.
        ceiling: String, source of CC_max: "repeats", "means", "none", or "several" if
            recordings differ.
        above_hz: Float, mean rate in Hz above which neurons are a group of their own.
        fano: Dict on the Fano factor: `assumed`, `estimate` (a median over neurons) and
            `estimated_from`, and for a ceiling from means `cc_norm` for several Fano
            factors. Empty if responses are not counts.
        resampled: Dict of `(samples, neurons)`, the scores on images drawn anew.

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
    fano: dict[str, Any] = dataclasses.field(default_factory=dict)
    resampled: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    def mean(self, metric: str, group: str = "reported") -> float | None:
        """Return the mean of a metric over a group, or None if it has no value.

        Args:
            metric: String, one of `v1keras.evaluation.SCORES`.
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

    def near_limit(self, probability: float = 0.8) -> np.ndarray:
        """Return the indices of the neurons that are likely to be near their limit.

        Args:
            probability: Float, smallest probability that the true CC_norm is 0.9 or
                more. It takes out what chance adds to an estimate, so it chooses fewer
                neurons than have a CC_norm of 0.9, but the right ones.
        """
        return np.flatnonzero(self.per_neuron["near_limit"] >= probability)

    def predicted(self) -> np.ndarray:
        """Return which neurons are predicted better than chance.

        Returns:
            `(neurons,)` bool: the correlation is above what independent responses reach
            in one case of twenty, 1.645 / sqrt(images).
        """
        return self.per_neuron["correlation"] > _CHANCE / np.sqrt(self.images)

    def metrics(self) -> dict[str, Any]:
        """Return the content of `metrics.json`."""
        return {
            "split": self.split,
            "images": self.images,
            "ceiling": self.ceiling,
            "fano": self.fano,
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
    data = scored_data(recording, images, rates, fano)
    source, ceiling, noise = estimate_ceiling(
        data.means, data.repeats, data.presentations, fano
    )
    scores = score_neurons(data.responses, rates, ceiling, noise) | further_scores(data)
    draws = ImageDraws(len(recording.responses), recording.image_group)
    columns = neuron_columns(recording) | scores
    resampled = resample_scores(draws, data)
    members = neuron_groups(columns, above_hz)["reported"]
    fano = fano_facts(recording, source, columns, members, fano)
    return _with_groups(columns, resampled, above_hz, split, len(images), source, fano)


def _with_groups(columns, resampled, above_hz, split, images, source, fano):
    """Return `Scores` with what follows from all neurons: errors and groups."""
    members = neuron_groups(columns, above_hz)
    with warnings.catch_warnings():
        # All samples of a neuron without a ceiling are NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        error = np.nanstd(np.clip(resampled["cc_norm"], -2, 2), axis=0)
    error = np.where(np.isfinite(columns["cc_norm"]), error, np.nan)
    columns = columns | {"cc_norm_error": error.astype(float)}
    columns["near_limit"] = near_limit_probability(
        columns["cc_norm"], error, columns["cc_max"], members["reported"]
    )
    groups = {
        name: summarize(
            columns, chosen, resampled=resampled, sessions=columns.get("session")
        )
        for name, chosen in members.items()
    }
    return Scores(columns, groups, split, images, source, above_hz, fano, resampled)


def average_scores(runs: Sequence[Scores]) -> Scores:
    """Average the scores of several trainings, neuron by neuron.

    In one split's few test images a neuron may exceed its limit by chance. The same
    images are drawn anew in all runs, so that intervals and the neurons near the limit
    are those of the averages.

    Args:
        runs: Sequence of `Scores` of the same neurons of one recording.

    Returns:
        `Scores`.

    Raises:
        ValueError: The runs are not of the same neurons.

    Example:

    >>> import v1keras
    >>> recording = v1keras.simulate_recording(40, neurons_per_kind=1, image_size=16)
    >>> models = [lambda images, row=row: images[:, row, 4:8, 0] for row in (4, 5)]
    >>> average_scores([v1keras.score(model, recording) for model in models])
    <Scores of 4 neurons on 100 test images>
    """
    first = runs[0]
    for other in runs[1:]:
        if list(other.per_neuron["neuron"]) != list(first.per_neuron["neuron"]):
            raise ValueError(f"{first!r} and {other!r}: expected the same neurons")
    columns = dict(first.per_neuron)
    resampled = {}
    for name in SCORES:
        columns[name] = mean(np.stack([run.per_neuron[name] for run in runs]))
        resampled[name] = mean(np.stack([run.resampled[name] for run in runs]))
    return _with_groups(
        columns,
        resampled,
        first.above_hz,
        first.split,
        first.images,
        first.ceiling,
        first.fano,
    )


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
    columns = join_columns(scores, "recording")
    resampled = {
        name: np.concatenate([part.resampled[name] for part in parts], axis=1)
        for name in SCORES
    }
    members = [neuron_groups(part.per_neuron, above_hz) for part in parts]
    groups = {}
    for name in ("reported", f"above {above_hz:g} Hz"):
        if all(name in part for part in members):
            chosen = np.concatenate([part[name] for part in members])
            groups[name] = summarize(
                columns, chosen, resampled=resampled, sessions=columns["recording"]
            )
    for name, part in scores.items():
        for group, summary in part.groups.items():
            groups[f"{name}: {group}"] = summary
    sources = {part.ceiling for part in parts}
    source = sources.pop() if len(sources) == 1 else "several"
    images = sum(part.images for part in parts)
    split, fano = parts[0].split, {name: part.fano for name, part in scores.items()}
    return Scores(columns, groups, split, images, source, above_hz, fano, resampled)

"""Trained models scored on recordings: files, tables, and what differs."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from v1keras.evaluation.groups import join_columns
from v1keras.evaluation.scores import Scores
from v1keras.io.output import check_outputs, output_folder
from v1keras.report.model_page import write_models_page
from v1keras.workflows import workdir
from v1keras.workflows.check_words import cautions
from v1keras.workflows.compare import Comparison, compare
from v1keras.workflows.model_report import (
    history_of,
    validation_of,
    write_model_report,
)
from v1keras.workflows.reopen import open_models
from v1keras.workflows.score import score_by
from v1keras.workflows.trust import model_checks

_COMPARED = ("correlation", "cc_norm")


def evaluate(
    names: Sequence[str],
    recording: str | None,
    split: str,
    folder: str,
    against: str | None = None,
    figures: str | None = None,
) -> str:
    """Score trained models, and write the scores to a folder.

    Args:
        names: Sequence of models, each a preset by name, its folder, or a workdir;
            several are one table.
        recording: String, file or name of a public dataset, or several; None for the
            models' own.
        split: String, "train", "validation" or "test".
        folder: Path of the folder.
        against: String, name of a model that is subtracted, or None.
        figures: String, "pdf", "svg" or "png", to write each figure of the page to a
            file of its own, too; None for none.

    Returns:
        String, what the command prints.

    Raises:
        ValueError, OSError: A model or a recording can't be read, they do not fit, or
            the models are of other neurons or images.
    """
    files = [workdir.METRICS, workdir.NEURONS, workdir.REPORT]
    check_outputs(folder, files)
    opened = [open_models(name, recording) for name in names]
    scores = {}
    for name, (model, metadata, recordings) in zip(names, opened, strict=True):
        settings = metadata["config"]["evaluation"]
        scores[name] = score_by(settings, model, recordings, split)
    joined = scores[names[0]] if len(names) == 1 else join_models(scores)
    lines = [str(joined)]
    facts: dict[str, Any] = {}
    differences: dict[str, dict[str, Any]] = {}
    if against is not None:
        other = score_model(against, recording, split)
        comparisons = compare_with(scores, against, other)
        facts = {"against": against, "differences": _facts(comparisons)}
        differences = _drawn(comparisons, against)
        for name, metrics in comparisons.items():
            lines += [f"{name} minus {against}: {part}" for part in metrics]
    # With folder=WORKDIR this writes the files of the training again.
    with output_folder(folder, files) as parts:
        if len(names) > 1:
            joined.save(parts, **facts)
            report = parts / workdir.REPORT
            written = write_models_page(report, str(joined), differences, figures)
        else:
            model, metadata, recordings = opened[0]
            trust = model_checks(model, recordings, joined)
            lines += cautions(trust)
            joined.save(parts, **validation_of(names[0]), **facts)
            written = write_model_report(
                parts / workdir.REPORT,
                model,
                recordings,
                metadata,
                history_of(names[0]),
                joined,
                trust,
                differences,
                figures,
            )
    page = pathlib.Path(folder) / workdir.REPORT
    others = ", ".join([workdir.METRICS, workdir.NEURONS, *written[1:]])
    lines.append(f"report: {page}; written beside it: {others}")
    return "\n".join(lines)


def score_model(name: str, recording: str | None, split: str) -> Scores:
    """Score a model as its own configuration says.

    Args:
        name: String, preset by name, its folder, or a workdir.
        recording: String, file or name of a public dataset, or several; None for the
            model's own.
        split: String, "train", "validation" or "test".
    """
    model, metadata, recordings = open_models(name, recording)
    return score_by(metadata["config"]["evaluation"], model, recordings, split)


def join_models(scores: Mapping[str, Scores]) -> Scores:
    """Join the scores of several models of the same neurons and images.

    Args:
        scores: Dict, name of a model -> its `Scores`.

    Returns:
        `Scores` with a group per model, the neurons that means are reported of. Columns
        begin with `model`.

    Raises:
        ValueError: They are of other neurons or images.
    """
    parts = list(scores.values())
    for part in parts[1:]:
        compare(parts[0], part)  # raises where they can't be compared
    return Scores(
        join_columns(scores, "model"),
        {name: part.groups["reported"] for name, part in scores.items()},
        parts[0].split,
        parts[0].images,
        parts[0].ceiling,
        parts[0].above_hz,
        {name: part.fano for name, part in scores.items()},
    )


def compare_with(
    scores: Mapping[str, Scores], other: str, other_scores: Scores
) -> dict[str, list[Comparison]]:
    """Compare models with another one, neuron by neuron.

    Args:
        scores: Dict, name of a model -> its `Scores`.
        other: String, name of the model they are compared with.
        other_scores: `Scores` of it.

    Returns:
        Dict, name of a model -> list of a `Comparison` per metric.

    Raises:
        ValueError: They are of other neurons or images.
    """
    comparisons: dict[str, list[Comparison]] = {}
    for name, part in scores.items():
        if name == other:
            continue
        comparisons[name] = []
        for metric in _COMPARED:
            if not np.isnan(part.per_neuron[metric]).all():
                comparisons[name].append(compare(part, other_scores, metric))
    return comparisons


def _drawn(comparisons, other):
    """Return the figures of the differences, by heading and by file."""
    drawn = {}
    for number, (name, parts) in enumerate(comparisons.items(), 1):
        figures = {}
        for part in parts:
            figure = part.figure((name, other))
            figures[f"difference-{number}-{part.metric}"] = figure
        drawn[f"{name} minus {other}"] = figures
    return drawn


def _facts(comparisons: Mapping[str, list[Comparison]]) -> dict[str, Any]:
    """Return what `metrics.json` says of the differences."""
    facts: dict[str, Any] = {}
    for name, parts in comparisons.items():
        facts[name] = {}
        for part in parts:
            interval: Sequence[float] | None = part.interval
            facts[name][part.metric] = {
                "mean": round(part.mean, 6),
                "interval": interval and [round(float(edge), 6) for edge in interval],
                "interval_over": part.interval_over,
                "neurons": len(part.per_neuron["neuron"]),
            }
    return facts

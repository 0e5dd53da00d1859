"""From a finished training to a preset of the zoo, and a preset's scores again."""

import json
import os
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from v1keras import zoo
from v1keras.data import Recording
from v1keras.io.atomic import atomic_files
from v1keras.io.lock import locked_folder
from v1keras.io.scratch import settle
from v1keras.workflows import provenance
from v1keras.workflows.latency import measure_latency
from v1keras.workflows.metadata import score_rows
from v1keras.workflows.reopen import open_models
from v1keras.workflows.score import score_by
from v1keras.zoo import catalog
from v1keras.zoo.layout import METADATA
from v1keras.zoo.weights import round_to_half

TOLERANCE = 1e-4  # of a score
_LONGEST_NAME = 100  # letters of a preset, which is a folder
_SCORES = ("count", "correlation", "cc_norm", "fraction_near_limit")


def add(
    workdir: str | os.PathLike[str],
    name: str,
    scores: list[dict[str, Any]] | None = None,
    measured_by: str | None = None,
    half: bool = False,
) -> None:
    """Put the model of a finished training into the zoo.

    Args:
        workdir: Folder of the training.
        name: String, name of the preset, `<dataset>_<readout>`.
        scores: List of rows for the card, means over several seeds and protocols; None
            for those of the training alone.
        measured_by: String, command that measured them.
        half: Boolean, whether to round the weights to half precision, which halves the
            preset; it must not move a score.

    Raises:
        ValueError: The training has no test metrics, or others than its weights have;
            or its configuration is not committed.
        OSError: A file is missing or can't be written.
    """
    is_name = re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", name)
    if not is_name or len(name) > _LONGEST_NAME:
        raise ValueError(
            f"--name: found {name[:_LONGEST_NAME]!r}, expected <dataset>_<readout> in"
            f" small letters and digits, at most {_LONGEST_NAME} of them"
        )
    metrics = metrics_of(workdir)
    model, metadata, recordings = open_models(workdir)
    config = re.search(r"--config=(\S+)", metadata["command"])
    if config is None:
        raise ValueError(
            f"{workdir}: its command names no --config file, so that nobody could train"
            f" it again: {metadata['command']!r}"
        )
    provenance.check_committed(config[1])
    stated = metrics["groups"]["reported"]["correlation"]["mean"]
    settings = metadata["config"]["evaluation"]
    measured = score_by(settings, model, recordings).mean("correlation")
    if _difference(stated, measured) > TOLERANCE:
        raise ValueError(
            f"{workdir}/metrics.json states a correlation of {stated}, but the weights"
            f" there have {measured}; run the evaluation again"
        )
    if half:
        round_to_half(model)
        rounded = score_by(settings, model, recordings).mean("correlation")
        if _difference(measured, rounded) > TOLERANCE:
            raise ValueError(
                f"{workdir}: half precision moves the correlation from {measured} to"
                f" {rounded}; publish it without"
            )
    if scores:
        metadata |= {"scores": scores, "measured_by": measured_by}
    publish(model, recordings, metadata, name)


def metrics_of(workdir: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the `metrics.json` of a training.

    Raises:
        ValueError: There is none, or its scores are not on test images.
    """
    path = pathlib.Path(workdir) / "metrics.json"
    settle(path.parent)
    try:
        metrics = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        raise ValueError(
            f"{workdir} has no metrics.json: only a finished training, scored on test"
            " images, becomes a preset"
        ) from None
    if metrics.get("split") != "test":
        raise ValueError(
            f"{path} is of {metrics.get('split')} images; a preset states the scores on"
            " test images"
        )
    return metrics


def publish(
    model: keras.Model,
    recordings: Sequence[Recording],
    metadata: dict[str, Any],
    name: str,
) -> None:
    """Write a preset into the zoo, and the zoo's table.

    The scores of its weights and its latency are measured and added.

    Args:
        model: Model to publish.
        recordings: Sequence of `Recording`s with the split of the model's training.
        metadata: Dict, as for `v1keras.zoo.save`.
        name: String, name of the preset.
    """
    measured = {
        "own_scores": own_scores(model, metadata, recordings),
        "latency": measure_latency(model, metadata),
    }
    folder = catalog.zoo_folder()
    with locked_folder(folder), atomic_files(folder) as parts:
        zoo.save(model, parts / name, metadata | measured)
        (parts / "README.md").write_text(zoo.table(parts / name), "utf-8")


def own_scores(
    model: keras.Model, metadata: dict[str, Any], recordings: Sequence[Recording]
) -> list[dict[str, Any]]:
    """Return the scores of one model on each side of its split.

    Returns:
        List of rows as in a card, each with its `split`.
    """
    rows = []
    for split in ("train", "validation", "test"):
        scores = score_by(metadata["config"]["evaluation"], model, recordings, split)
        for row in score_rows(metadata["config"]["data"], scores):
            rows.append({"split": split, **row})
    return rows


def verify(name: str | os.PathLike[str], scores: bool = False) -> str:
    """Check a preset's files, names and golden outputs, and its scores on request.

    Args:
        name: String, name of the preset, or its folder.
        scores: Boolean, whether to measure the scores again; needs the recording.

    Returns:
        String, one line with the result.

    Raises:
        ValueError: Something is not as stated; says what.
        OSError: A file is missing, or the recording.

    Example:

    >>> verify("simulated_factorized").startswith(
    ...     "simulated_factorized: files, names and golden outputs are as stated"
    ... )
    True
    """
    metadata = zoo.info(name)
    if scores:
        model, metadata, recordings = open_models(name)
    else:
        model = zoo.load(name)
    difference = zoo.check_golden(model, metadata, zoo.find(name))
    result = (
        f"{metadata['name']}: files, names and golden outputs are as stated (largest"
        f" difference {difference:.1g})"
    )
    if not scores:
        return result
    if "own_scores" not in metadata:
        raise ValueError(
            f"{name}: states no scores of its weights; only a preset made by `zoo add`"
            " does"
        )
    measured = own_scores(model, metadata, recordings)
    path = zoo.find(name) / METADATA
    largest = _compare_scores(metadata["own_scores"], measured, path)
    return (
        f"{result}; so are {len(measured)} rows of scores (largest difference"
        f" {largest:.1g})"
    )


def _compare_scores(stated_rows, measured_rows, path):
    """Return the largest difference, which must be within the tolerance."""
    largest = 0.0
    for stated, measured in zip(stated_rows, measured_rows, strict=True):
        for key in _SCORES:
            difference = _difference(stated[key], measured[key])
            if difference > TOLERANCE:
                raise ValueError(
                    f"{path}: {stated['split']} images, {stated['neurons']} neurons:"
                    f" {key} is stated as {stated[key]}, measured as {measured[key]}"
                )
            largest = max(largest, difference)
    return largest


def _difference(stated, measured):
    """Return the distance of two scores, either of which may be None."""
    if stated == measured:
        return 0.0
    if stated is None or measured is None:
        return np.inf
    return abs(stated - measured)

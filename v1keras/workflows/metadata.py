"""The part of a preset's metadata that its training knows."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np

from v1keras.data import Recording, statistics
from v1keras.evaluation.scores import Scores
from v1keras.workflows import provenance


def preset_metadata(
    config: ml_collections.ConfigDict,
    recordings: Sequence[Recording],
    scores: Scores,
    command_line: str,
) -> dict[str, Any]:
    """Return the metadata of a preset: its recordings, training and scores.

    Where several recordings differ in an attribute, it has all their values; their
    sessions are the recordings themselves.

    Args:
        config: `ml_collections.ConfigDict` of the training.
        recordings: Sequence of `Recording`s that the model was trained on.
        scores: `Scores` on the test images.
        command_line: String, command that repeats the training.
    """
    sessions, outputs = _sessions(recordings)
    return {
        "recording": _attributes(recordings),
        "pixels": {
            "minimum": float(min(part.images.min() for part in recordings)),
            "maximum": float(max(part.images.max() for part in recordings)),
            # Of the training images.
            "mean": float(statistics.pixel_statistics(recordings)[0]),
        },
        "sessions": sessions,
        "neuron_sessions": outputs,
        "command": command_line,
        "commit": provenance.commit(),
        "measured_by": "python -m v1keras.evaluate --model=WORKDIR",
        "config": config.to_dict(),
        "ceiling": scores.ceiling,
        "scores": score_rows(config.data, scores),
    }


def _attributes(recordings):
    """Return the attributes of all recordings, differing values joined by "; "."""
    keys = dict.fromkeys(key for part in recordings for key in part.attributes)
    attributes = {}
    for key in keys:
        values = dict.fromkeys(
            part.attributes.get(key, "not stated") for part in recordings
        )
        joined = "; ".join(map(str, values))
        attributes[key] = next(iter(values)) if len(values) == 1 else joined
    return attributes


def _sessions(recordings):
    """Return the neurons per session, and the runs of sessions among the outputs."""
    if len(recordings) > 1:
        counts = {part.name: part.neuron_count for part in recordings}
        return counts, [list(item) for item in counts.items()]
    labels = recordings[0].neuron_session
    if labels is None:
        labels = np.array(["all"] * recordings[0].neuron_count)
    names, sizes = np.unique(labels, return_counts=True)
    counts = {str(name): int(size) for name, size in zip(names, sizes, strict=True)}
    runs = itertools.groupby(labels.tolist())
    return counts, [[label, len(list(run))] for label, run in runs]


def score_rows(data: Mapping[str, Any], scores: Scores) -> list[dict[str, Any]]:
    """Return the rows of the score table of a preset's card, for one model.

    There is one for all neurons included, and one for those with high rates.

    Args:
        data: The `data` branch of the training's configuration.
        scores: `Scores` of the model.
    """
    return [
        score_row(data["protocol"], [data["split_seed"]], name, group)
        for name, group in scores.groups.items()
        if name in ("reported", f"above {scores.above_hz:g} Hz")
    ]


def score_row(
    protocol: str, seeds: Sequence[int], name: str, group: Mapping[str, Any]
) -> dict[str, Any]:
    """Return one row of the score table of a preset's card."""
    return {
        "protocol": protocol,
        "seeds": seeds,
        "neurons": name,
        "count": group["neurons"],
        "correlation": group["correlation"]["mean"],
        "cc_norm": group["cc_norm"]["mean"],
        "fraction_near_limit": group["fraction_near_limit"],
    }

r"""Scores a trained model on a recording.

    python -m v1keras.evaluate --model=kindel2019_factorized --recording=kindel2019 \
        --out=scores

`--model` is a preset by name, its folder, or a workdir; its recording and its split are
taken where nothing else is said. Of a preset of several recordings, `--recording` picks
the readout by the recording's name; some, comma separated, are scored one by one and
together. Prints a table, and writes metrics.json (groups of neurons), neurons.csv (each
neuron) and report.html (both with figures).
"""

import csv
import json
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from absl import flags

from v1keras import cli, zoo
from v1keras.build import session_name
from v1keras.data import (
    Recording,
    apply_protocol,
    model_inputs,
    open_recording,
    recording_names,
)
from v1keras.evaluation import SCORES, estimate_ceiling, score_neurons, summarize
from v1keras.io.atomic import written_whole
from v1keras.models import V1Sessions
from v1keras.report import score_table
from v1keras.training.prediction import Predictor
from v1keras.workflows import pages


def open_models(
    name_or_folder: str | os.PathLike[str],
    recordings: str | os.PathLike[str] | None = None,
) -> tuple[Any, dict[str, Any], list[Recording]]:
    """A trained model with the recordings that it is asked about.

    Args:
        name_or_folder: a preset by name, its folder, or a workdir.
        recordings: file or name of a public dataset, or several, comma separated; None
            for those that the model was trained on.

    Returns:
        (`V1Model`, or `V1Sessions` of several recordings, its metadata, list of
        `Recording`s with the split that the model was trained with).

    Raises:
        ValueError, OSError: the model or a recording can't be read, they don't fit each
            other, the model has no such session, or two recordings have one name.
    """
    metadata, found = zoo.info(name_or_folder), {}
    model, data = zoo.load(name_or_folder), metadata["config"]["data"]
    for name in recording_names(str(recordings or data["recording"])):
        try:
            opened = open_recording(name)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{error}; say which with --recording") from None
        own = opened.attributes.get("name") == metadata["recording"].get("name")
        if own and opened.neuron_session is not None:  # some models leave out a session
            opened = opened.of_neurons(
                np.isin(opened.neuron_session, list(metadata["sessions"]))
            )
        check_fit(model_of(model, opened), opened)
        zoo.warn_of_pixels(session_name(opened), opened.images, metadata["pixels"])
        if own or isinstance(model, V1Sessions):
            opened = apply_protocol(
                opened, data["protocol"], data["split_seed"], data["split_parts"]
            )
        if session_name(opened) in found:
            raise ValueError(
                f"two recordings are named {session_name(opened)!r}: score them one"
                " by one"
            )
        found[session_name(opened)] = opened
    return model, metadata, list(found.values())


def open_model(
    name_or_folder: str | os.PathLike[str],
    recording: str | os.PathLike[str] | None = None,
) -> tuple[Any, dict[str, Any], Recording]:
    """As `open_models`, for one recording.

    Args:
        name_or_folder: a preset by name, its folder, or a workdir.
        recording: file or name of a public dataset; None for the one that the model was
            trained on.

    Returns:
        (`V1Model`, its metadata, `Recording`). Of several sessions the model is that of
        the recording's name.

    Raises:
        ValueError, OSError: as `open_models`; or the model was trained on several
            recordings, and none is named.
    """
    model, metadata, recordings = open_models(name_or_folder, recording)
    if len(recordings) > 1:
        raise ValueError(
            f"{name_or_folder} is of the recordings"
            f" {', '.join(map(session_name, recordings))}; say which with"
            " --recording=FILE"
        )
    return model_of(model, recordings[0]), metadata, recordings[0]


def model_of(model: Any, recording: Recording) -> Any:
    """The part of a model that predicts a recording: of `V1Sessions` the session of its
    name, else all of it.

    Raises:
        ValueError: there is no such session.
    """
    return (
        model.session(session_name(recording))
        if isinstance(model, V1Sessions)
        else model
    )


def check_fit(model: Any, recording: Recording) -> None:
    """Refuses a recording whose images, neurons or behaviour are not the model's.

    Raises:
        ValueError: says what came and what fits.
    """
    found, expected = recording.images.shape[1:], model.image_size
    if found != expected:
        raise ValueError(
            f"images of {found[0]} x {found[1]} pixels; the model takes {expected[0]} x"
            f" {expected[1]}"
        )
    if recording.neuron_count != model.output_shape[1]:
        raise ValueError(
            f"a recording of {recording.neuron_count} neurons; the model predicts"
            f" {model.output_shape[1]}"
        )
    model_inputs(recording, [], model.columns)  # says so where its behaviour is missing


def evaluate(
    model: Callable[[Any], Any],
    recording: Recording,
    split: str = "test",
    above_hz: float = 5.0,
    fano: float = 1.0,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Scores every neuron, and groups of them.

    Args:
        model: callable, images `(batch, height, width, 1)` -> rates `(batch, neurons)`;
            one with `columns` takes behaviour, too.
        recording: a `Recording` of the same neurons.
        split: "train", "validation" or "test".
        above_hz: neurons with a mean rate above this are reported apart.
        fano: variance over mean of single counts, for the ceiling where only means are
            known.

    The ceiling is taken from single presentations where every scored image has them,
    else from means.

    Returns:
        (metrics, columns): `metrics` has the `ceiling`'s source and, under `groups`,
        the summary (see `v1keras.evaluation.summarize`) of the `reported` neurons (all
        but those kept for tuning), of those above `above_hz`, of each session, and of
        each kind where kinds are known; `columns` has one value a neuron.

    Raises:
        ValueError: no image is on that side of the split.

    Example:

    >>> from v1keras import simulate_recording
    >>> recording = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    >>> metrics, columns = evaluate(
    ...     lambda images: images[:, 4, 4:8, 0], recording
    ... )  # four pixels for rates
    >>> (
    ...     metrics["ceiling"],
    ...     metrics["groups"]["reported"]["neurons"],
    ...     columns["correlation"].shape,
    ... )
    ('repeats', 4, (4,))
    """
    images = recording.indices(split)
    rates = Predictor(model)(
        model_inputs(recording, images, getattr(model, "columns", None))
    )
    repeats, means = None, recording.responses
    if recording.repeats is not None and recording.repeat_images is not None:
        if len(images) > 1 and np.isin(images, recording.repeat_images).all():
            repeats = recording.repeats[np.isin(recording.repeat_images, images)]
        else:
            means = np.delete(
                means, recording.repeat_images, axis=0
            )  # `presentations` is said of the others
    counts = (
        recording.attributes.get("units", "spikes per presentation")
        == "spikes per presentation"
    )
    presentations = recording.attributes.get("presentations") if counts else None
    source, ceiling, noise = estimate_ceiling(means, repeats, presentations, fano)
    scores = score_neurons(recording.responses[images], rates, ceiling, noise)

    hertz = recording.hertz
    columns = {"neuron": np.arange(recording.neuron_count)}
    columns |= (
        {}
        if recording.neuron_session is None
        else {"session": recording.neuron_session}
    )
    columns |= {
        name: column for name, column in recording.neurons.items() if column.ndim == 1
    }
    columns |= {} if hertz is None else {"mean_hz": hertz}
    metrics = {
        "split": split,
        "images": len(images),
        "ceiling": source,
        "groups": {
            name: summarize(scores, chosen)
            for name, chosen in groups_of(columns, above_hz).items()
        },
    }
    return metrics, columns | scores


def evaluate_all(
    model: Any,
    recordings: list[Recording],
    settings: Mapping[str, float],
    split: str = "test",
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `evaluate` gives for one recording, and `joined` for several.

    Args:
        model: `V1Model`, or `V1Sessions`, of which each recording asks the session of
            its name.
        recordings: list of `Recording`s.
        settings: `above_hz` and `fano` by name, as in a configuration's `evaluation`.
        split: "train", "validation" or "test".

    Returns:
        (metrics, columns).
    """
    found = {}
    for recording in recordings:
        scores = evaluate(
            model_of(model, recording),
            recording,
            split,
            settings["above_hz"],
            settings["fano"],
        )
        found[session_name(recording)] = scores
    return scores if len(recordings) == 1 else joined(found, settings["above_hz"])


def joined(
    found: dict[str, tuple[dict[str, Any], dict[str, np.ndarray]]],
    above_hz: float = 5.0,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The scores of several recordings as those of one.

    Args:
        found: dict, a recording's name -> what `evaluate` gives for it.
        above_hz: as for `evaluate`.

    Returns:
        (metrics, columns): under `groups` first the neurons of all recordings together,
        then each recording's groups as NAME: GROUP. The columns begin with `recording`;
        where a recording lacks a column, its neurons have NaN there, or no text.

    Example:

    >>> from v1keras import simulate_recording
    >>> recording = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    >>> scores = evaluate(lambda images: images[:, 4, 4:8, 0], recording)
    >>> metrics, columns = joined({"monday": scores, "tuesday": scores})
    >>> (
    ...     metrics["groups"]["reported"]["neurons"],
    ...     metrics["groups"]["monday: reported"]["neurons"],
    ...     len(columns["correlation"]),
    ... )
    (8, 4, 8)
    """
    metrics, columns = zip(*found.values(), strict=True)
    sources = {each["ceiling"] for each in metrics}
    names = {
        name: column.dtype.kind for each in columns for name, column in each.items()
    }
    together = {
        "recording": np.repeat(list(found), [len(each["neuron"]) for each in columns])
    }
    for name, kind in names.items():
        missing = [
            np.full(len(each["neuron"]), "" if kind == "U" else np.nan)
            for each in columns
        ]
        together[name] = np.concatenate(
            [
                each.get(name, other)
                for each, other in zip(columns, missing, strict=True)
            ]
        )
    groups, chosen = {}, [groups_of(each, above_hz) for each in columns]
    for name in ("reported", f"above {above_hz:g} Hz"):
        if all(name in own for own in chosen):
            groups[name] = summarize(
                {key: together[key] for key in SCORES},
                np.concatenate([own[name] for own in chosen]),
            )
    for name, each in zip(found, metrics, strict=True):
        groups |= {
            f"{name}: {group}": summary for group, summary in each["groups"].items()
        }
    source = sources.pop() if len(sources) == 1 else "several"
    return {
        "split": metrics[0]["split"],
        "images": sum(each["images"] for each in metrics),
        "ceiling": source,
        "groups": groups,
    }, together


def groups_of(columns: dict[str, np.ndarray], above_hz: float) -> dict[str, np.ndarray]:
    """The groups of neurons that means are reported over.

    Args:
        columns: of `(neurons,)`, as `evaluate` gives them: `neuron`, and where known
            `for_tuning`, `mean_hz`, `session` and `kind`.
        above_hz: neurons with a mean rate above this are a group of their own.

    Returns:
        dict of `(neurons,)` bool.

    Example:

    >>> found = groups_of(
    ...     {
    ...         "neuron": np.arange(3),
    ...         "for_tuning": np.array([0, 0, 1]),
    ...         "mean_hz": np.array([2.0, 8.0, 9.0]),
    ...     },
    ...     5.0,
    ... )
    >>> {name: chosen.tolist() for name, chosen in found.items()}
    {'reported': [True, True, False], 'above 5 Hz': [False, True, False]}
    """
    reported = ~np.asarray(
        columns.get("for_tuning", np.zeros(len(columns["neuron"]))), bool
    )
    groups = {"reported": reported}
    if "mean_hz" in columns:
        groups[f"above {above_hz:g} Hz"] = reported & (
            np.nan_to_num(columns["mean_hz"]) > above_hz
        )
    for label in [label for label in ("session", "kind") if label in columns]:
        groups |= {
            f"{label} {value}": columns[label] == value
            for value in np.unique(columns[label])
        }
    return groups


def predict(
    model: Callable[[Any], Any], images: np.ndarray, batch_size: int = 256
) -> np.ndarray:
    """Rates `(n, neurons)` of `(n, height, width)` images in pixel units."""
    return Predictor(model, batch_size)(images[..., None])


def write(
    metrics: dict[str, Any],
    columns: dict[str, np.ndarray],
    folder: str | os.PathLike[str],
) -> None:
    """Writes `metrics.json` and `neurons.csv`, an empty field where a value does not
    exist.
    """
    folder = pathlib.Path(folder)
    with written_whole(folder / "metrics.json") as beside:
        beside.write_text(json.dumps(metrics, indent=1) + "\n")
    write_columns(columns, folder / "neurons.csv")


def write_columns(columns: dict[str, np.ndarray], path: str | os.PathLike[str]) -> None:
    """Writes `(n,)` columns as CSV, a row a neuron and an empty field where a value
    does not exist.
    """
    with (
        written_whole(pathlib.Path(path)) as beside,
        open(beside, "w", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(
                [
                    "" if isinstance(v, np.floating) and np.isnan(v) else _short(v)
                    for v in row
                ]
            )


def _short(value):
    return f"{value:.6g}" if isinstance(value, np.floating) else value


def main(_):
    values = flags.FLAGS
    model, metadata, recordings = open_models(values.model, values.recording)
    metrics, columns = evaluate_all(
        model, recordings, metadata["config"]["evaluation"], values.split
    )
    write(metrics, columns, values.out)
    page = pathlib.Path(values.out) / "report.html"
    history = pages.history_of(values.model)
    pages.write_model_page(
        page,
        model_of(model, recordings[0]),
        recordings[0],
        metadata,
        history,
        metrics,
        columns,
        values.split,
    )
    print(score_table(metrics))
    print(f"report: {page}; written beside it: metrics.json, neurons.csv")


def run():
    flags.DEFINE_string(
        "model",
        None,
        "Preset by name, its folder, or the workdir of a training.",
        required=True,
    )
    flags.DEFINE_string(
        "recording",
        None,
        "HDF5 file or public dataset, or some; the model's own where left out.",
    )
    flags.DEFINE_enum("split", "test", ("train", "validation", "test"), "Which images.")
    flags.DEFINE_string(
        "out", ".", "Folder to write metrics.json, neurons.csv and report.html to."
    )
    cli.run(main)


if __name__ == "__main__":
    run()

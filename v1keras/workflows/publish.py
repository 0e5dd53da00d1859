"""A finished training -> a preset of the zoo; and whether a preset's scores can be
measured again.
"""

import json
import os
import pathlib
import platform
import re
import tempfile
import time

import numpy as np

from v1keras import zoo
from v1keras.io.atomic import atomic_write
from v1keras.workflows import provenance
from v1keras.workflows.metadata import score_rows
from v1keras.workflows.reopen import open_models
from v1keras.workflows.score import score_by
from v1keras.zoo import catalog
from v1keras.zoo.golden import golden_inputs, named_rates
from v1keras.zoo.layout import METADATA

TOLERANCE = 1e-4  # of a score
_CALLS, _FIRST_CALLS = 200, 20
_SCORES = ("count", "correlation", "cc_norm", "fraction_near_limit")


def add(workdir, name, scores=None, measured_by=None):
    """Puts the model of a finished training into the zoo.

    Args:
        workdir: of the training.
        name: of the preset, `<dataset>_<readout>`.
        scores: rows for the card, means over several seeds and protocols; None for
            those of the training alone.
        measured_by: the command that measured them.

    Raises:
        ValueError: the training has no test metrics, or others than its weights have;
            or its configuration is not committed.
        OSError: a file is missing or can't be written.
    """
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", name):
        raise ValueError(
            f"--name: found {name!r}, expected <dataset>_<readout> in small letters and"
            " digits"
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
    found = score_by(settings, model, recordings).mean("correlation")
    if abs(stated - found) > TOLERANCE:
        raise ValueError(
            f"{workdir}/metrics.json states a correlation of {stated}, but the weights"
            f" there have {found}; run the evaluation again"
        )
    if scores:
        metadata |= {"scores": scores, "measured_by": measured_by}
    publish(model, recordings, metadata, name)


def metrics_of(workdir):
    """The `metrics.json` of a training.

    Raises:
        ValueError: there is none, or it is not of test images.
    """
    path = pathlib.Path(workdir) / "metrics.json"
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


def publish(model, recordings, facts, name):
    """Writes a preset into the zoo with the scores of its weights and its latency, and
    the zoo's table.

    Args:
        model: a Keras model.
        recordings: list of `Recording`s with the split of the model's training.
        facts: as of `v1keras.zoo.save`.
        name: of the preset.
    """
    facts = facts | {
        "own_scores": own_scores(model, facts, recordings),
        "latency": latency(model, facts),
    }
    zoo.save(model, catalog.zoo_folder() / name, facts)
    with atomic_write(catalog.zoo_folder() / "README.md") as beside:
        beside.write_text(zoo.table())


def own_scores(model, metadata, recordings):
    """The scores of one model on each side of its split: rows as of a card, with their
    `split`.
    """
    rows = []
    for split in ("train", "validation", "test"):
        scores = score_by(metadata["config"]["evaluation"], model, recordings, split)
        for row in score_rows(metadata["config"]["data"], scores):
            rows.append({"split": split, **row})
    return rows


def verify(name, scores=False):
    """Checks a preset: its files, names and golden outputs; and its scores, measured
    again.

    Args:
        name: of the preset, or its folder.
        scores: whether to measure; needs the recording.

    Returns:
        A line that says what was found.

    Raises:
        ValueError: something is not as stated; says what.
        OSError: a file is missing, or the recording.

    Example:

    >>> verify("simulated_factorized").startswith(
    ...     "simulated_factorized: files, names and golden outputs are as stated"
    ... )
    True
    """
    metadata = zoo.info(name)
    if not scores:
        model = zoo.load(name)
    else:
        model, metadata, recordings = open_models(name)
    difference = zoo.check_golden(model, metadata, zoo.find(name))
    told = (
        f"{metadata['name']}: files, names and golden outputs are as stated (largest"
        f" difference {difference:.1g})"
    )
    if not scores:
        return told
    if "own_scores" not in metadata:
        raise ValueError(
            f"{name}: states no scores of its weights; only a preset made by `zoo add`"
            " does"
        )
    largest = 0.0
    for stated, found in zip(
        metadata["own_scores"], own_scores(model, metadata, recordings), strict=True
    ):
        for key in _SCORES:
            apart = (
                0.0
                if stated[key] == found[key]
                else (
                    np.inf
                    if None in (stated[key], found[key])
                    else abs(stated[key] - found[key])
                )
            )
            if apart > TOLERANCE:
                where = (
                    f"{zoo.find(name) / METADATA}: {stated['split']} images,"
                    f" {stated['neurons']} neurons"
                )
                raise ValueError(
                    f"{where}: {key} is stated as {stated[key]}, measured as"
                    f" {found[key]}"
                )
            largest = max(largest, apart)
    return (
        told
        + f"; so are {len(metadata['own_scores'])} rows of scores (largest difference"
        f" {largest:.1g})"
    )


def retime(name):
    """Measures a preset's latency again and writes it into its card; to be run where
    nothing else runs.

    Args:
        name: of the preset, or its folder.

    Returns:
        A line that says what was found.

    Raises:
        ValueError: a file of the preset, or its golden outputs, are not as stated.
        OSError: the folder can't be written.
    """
    metadata, model = zoo.info(name), zoo.load(name, check=True)
    measured = latency(model, metadata)
    zoo.update_metadata(name, {"latency": measured})
    ways = "; ".join(
        f"{way}: {ms['median']:.2f} ms (95th percentile {ms['percentile_95']:.2f})"
        for way, ms in measured["ms"].items()
    )
    return f"{metadata['name']}: {ways}; machine load before it {measured['load']:g}"


def latency(model, metadata):
    """How long one image takes, through the model as loaded and through its export,
    which must give the same rates.

    Args:
        model: a Keras model.
        metadata: of its preset.

    Returns:
        dict of `machine`, its `load` (processes that ran or waited, mean of the minute
        before), `calls` and `ms`: way -> `median` and `percentile_95`.

    Raises:
        ValueError: the export's rates are not the model's.
    """
    import tensorflow as tf

    inputs, load = (
        golden_inputs(model.image_size, metadata),
        round(os.getloadavg()[0], 1),
    )
    with tempfile.TemporaryDirectory() as folder:
        eager = lambda shown: model(shown, training=False)
        expected = named_rates(eager, inputs)
        model.export(folder, verbose=False)
        exported = tf.saved_model.load(
            folder
        )  # which holds the variables: `serve` alone would lose them
        served = exported.serve
        for output, rates in named_rates(served, inputs).items():
            if not np.allclose(rates, expected[output], rtol=1e-4, atol=1e-5):
                raise ValueError(
                    f"the export's {output} differ from the model's by"
                    f" {np.abs(rates - expected[output]).max()}"
                )
        ways = {
            "the preset, `model(image)`": eager,
            "its export, `tf.saved_model.load(FOLDER).serve(image)`": served,
        }
        times = {
            way: _times(
                call,
                tf.nest.map_structure(lambda array: tf.constant(array[:1]), inputs),
            )
            for way, call in ways.items()
        }
    found = {
        way: {
            "median": round(np.median(ms), 3),
            "percentile_95": round(np.percentile(ms, 95), 3),
        }
        for way, ms in times.items()
    }
    return {
        "machine": _machine(tf.config.list_physical_devices("GPU")),
        "load": load,
        "calls": _CALLS,
        "ms": found,
    }


def _times(call, inputs):
    """Milliseconds of each call, until the rates are there as an array."""
    times = []
    for _ in range(_FIRST_CALLS + _CALLS):
        start = time.perf_counter()
        named_rates(call, inputs)
        times.append(1e3 * (time.perf_counter() - start))
    return times[_FIRST_CALLS:]


def _machine(gpus):
    path = pathlib.Path("/proc/cpuinfo")
    models = (
        re.findall(r"model name\s*: (.+)", path.read_text()) if path.exists() else []
    )
    return (
        f"{models[0] if models else platform.processor() or platform.machine()},"
        f" {os.cpu_count()} cores" + (f", {len(gpus)} GPUs" if gpus else "")
    )

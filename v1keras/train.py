"""Trains an encoding model on a recording, and scores it.

    python -m v1keras.train --config=configs/kindel2019_factorized.py --workdir=runs/kindel2019

Any key of the configuration (v1keras/config.py lists them) can be set: --config.data.split_seed=3
"""

import itertools
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import ml_collections
import numpy as np
from absl import flags
from ml_collections import config_flags

from v1keras import command, evaluate, pages, provenance, report, workdir, zoo
from v1keras.build import (
    build_model,
    build_sessions,
    core_precision,
    fit_ridge,
    member_recording,
    pixel_statistics,
    session_name,
)
from v1keras.data import (
    Rows,
    apply_protocol,
    model_inputs,
    open_recording,
    recording_names,
)
from v1keras.data.rows import finite_sums
from v1keras.evaluation import correlation
from v1keras.models import Ensemble
from v1keras.training import (
    Checkpoints,
    Schedule,
    Trainer,
    check_responses,
    is_chief,
    learned_noise,
    make_likelihood,
    make_strategy,
)
from v1keras.training.cluster import LOST, start_again


def train_and_evaluate(
    config: ml_collections.ConfigDict,
    folder: str | os.PathLike[str],
    resume: bool = False,
    overwrite: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    command_line: str = "v1keras.train.train_and_evaluate",
    profile: int = 0,
) -> tuple[Any, dict[str, Any], dict[str, np.ndarray]]:
    """Trains what a configuration describes and scores it on the test images.

    Args:
        config: as `v1keras.config.default` gives it.
        folder: the workdir; see `v1keras.workdir` for what is written there.
        resume: go on with an interrupted run of the same configuration.
        overwrite: replace the run that is there.
        callbacks: further Keras callbacks.
        command_line: how to do it again, for the preset's card.
        profile: steps of which TensorBoard is to show where their time goes; 0 for none. Of an ensemble, of its first member.

    A progress bar goes to stderr, unless `keras.config.disable_interactive_logging()` was called.

    Returns:
        (`V1Model`, metrics, columns): the trained model and its scores as `v1keras.evaluate.evaluate` gives them; of several recordings
        a `V1Sessions` and what `v1keras.evaluate.joined` gives.

    Raises:
        ValueError, OSError: the configuration, the recording or the folder don't fit; says what came and what fits.
        FloatingPointError: the loss is no longer finite.

    Example:

    >>> import tempfile
    >>> from v1keras import simulate_recording
    >>> from v1keras.config import default
    >>> folder = tempfile.mkdtemp()
    >>> simulate_recording(40, 10, neurons_per_kind=1, image_size=16).save(folder + "/recording.h5")
    >>> config = default()
    >>> config.data.recording, config.training.max_epochs = folder + "/recording.h5", 1
    >>> model, metrics, columns = train_and_evaluate(config, folder + "/run")
    >>> metrics["groups"]["reported"]["neurons"]
    4
    """
    strategy = make_strategy(
        config.training.strategy, config.training.wait_s
    )  # before anything runs on a device
    chief = is_chief(strategy)
    if not config.data.recording:
        raise ValueError(
            "no recording: set --config.data.recording to an HDF5 file or the name of a public dataset"
        )
    recordings = []
    for name in recording_names(config.data.recording):
        recording = apply_protocol(
            open_recording(name),
            config.data.protocol,
            config.data.split_seed,
            config.data.split_parts,
        )
        counts = {
            side: len(recording.indices(side))
            for side in ("train", "validation", "test")
        }  # says so where one is empty
        if config.training.batch_size > counts["train"]:
            raise ValueError(
                f"batch_size: found {config.training.batch_size}, expected 1 to {counts['train']}, the training images there are"
            )
        check_responses(
            make_likelihood(config.training.likelihood), recording.responses
        )
        recordings.append(recording)
    if len(recordings) > 1 and (config.ensemble > 1 or config.ridge.share):
        raise ValueError(
            f"{len(recordings)} recordings train one network; set --config.ensemble=1 --config.ridge.share=0"
        )
    if config.ensemble < 1 or not 0 <= config.ridge.share <= 1:
        raise ValueError(
            f"ensemble {config.ensemble}, ridge.share {config.ridge.share}: expected 1 member or more, a share from 0 to 1"
        )
    schedule_of(config).check(strategy.num_replicas_in_sync)
    with strategy.scope():
        build(
            config, recordings
        )  # what can't be built is told before anything is written
    folder = pathlib.Path(folder)
    if chief:
        folder = workdir.claim(folder, config.to_dict(), resume, overwrite)
    networks = config.ensemble if config.ridge.share < 1 else 0
    trained = [
        train_member(
            config, recordings, strategy, folder, i, callbacks, 0 if i else profile
        )
        for i in range(networks)
    ]
    members, shares = (
        [member for member, _, _ in trained],
        [(1 - config.ridge.share) / config.ensemble] * networks,
    )
    if config.ridge.share:
        members, shares = (
            [*members, fit_ridge(config, recordings[0])],
            [*shares, config.ridge.share],
        )
    model = members[0] if len(members) == 1 else Ensemble(members, shares)
    with strategy.scope():  # each replica predicts its share
        metrics, columns = evaluate.evaluate_all(model, recordings, config.evaluation)
    if chief:
        noise = learned_noise([likelihood for _, likelihood, _ in trained])
        known = facts(config, recordings, metrics, command_line) | {
            "noise": noise,
            "commit": workdir.commit_of(folder),
        }
        zoo.save(model, folder / workdir.PRESET, known)
        evaluate.write(metrics, columns, folder)
        shown, history = (
            evaluate.model_of(model, recordings[0]),
            trained[0][-1] if trained else [],
        )
        pages.write_model_page(
            folder / workdir.REPORT,
            shown,
            recordings[0],
            known,
            history,
            metrics,
            columns,
        )
    return model, metrics, columns


def build(config, recordings, name="v1model"):
    """The untrained `V1Model` of one recording, or the `V1Sessions` of several."""
    return (
        build_model(config, recordings[0], name)
        if len(recordings) == 1
        else build_sessions(config, recordings, name)
    )


def train_member(config, recordings, strategy, folder, index, callbacks=(), profile=0):
    """Trains one member of an ensemble, or the only model.

    Args:
        config: as `v1keras.config.default` gives it.
        recordings: list of `Recording`s with the configuration's split; each trains a readout of its own on the same core.
        strategy: a `tf.distribute` strategy.
        folder: the workdir.
        index: 0 for the first member.
        callbacks: further Keras callbacks.
        profile: steps to profile; 0 for none.

    Returns:
        (`V1Model` or `V1Sessions`, its noise model, list of the logs of each epoch).
    """
    recordings = [
        member_recording(config, recording, index) for recording in recordings
    ]
    own = config.copy_and_resolve_references()
    own.seed = config.seed + index
    keras.utils.set_random_seed(own.seed)
    with strategy.scope():
        model = build(own, recordings, f"member_{index}")
        trained = model if len(recordings) == 1 else model.side_by_side()
        likelihood = make_likelihood(config.training.likelihood)
        optimizer = keras.optimizers.Adam(config.training.learning_rate)
    train, validation = (
        [of_side(recording, side, model.columns) for recording in recordings]
        for side in ("train", "validation")
    )
    weights = np.concatenate(
        [
            equalizing_weights(responses, config.training.equalize)
            for _, responses in train
        ]
    )
    trainer = Trainer(
        trained,
        optimizer,
        likelihood,
        correlation,
        strategy,
        schedule_of(own),
        weights,
    )
    callbacks = list(callbacks)
    if is_chief(strategy):
        events = folder / workdir.TENSORBOARD / f"member_{index}"
        callbacks += (
            [report.ProgressBar()]
            if keras.config.is_interactive_logging_enabled()
            else []
        )
        callbacks += [
            report.TensorBoardLog(events, config.to_dict(), trainer),
            *([report.Profile(events, profile)] if profile else []),
        ]
    # Only the first process writes it; all go on from it, so several machines need a workdir that all of them see.
    checkpoints = Checkpoints(
        folder / workdir.CHECKPOINTS / f"member_{index}", config.training.checkpoint_s
    )
    progress = trainer.fit(train, validation, callbacks, checkpoints)
    if core_precision(config) != "float32":
        own.training.precision = "float32"
        with strategy.scope():
            computed, model = model, build(own, recordings, f"member_{index}")
        model.set_weights(computed.get_weights())
    return model, likelihood, progress.history


def of_side(recording, side, columns):
    """(inputs, responses) of a recording on one side of its split, as a `Trainer` takes them."""
    indices = recording.indices(side)
    return model_inputs(recording, indices, columns), Rows(recording.responses, indices)


def schedule_of(config):
    """The `Schedule` that a configuration describes."""
    fields = (
        "batch_size",
        "max_epochs",
        "annealing",
        "patience",
        "decay",
        "decays",
        "averaging",
        "resident_gb",
    )
    return Schedule(seed=config.seed, **{key: config.training[key] for key in fields})


def equalizing_weights(responses, power):
    """What each neuron's log-likelihood counts: its mean response to the power of -`power`, 1 on average.

    Args:
        responses: `(images, neurons)`, NaN = missing.
        power: 0 counts all alike; at 0.5 a neuron's gradient no longer grows with its rate.

    Returns:
        `(neurons,)`.

    Example:

    >>> equalizing_weights(np.array([[1.0, 4.0]]), 0.5).round(3).tolist()
    [1.333, 0.667]
    """
    totals, counts = finite_sums(responses)
    # Below a twentieth of a spike a mean says more of chance than of the neuron.
    weights = np.maximum(totals / np.maximum(counts, 1), 0.05) ** -power
    return weights / weights.mean()


def facts(config, recordings, metrics, command_line):
    """What a preset's metadata says of its training.

    Where several recordings differ in an attribute, it has all their values; their sessions are the recordings themselves.
    """
    sessions = recordings[0].neuron_session
    if len(recordings) > 1:
        counted = {
            session_name(recording): recording.neuron_count for recording in recordings
        }
    elif sessions is None:
        counted = {"all": recordings[0].neuron_count}
    else:
        counted = {
            str(s): int(c)
            for s, c in zip(*np.unique(sessions, return_counts=True), strict=True)
        }
    attributes = {}
    for key in dict.fromkeys(
        key for recording in recordings for key in recording.attributes
    ):
        values = list(
            dict.fromkeys(
                recording.attributes.get(key, "not stated") for recording in recordings
            )
        )
        attributes[key] = values[0] if len(values) == 1 else "; ".join(map(str, values))
    labels = (
        ["all"] * recordings[0].neuron_count if sessions is None else sessions.tolist()
    )
    alike = [[label, len(list(run))] for label, run in itertools.groupby(labels)]
    return {
        "recording": attributes,
        "pixels": {
            "minimum": float(min(recording.images.min() for recording in recordings)),
            "maximum": float(max(recording.images.max() for recording in recordings)),
            "mean": float(pixel_statistics(recordings)[0]),  # of the training images
        },
        "sessions": counted,
        "neuron_sessions": list(map(list, counted.items()))
        if len(recordings) > 1
        else alike,
        "command": command_line,
        "commit": provenance.commit(),
        "measured_by": "python -m v1keras.evaluate --model=WORKDIR",
        "config": config.to_dict(),
        "ceiling": metrics["ceiling"],
        "scores": score_rows(config.data, metrics),
    }


def score_rows(data, metrics):
    """The rows of the score table of a preset's card, for one model: of all neurons reported, and of those with high rates."""
    groups = {
        name: group
        for name, group in metrics["groups"].items()
        if name == "reported" or name.startswith("above")
    }
    return [
        score_row(data["protocol"], [data["split_seed"]], name, group)
        for name, group in groups.items()
    ]


def score_row(protocol, seeds, name, group):
    """One row of the score table of a preset's card."""
    return {
        "protocol": protocol,
        "seeds": seeds,
        "neurons": name,
        "count": group["neurons"],
        "correlation": group["correlation"]["mean"],
        "cc_norm": group["cc_norm"]["mean"],
        "fraction_near_limit": group["fraction_near_limit"],
    }


def main(_):
    values = flags.FLAGS
    for key in ("init_from", "freeze"):
        if values[key].value is not None:
            values.config[key] = values[key].value
    line = f"python -m v1keras.train {command.asked('--(config|init_from|freeze)')} --workdir=WORKDIR"
    if values.quiet:
        keras.config.disable_interactive_logging()
    try:
        _, metrics, _ = train_and_evaluate(
            values.config,
            values.workdir,
            values.resume,
            values.overwrite,
            (),
            line,
            values.profile,
        )
    except LOST as error:
        start_again(error)
    print(report.score_table(metrics))
    print(f"report: {values.workdir}/{workdir.REPORT}")


def run():
    config_flags.DEFINE_config_file(
        "config", None, "File with the experiment's configuration."
    )
    flags.DEFINE_string("workdir", None, "Folder that all results go to.")
    flags.DEFINE_string(
        "init_from",
        None,
        "Preset or workdir whose core to begin with; the same as --config.init_from.",
    )
    flags.DEFINE_enum(
        "freeze",
        None,
        ("core",),
        "Keeps that core as it is; the same as --config.freeze.",
    )
    flags.DEFINE_bool("resume", False, "Go on with the run in the workdir.")
    flags.DEFINE_bool("overwrite", False, "Replace the run in the workdir.")
    flags.DEFINE_bool(
        "quiet",
        False,
        "No progress bar; the scores and the report's path are still printed.",
    )
    flags.DEFINE_integer(
        "profile",
        0,
        "Steps that TensorBoard is to show under Profile and Graphs; 0 for none.",
        lower_bound=0,
    )
    flags.mark_flags_as_required(["config", "workdir"])
    command.run(main)


if __name__ == "__main__":
    run()

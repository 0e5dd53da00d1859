"""Training from a configuration to a preset: what `python -m v1keras.train` does."""

import contextlib
import dataclasses
import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import ml_collections
import tensorflow as tf

from v1keras import report, zoo
from v1keras.config_values import check_values
from v1keras.data import Recording, open_recording, recording_names
from v1keras.data.quality import split_issues
from v1keras.data.splits import split_by_protocol
from v1keras.evaluation.scores import Scores
from v1keras.io.atomic import atomic_files
from v1keras.io.lock import locked_folder
from v1keras.models import Ensemble
from v1keras.training import (
    Checkpoints,
    TrainingHistory,
    check_responses,
    is_chief,
    learned_noise,
    make_likelihood,
    make_strategy,
)
from v1keras.workflows import workdir
from v1keras.workflows.build import (
    build_for,
    core_precision,
    fit_ridge,
    member_recording,
)
from v1keras.workflows.fit import (
    check_batch_size,
    check_validation,
    make_trainer,
    run_trainer,
    schedule_of,
)
from v1keras.workflows.metadata import preset_metadata
from v1keras.workflows.model_report import write_model_report
from v1keras.workflows.score import score_by
from v1keras.workflows.trust import model_checks


@dataclasses.dataclass
class Member:
    """A trained network: the only one, or a member of an ensemble."""

    model: Any
    likelihood: keras.Layer
    history: TrainingHistory


def train_and_evaluate(
    config: ml_collections.ConfigDict,
    folder: str | os.PathLike[str],
    resume: bool = False,
    overwrite: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    command_line: str = "v1keras.workflows.train.train_and_evaluate",
    profile: int = 0,
) -> tuple[Any, Scores]:
    """Train what a configuration describes and score it on the test images.

    A progress bar goes to stderr, unless `keras.config.disable_interactive_logging()`
    was called.

    Args:
        config: `ml_collections.ConfigDict`, as `v1keras.config.default` returns it.
        folder: Workdir; see `v1keras.workflows.workdir` for what is written there.
        resume: Boolean, whether to resume an interrupted run of this configuration.
        overwrite: Boolean, whether to replace the run that is there.
        callbacks: Sequence of Keras callbacks.
        command_line: String, command that repeats this, for the preset's card.
        profile: Integer, number of steps whose time TensorBoard breaks down; of an
            ensemble, steps of its first member.

    Returns:
        Tuple `(model, scores)`: the trained model, of several recordings a
        `MultiSessionModel`, and its `Scores` on the test images.

    Raises:
        ValueError, OSError: The configuration, the recording or the folder does not
            fit; says what was received and what fits.
        FloatingPointError: The loss is no longer finite.

    Example:

    >>> import tempfile
    >>> from v1keras import simulate_recording
    >>> from v1keras.config import default
    >>> folder = tempfile.mkdtemp()
    >>> recording = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    >>> recording.save(folder + "/recording.h5")
    >>> config = default()
    >>> config.data.recording = folder + "/recording.h5"
    >>> config.training.max_epochs = 1
    >>> model, scores = train_and_evaluate(config, folder + "/run")
    >>> len(scores.per_neuron["neuron"])
    4
    """
    check_values(config)
    # The strategy comes before anything runs on a device.
    strategy = make_strategy(
        config.training.strategy, config.training.cluster_timeout_s
    )
    recordings = open_recordings(config)
    check_training(config, recordings, strategy)
    chief, folder = is_chief(strategy), pathlib.Path(folder)
    with locked_folder(folder) if chief else contextlib.nullcontext():
        if chief:
            workdir.prepare_workdir(folder, config.to_dict(), resume, overwrite)
        members = [
            train_member(config, recordings, strategy, folder, i, callbacks, profile)
            for i in range(config.ensemble if config.ridge.share < 1 else 0)
        ]
        model = _combine(config, [member.model for member in members], recordings)
        with strategy.scope():  # each replica predicts its share
            scores = score_by(config.evaluation, model, recordings)
        if chief:
            run = workdir.run_folder(folder)
            _write(config, run, model, members, recordings, scores, command_line)
            row = model.name if len(members) == 1 else "ensemble"
            _log_scores(config, run / workdir.TENSORBOARD, folder, row, scores)
            workdir.finish_run(folder)
    return model, scores


def open_recordings(config: ml_collections.ConfigDict) -> list[Recording]:
    """Return the recordings that a configuration names, with its split."""
    data = config.data
    if not data.recording:
        raise ValueError(
            "no recording: set --config.data.recording to an HDF5 file or the name of a"
            " public dataset"
        )
    recordings = []
    for name in recording_names(data.recording):
        recording = split_by_protocol(
            open_recording(name), data.protocol, data.split_seed, data.split_parts
        )
        for side in ("train", "validation", "test"):
            recording.indices(side)  # raises where one is empty
        recordings.append(recording)
    return recordings


def check_training(config, recordings, strategy):
    """Refuse what can't be trained before anything is written."""
    likelihood = make_likelihood(config.training.likelihood)
    for recording in recordings:
        check_batch_size(config.training.batch_size, recording)
        check_validation(recording)
        check_responses(likelihood, recording.responses)
    if len(recordings) > 1 and (config.ensemble > 1 or config.ridge.share):
        raise ValueError(
            f"{len(recordings)} recordings train one network; set --config.ensemble=1"
            " --config.ridge.share=0"
        )
    if config.ensemble < 1 or not 0 <= config.ridge.share <= 1:
        raise ValueError(
            f"ensemble {config.ensemble}, ridge.share {config.ridge.share}: expected 1"
            " member or more, a share from 0 to 1"
        )
    schedule = schedule_of(config.training, config.seed)
    schedule.check(strategy.num_replicas_in_sync)
    with strategy.scope():
        build_for(config, recordings)
    if is_chief(strategy):
        for recording in recordings:
            for issue in split_issues(recording):
                warnings.warn(f"recording {recording.name!r}: {issue}")


def train_member(
    config: ml_collections.ConfigDict,
    recordings: Sequence[Recording],
    strategy: tf.distribute.Strategy,
    folder: pathlib.Path,
    index: int,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    profile: int = 0,
) -> Member:
    """Train one member of an ensemble, or the only network.

    Args:
        config: `ml_collections.ConfigDict`, as `v1keras.config.default` returns it.
        recordings: Sequence of `Recording`s with the configuration's split; each trains
            a readout of its own on the same core.
        strategy: `tf.distribute` strategy.
        folder: Workdir.
        index: Integer, index of the member.
        callbacks: Sequence of Keras callbacks.
        profile: Integer, steps of the first member to profile; 0 for none.
    """
    recordings = [member_recording(config.data, r, index) for r in recordings]
    config, name = config.copy_and_resolve_references(), f"member_{index}"
    config.seed += index
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        model = build_for(config, recordings, name)
        likelihood = make_likelihood(config.training.likelihood)
    trainer = make_trainer(
        config.training, config.seed, model, recordings, strategy, likelihood
    )
    row = f"{folder.resolve().name}/{name}"
    # Of several machines the first has prepared it: building a model waits for all.
    folder = workdir.run_folder(folder)
    callbacks = list(callbacks)
    if is_chief(strategy):
        events = folder / workdir.TENSORBOARD / name
        callbacks += _logs(events, config, row, trainer, 0 if index else profile)
    # Only the first process writes it; all resume from it, so several machines need a
    # workdir that all of them see.
    checkpoints = Checkpoints(
        folder / workdir.CHECKPOINTS / name, config.training.checkpoint_s
    )
    history = run_trainer(trainer, model, recordings, callbacks, checkpoints)
    if core_precision(config) != "float32":
        config.training.precision = "float32"
        weights = model.get_weights()
        with strategy.scope():
            model = build_for(config, recordings, name)
        model.set_weights(weights)
    return Member(model, likelihood, history)


def _logs(events, config, row, trainer, profile):
    hyperparameters = dict(_hyperparameters(config.to_dict()))
    callbacks = [report.TensorBoardLog(events, hyperparameters, row, trainer)]
    if keras.config.is_interactive_logging_enabled():
        callbacks.insert(0, report.ProgressBar())
    if profile:
        callbacks.append(report.Profile(events, profile))
    return callbacks


def _log_scores(config, events, folder, row, scores):
    """Write the test scores into the row of the network, or one of the ensemble."""
    means = {}
    for name in ("correlation", "cc_norm"):
        mean = scores.mean(name)
        if mean is not None:
            means[f"test_{name}"] = mean
    hyperparameters = dict(_hyperparameters(config.to_dict()))
    name = f"{folder.resolve().name}/{row}"
    report.log_test_scores(events / row, hyperparameters, name, means)


def _hyperparameters(branch, prefix=""):
    """Yield each key with its branches, and its value as TensorBoard shows it."""
    for key, value in branch.items():
        if isinstance(value, dict):
            yield from _hyperparameters(value, f"{prefix}{key}.")
        elif isinstance(value, (bool, int, float, str)):
            yield prefix + key, value
        else:
            yield prefix + key, str(value)


def _combine(config, networks, recordings):
    """Return the only model, or the ensemble of the networks and the ridge."""
    share = config.ridge.share
    weights = [(1 - share) / config.ensemble] * len(networks)
    if share:
        networks = [*networks, fit_ridge(recordings[0])]
        weights = [*weights, share]
    return networks[0] if len(networks) == 1 else Ensemble(networks, weights)


def _write(config, folder, model, members, recordings, scores, command_line):
    """Write the preset, the scores and the report into the workdir."""
    metadata = preset_metadata(config, recordings, scores, command_line)
    metadata["noise"] = learned_noise([member.likelihood for member in members])
    metadata["commit"] = workdir.commit_of(folder)
    validation = [
        {"score": member.history.best_score, "epoch": member.history.best_epoch}
        for member in members
    ]
    with atomic_files(folder) as parts:
        zoo.save(model, parts / workdir.PRESET, metadata)
        scores.save(parts, validation=validation)
        write_model_report(
            parts / workdir.REPORT,
            model,
            recordings,
            metadata,
            members[0].history.epochs if members else [],
            scores,
            model_checks(model, recordings, scores),
        )

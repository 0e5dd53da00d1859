"""Search of a configuration by validation scores: `python -m v1keras.tune`."""

import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import ml_collections
import tensorflow as tf

from v1keras.config import default
from v1keras.config_values import check_values
from v1keras.data import Recording
from v1keras.io.atomic import atomic_files
from v1keras.io.foreign import short
from v1keras.io.terminal import say
from v1keras.report.study_page import Trial, write_study_page
from v1keras.training import make_strategy
from v1keras.workflows import workdir
from v1keras.workflows.search_space import read_space, suggest, with_values
from v1keras.workflows.study import Study
from v1keras.workflows.train import check_training, open_recordings, train_member

BEST = "best.py"
PAGE = "study.html"


class Pruning(keras.callbacks.Callback):
    """Report of each epoch's validation score, and the end of a training that lags.

    Args:
        trial: `optuna.Trial`.
    """

    def __init__(self, trial: Any) -> None:
        super().__init__()
        self._trial = trial
        self._reported = set(trial.study.trials[trial.number].intermediate_values)

    def on_epoch_end(self, epoch, logs=None):
        # A training that was killed repeats the epochs since its checkpoint.
        if epoch not in self._reported:
            self._trial.report(logs["validation_score"], epoch)
        if self._trial.should_prune():
            # First: a process may end between the two.
            self._trial.set_user_attr("pruned", True)
            self.model.stop_training = True


def tune(
    config: ml_collections.ConfigDict,
    space: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    trials: int,
    storage: str | None = None,
    name: str | None = None,
) -> str:
    """Run trials of a study until as many as asked are done.

    The test images are not looked at: a trial trains one network, and its score is the
    best validation score. Several processes, started alike, share the trials.

    Args:
        config: `ml_collections.ConfigDict`, as `v1keras.config.default` returns it:
            what is not searched.
        space: JSON file; see `read_space`.
        folder: Folder of the study; see `v1keras.workflows.study`.
        trials: Integer, number of trials.
        storage: String, SQLAlchemy address of a database; None for a file in `folder`.
        name: String, name of the study in the database; None for the folder's.

    Returns:
        String, what the command prints at the end.

    Raises:
        ValueError, OSError: The configuration, the space, the recording, the database
            or the folder does not fit; or every trial failed.
    """
    folder = pathlib.Path(folder)
    dimensions = read_space(space)
    strategy, recordings = _prepare(config)
    described = {f"space of {key}": value for key, value in dimensions.items()}
    study = Study(
        folder,
        storage,
        name or folder.absolute().name,
        described | workdir.flatten(config.to_dict()),
        trials,
        config.training.patience,
    )
    for trial in study.take():
        try:
            candidate = with_values(config, suggest(trial, dimensions))
            outcome = _run(
                trial, candidate, recordings, strategy, study.workdir(trial.number)
            )
        # Its values don't go together, or its training diverged.
        except (ValueError, ArithmeticError) as error:
            study.tell(trial, reason=short(error))
            say(f"trial {trial.number}: failed: {short(error)}")
        else:
            study.tell(trial, **outcome)
            ending = "pruned" if outcome["pruned"] else "complete"
            say(
                f"trial {trial.number}: {ending}, validation score"
                f" {outcome['score']:.4f} in epoch {outcome['epoch']}"
            )
        _write(study, config, dimensions)
    return _write(study, config, dimensions)


def _prepare(config):
    """Return the strategy and the recordings; refuse what no trial could train."""
    check_values(config)
    if config.ensemble > 1 or config.ridge.share:
        raise ValueError(
            "a study trains one network a trial: set --config.ensemble=1"
            " --config.ridge.share=0, and train the best configuration with more"
        )
    if config.training.strategy == "multiworker":
        raise ValueError(
            "a study shares its trials among machines, not one training: set"
            " --config.training.strategy=auto, and start it on each machine"
        )
    training = config.training
    strategy = make_strategy(training.strategy, training.cluster_timeout_s)
    recordings = open_recordings(config)
    check_training(config, recordings, strategy)
    return strategy, recordings


def _run(
    trial: Any,
    config: ml_collections.ConfigDict,
    recordings: Sequence[Recording],
    strategy: tf.distribute.Strategy,
    folder: pathlib.Path,
) -> dict[str, Any]:
    """Train one configuration; return its score, its epoch and whether it was pruned.

    The recordings' test images have no part in it.
    """
    workdir.prepare_workdir(folder, config.to_dict(), resume=True)
    callbacks = [Pruning(trial)]
    member = train_member(config, recordings, strategy, folder, 0, callbacks)
    return {
        "score": member.history.best_score,
        "epoch": member.history.best_epoch,
        "pruned": bool(trial.user_attrs.get("pruned")),
    }


def _write(study, config, dimensions):
    """Write the page and the best configuration; return them as lines."""
    files = [PAGE]
    with study.locked(), atomic_files(study.folder) as parts:
        trials = study.trials()
        best = best_of(trials)
        done = [t for t in trials if t.state in ("complete", "pruned", "failed")]
        lines = [f"{len(done)} of {len(trials)} trials are done"]
        if len(done) < len(trials):
            lines[0] += "; another process runs the others"
        if best:
            files.insert(0, BEST)
            command = f"--config={study.folder / BEST}"
            text = configuration_text(with_values(config, best.values), best, len(done))
            (parts / BEST).write_text(text, "utf-8")
            lines.append(
                f"best: trial {best.number}, validation score {best.score:.4f}"
            )
        facts = {
            "study": study.name,
            "trials": lines[0],
            "best": lines[-1] if best else "none",
            **{key: json.dumps(value) for key, value in dimensions.items()},
        }
        write_study_page(parts / PAGE, facts, trials)
    if not best and len(done) == len(trials):
        reasons = [trial.reason for trial in trials if trial.reason]
        raise ValueError(f"no trial was completed: {(reasons or ['all pruned'])[0]}")
    paths = ", ".join(str(study.folder / file) for file in files)
    lines.append(f"written: {paths}")
    if best:
        lines.append(f"next: python -m v1keras.train {command} --workdir=FOLDER")
    return "\n".join(lines)


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """Return the complete trial with the highest score; None if there is none."""
    complete = [trial for trial in trials if trial.state == "complete"]
    return max(complete, key=lambda trial: trial.score or 0.0, default=None)


def configuration_text(
    config: ml_collections.ConfigDict, best: Trial, count: int
) -> str:
    """Return a configuration as the text of a file for `--config=`.

    Args:
        config: `ml_collections.ConfigDict` of allowed values.
        best: The `Trial` it is of.
        count: Integer, number of trials that are done.
    """
    check_values(config)
    usual = workdir.flatten(default().to_dict())
    lines = []
    for key, value in workdir.flatten(config.to_dict()).items():
        if value != usual[key]:
            lines.append(f"    config.{key} = {value!r}\n")
    return (
        f'"""Best of {count} trials of `python -m v1keras.tune`.\n\nTrial'
        f" {best.number}: validation score {best.score:.6f} in epoch"
        f' {best.epoch}.\n"""\n\nfrom v1keras.config import default\n\n\n'
        "def get_config():\n    config = default()\n"
        f"{''.join(lines)}    return config\n"
    )

"""A study of Optuna that several processes share, and that survives them.

    study.db        the trials, unless another database has them
    study_id.txt    which study this folder belongs to
    trials/000/     workdir of the first trial: config.json, checkpoints, tensorboard
    best.py         the best configuration, for `--config=`
    study.html      the trials, with figures

All trials are queued when a study starts, so that there are never more. A process takes
a trial by the lock of the trial's workdir, which the system opens however the process
ends: a trial that is running and not locked was killed, and the next process goes on
with it, from its checkpoint.
"""

import contextlib
import json
import os
import pathlib
import re
import time
import uuid
import warnings
from collections.abc import Iterator
from typing import Any

from v1keras.io.atomic import atomic_write
from v1keras.io.extras import import_extra
from v1keras.io.foreign import errors_naming
from v1keras.io.lock import open_locked
from v1keras.report.study_page import Trial

TRIALS = "trials"
DATABASE = "study.db"
ID = "study_id.txt"
_LOCK = ".v1keras-study-lock"
_POLL_S = 0.1
_SQLITE_WAIT_S = 60  # until another process has written


def optuna() -> Any:
    """Return the module optuna, which says nothing but warnings.

    Raises:
        ValueError: It is not installed; says how to install it.
    """
    module = import_extra(
        "optuna",
        "studies are run by Optuna: install it, with `pip install v1keras[tune]`",
    )
    module.logging.set_verbosity(module.logging.WARNING)
    warnings.simplefilter("ignore", module.exceptions.ExperimentalWarning)
    return module


class Study:
    """The study of a folder, made where it is missing.

    Args:
        folder: Path of the study's folder.
        storage: String, SQLAlchemy address of a database, such as
            `postgresql://user@host/studies`; None for a SQLite file in the folder.
        name: String, name of the study in the database.
        described: Dict of JSON values: what is searched. A study of another is refused.
        trials: Integer, number of trials.
        warmup_epochs: Integer, epochs in which no trial is pruned.

    Raises:
        ValueError: Optuna is missing, the database can't be opened, or the study there
            searches something else or keeps its trials in another folder.
        OSError: The folder can't be written.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        storage: str | None,
        name: str,
        described: dict[str, Any],
        trials: int,
        warmup_epochs: int,
    ) -> None:
        if not re.fullmatch(r"[\w.-]{1,100}", name, re.ASCII):
            raise ValueError(
                f"--study: found {name!r}, expected letters, digits, _, - and ."
            )
        self._optuna = optuna()
        self.name = name
        self.folder = pathlib.Path(folder)
        self.count = trials
        address = storage or f"sqlite:///{self.folder.absolute() / DATABASE}"
        self.place = _without_password(address)
        with self.locked():
            with errors_naming(self.place, passing=()):
                self._storage = self._open_storage(address)
                self._study = self._open(warmup_epochs)
            self._check(described)
            with errors_naming(self.place, passing=()):
                for _ in range(trials - len(self._rows())):
                    self._study.enqueue_trial({})

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Wait until no other process writes what the trials share, and keep it so."""
        (self.folder / TRIALS).mkdir(parents=True, exist_ok=True)
        while True:
            with _held(self.folder / _LOCK) as is_held:
                if is_held:
                    yield
                    return
            time.sleep(_POLL_S)

    def _open_storage(self, address):
        waiting = {"connect_args": {"timeout": _SQLITE_WAIT_S}}
        options = waiting if address.startswith("sqlite") else {}
        return self._optuna.storages.RDBStorage(address, engine_kwargs=options)

    def _open(self, warmup_epochs):
        return self._optuna.create_study(
            storage=self._storage,
            study_name=self.name,
            direction="maximize",
            pruner=self._optuna.pruners.MedianPruner(n_warmup_steps=warmup_epochs),
            load_if_exists=True,
        )

    def _check(self, described):
        """Refuse a study that searches something else, or is kept elsewhere."""
        described = json.loads(json.dumps(described))
        there = self._study.user_attrs
        id_file = self.folder / ID
        own = id_file.read_text().strip() if id_file.exists() else ""
        if "described" not in there:
            if any(path.is_dir() for path in (self.folder / TRIALS).iterdir()):
                raise ValueError(
                    f"{self.folder / TRIALS} holds trials of another study than"
                    f" {self.name!r} in {self.place}; name another --workdir"
                )
            own = uuid.uuid4().hex
            with atomic_write(id_file) as scratch:
                scratch.write_text(own + "\n")
            self._study.set_user_attr("folder", str(self.folder.absolute()))
            self._study.set_user_attr("folder_id", own)
            self._study.set_user_attr("described", described)
            return
        if there["described"] != described:
            raise ValueError(
                f"the study {self.name!r} in {self.place} is of another space:"
                f" {_difference(there['described'], described)}; name another --study"
                " or --workdir"
            )
        if there["folder_id"] != own:
            raise ValueError(
                f"the study {self.name!r} in {self.place} keeps its trials in"
                f" {there['folder']}; expected that as --workdir, on a disk that all"
                " machines see"
            )

    def _rows(self):
        """Return the trials of the database, in the order of their numbers."""
        return self._study.get_trials(deepcopy=False)

    def workdir(self, number: int) -> pathlib.Path:
        """Return the workdir of a trial."""
        return self.folder / TRIALS / f"{number:03d}"

    def take(self) -> Iterator[Any]:
        """Yield each trial that is neither done nor run by another process.

        While it is used, other processes leave it alone.

        Yields:
            `optuna.Trial`, whose state is "running"; `tell` ends it.
        """
        for number in range(self.count):
            if self._is_done(number):
                continue
            # The trial's workdir has a lock of its own, which its training holds.
            with _held(self.folder / TRIALS / f"{number:03d}.lock") as is_held:
                if is_held and not self._is_done(number):
                    yield self._start(number)

    def _is_done(self, number):
        with errors_naming(self.place, passing=()):
            return self._rows()[number].state.is_finished()

    def _start(self, number):
        """Return a trial that no other process runs."""
        storage, trials = self._storage, self._optuna.trial
        with errors_naming(self.place, passing=()):
            study_id = storage.get_study_id_from_name(self.name)
            trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, number)
            # Of a trial that was killed this changes nothing: it is running already.
            storage.set_trial_state_values(trial_id, trials.TrialState.RUNNING)
            # A process that goes on must not draw what the one before it drew.
            self._study.sampler = self._optuna.samplers.TPESampler(
                seed=number, constant_liar=True
            )
            return trials.Trial(self._study, trial_id)

    def tell(
        self,
        trial: Any,
        score: float | None = None,
        pruned: bool = False,
        **attributes: Any,
    ) -> None:
        """End a trial.

        Args:
            trial: `optuna.Trial`.
            score: Float, validation score; None for a trial that failed.
            pruned: Boolean, whether it was given up.
            **attributes: What is remembered of it: `epoch`, or the `reason` of failing.
        """
        states = self._optuna.trial.TrialState
        state = states.PRUNED if pruned else states.COMPLETE
        if score is None:
            state = states.FAIL
        with errors_naming(self.place, passing=()):
            for key, value in attributes.items():
                trial.set_user_attr(key, value)
            values = score if state == states.COMPLETE else None
            self._study.tell(trial, values, state=state)

    def trials(self) -> list[Trial]:
        """Return the trials, in the order of their numbers."""
        with errors_naming(self.place, passing=()):
            return [_trial(row) for row in self._rows()[: self.count]]


def _trial(row):
    curve = [row.intermediate_values[i] for i in sorted(row.intermediate_values)]
    values = {}
    for key, value in row.params.items():
        values[key] = json.loads(value) if isinstance(value, str) else value
    name = {"FAIL": "failed"}.get(row.state.name, row.state.name.lower())
    score = row.value
    if name == "pruned" and curve:
        score = max(curve)
    return Trial(
        number=row.number,
        state=name,
        values=values,
        score=score,
        epoch=row.user_attrs.get("epoch"),
        curve=curve,
        reason=str(row.user_attrs.get("reason", "")),
    )


@contextlib.contextmanager
def _held(path):
    """Lock a file for the block, unless another process does; tell which."""
    file = open_locked(path)
    if file is None:
        yield False
        return
    with file:
        try:
            yield True
        finally:
            path.unlink(missing_ok=True)


def _without_password(address):
    from sqlalchemy import engine, exc

    try:
        return engine.make_url(address).render_as_string(hide_password=True)
    except exc.ArgumentError:
        raise ValueError(
            "--storage: expected an address such as sqlite:///study.db or"
            " postgresql://user:password@host/studies"
        ) from None


def _difference(there, here):
    """Return the parts that differ, each with what is there and what is here."""
    parts = []
    for key in sorted({*there, *here}):
        if there.get(key) != here.get(key):
            parts.append(f"{key} (there {there.get(key)}, here {here.get(key)})")
    return ", ".join(parts)

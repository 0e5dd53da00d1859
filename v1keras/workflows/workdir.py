"""The folder of one training.

    config.json   the configuration, every key
    commit.txt    commit of the checkout that the training started from
    checkpoints/  one file per member, from which an interrupted training resumes
    tensorboard/  event files
    preset/       the trained model, as `v1keras.zoo.load` takes it
    metrics.json  scores of groups of neurons;  neurons.csv  scores of each neuron
    report.html   the scores with figures
    unfinished/   all of these, of a training that is to replace the one there

Files of another training are never overwritten unless the user asks for it, and then
once the new one has ended.
"""

import json
import os
import pathlib
from typing import Any

from v1keras.former_keys import renamed
from v1keras.io.atomic import atomic_write, move_files, remove_folder
from v1keras.io.output import check_outputs
from v1keras.io.scratch import sweep
from v1keras.workflows import provenance

CONFIG = "config.json"
COMMIT = "commit.txt"
CHECKPOINTS = "checkpoints"
TENSORBOARD = "tensorboard"
PRESET = "preset"
REPORT = "report.html"
METRICS = "metrics.json"
NEURONS = "neurons.csv"
UNFINISHED = "unfinished"
_FILES = (CONFIG, COMMIT, REPORT, METRICS, NEURONS)
_ALL = (*_FILES, CHECKPOINTS, TENSORBOARD, PRESET, UNFINISHED)


def prepare_workdir(
    workdir: str | os.PathLike[str],
    config: dict[str, Any],
    resume: bool = False,
    overwrite: bool = False,
) -> pathlib.Path:
    """Make a workdir ready for a run and write its configuration there.

    Args:
        workdir: Folder of the run, made if it is missing.
        config: Dict, the resolved configuration.
        resume: Boolean, whether to resume the run that is there; it must have this very
            configuration.
        overwrite: Boolean, whether to replace the run that is there, by `finish_run`.
            Files that belong to no run stay.

    Returns:
        `pathlib.Path` of the folder to write the run to: `run_folder(workdir)`.

    Raises:
        ValueError: The folder holds another run; says what to do.
        OSError: The folder can't be written.

    Example:

    >>> import tempfile
    >>> folder = prepare_workdir(tempfile.mkdtemp() + "/run", {"seed": 0})
    >>> sorted(path.name for path in folder.iterdir())
    ['commit.txt', 'config.json']
    """
    workdir = pathlib.Path(workdir)
    if resume and overwrite:
        raise ValueError("--resume and --overwrite exclude each other")
    text = json.dumps(config, indent=1, sort_keys=True) + "\n"
    check_outputs(workdir, _FILES)
    sweep(workdir)
    has_run = any((workdir / name).exists() for name in _ALL)
    if has_run and overwrite:
        remove_folder(workdir / UNFINISHED)
        for name in (CHECKPOINTS, TENSORBOARD):  # that they replace others even empty
            (workdir / UNFINISHED / name).mkdir(parents=True)
    elif has_run and not resume:
        raise ValueError(
            f"{workdir} holds a run already; take another --workdir, --resume to go on"
            " with it or --overwrite to replace it"
        )
    run = run_folder(workdir)
    _check_same_config(run, text)
    with atomic_write(run / CONFIG) as scratch:
        scratch.write_text(text)
    if not has_run or overwrite:
        with atomic_write(run / COMMIT) as scratch:
            scratch.write_text((provenance.commit() or "no checkout") + "\n")
    return run


def run_folder(workdir: pathlib.Path) -> pathlib.Path:
    """Return the folder that a training writes to until it ends.

    Args:
        workdir: Path of the workdir.

    Example:

    >>> import tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> run_folder(prepare_workdir(folder, {"seed": 0})) == folder
    True
    >>> prepare_workdir(folder, {"seed": 1}, overwrite=True).name
    'unfinished'
    """
    unfinished = workdir / UNFINISHED
    return unfinished if unfinished.is_dir() else workdir


def finish_run(workdir: pathlib.Path) -> None:
    """Replace the run in a workdir by the one that was to replace it, if any.

    Args:
        workdir: Path of the workdir.
    """
    run = run_folder(workdir)
    if run != workdir:
        move_files(run, workdir)


def commit_of(workdir: str | os.PathLike[str]) -> str | None:
    """Return the commit that the training in a workdir started from.

    Returns:
        String, or None if it was not recorded.

    Example:

    >>> import tempfile
    >>> commit_of(tempfile.mkdtemp()) is None
    True
    """
    path = pathlib.Path(workdir) / COMMIT
    return path.read_text().strip() if path.exists() else None


def _check_same_config(workdir, text):
    """Refuse to resume a run that has another configuration."""
    path = workdir / CONFIG
    if not path.exists() or path.read_bytes() == text.encode():
        return
    try:
        theirs = flatten(renamed(dict(json.loads(path.read_text("utf-8")))))
        if not theirs:
            raise ValueError("no configuration")
    except Exception:  # of JSON that is none, or of something else
        raise ValueError(
            f"{path} is damaged: remove it, and --resume goes on from the checkpoints"
            " with the configuration given now; --overwrite starts again"
        ) from None
    ours = flatten(json.loads(text))
    if theirs == ours:
        return
    differences = [
        f"{key} (there {theirs.get(key)}, here {ours.get(key)})"
        for key in sorted(theirs.keys() | ours.keys())
        if theirs.get(key) != ours.get(key)
    ]
    raise ValueError(
        f"--resume: the run in {workdir} has another configuration:"
        f" {', '.join(differences)}"
    )


def flatten(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the leaves of nested dicts by their dotted keys."""
    leaves: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict):
            leaves |= flatten(value, f"{prefix}{key}.")
        else:
            leaves[prefix + key] = value
    return leaves

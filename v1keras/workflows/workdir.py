"""The folder of one training: what lies where, and whose it is. In it are:

    config.json   the configuration, every key
    commit.txt    of the checkout that the training began with
    checkpoints/  a file a member, from which an interrupted training goes on
    tensorboard/  event files
    preset/       the trained model, as `v1keras.zoo.load` takes it
    metrics.json  scores of groups of neurons;  neurons.csv  of each neuron
    report.html   the same with figures

What stands in another training's folder is never overwritten unless asked for.
"""

import json
import pathlib
import shutil

from v1keras.former_keys import renamed
from v1keras.io.atomic import atomic_write
from v1keras.workflows import provenance

CONFIG, COMMIT, CHECKPOINTS, TENSORBOARD, PRESET, REPORT = (
    "config.json",
    "commit.txt",
    "checkpoints",
    "tensorboard",
    "preset",
    "report.html",
)
_ALL = (
    CONFIG,
    COMMIT,
    CHECKPOINTS,
    TENSORBOARD,
    PRESET,
    "metrics.json",
    "neurons.csv",
    REPORT,
)


def claim(workdir, config, resume=False, overwrite=False):
    """Makes a workdir ready for a run and writes its configuration there.

    Args:
        workdir: the folder; made where it is missing.
        config: dict of the resolved configuration.
        resume: go on with the run that is there, which must have this very
            configuration.
        overwrite: remove the run that is there. Files that are not of a run stay.

    Returns:
        The folder as `pathlib.Path`.

    Raises:
        ValueError: the folder holds another run; says what to do.
        OSError: the folder can't be written.

    Example:

    >>> import tempfile
    >>> sorted(
    ...     path.name
    ...     for path in claim(tempfile.mkdtemp() + "/run", {"seed": 0}).iterdir()
    ... )
    ['commit.txt', 'config.json']
    """
    workdir = pathlib.Path(workdir)
    if resume and overwrite:
        raise ValueError("--resume and --overwrite exclude each other")
    text = json.dumps(config, indent=1, sort_keys=True) + "\n"
    path = workdir / CONFIG
    held = any((workdir / name).exists() for name in _ALL)
    if held and overwrite:
        for name in _ALL:
            (
                shutil.rmtree(workdir / name)
                if (workdir / name).is_dir()
                else (workdir / name).unlink(missing_ok=True)
            )
    elif held and not resume:
        raise ValueError(
            f"{workdir} holds a run already; take another --workdir, --resume to go on"
            " with it or --overwrite to replace it"
        )
    elif path.exists():
        try:
            theirs = _flat(renamed(json.loads(path.read_text())))
        except ValueError:
            raise ValueError(
                f"{path} is no JSON: it is cut off or was changed; --overwrite starts"
                " anew"
            ) from None
        ours = _flat(json.loads(text))
        differing = []
        for key in sorted(theirs.keys() | ours.keys()):
            there, here = theirs.get(key), ours.get(key)
            if there != here:
                differing.append(f"{key} (there {there}, here {here})")
        if differing:
            raise ValueError(
                f"--resume: the run in {workdir} has another configuration:"
                f" {', '.join(differing)}"
            )
    with atomic_write(path) as beside:
        beside.write_text(text)
    if not held or overwrite:
        with atomic_write(workdir / COMMIT) as beside:
            beside.write_text((provenance.commit() or "no checkout") + "\n")
    return workdir


def commit_of(workdir):
    """The commit that the training in a workdir began with; None where it was not
    recorded.

    Example:

    >>> import tempfile
    >>> commit_of(tempfile.mkdtemp()) is None
    True
    """
    path = pathlib.Path(workdir) / COMMIT
    return path.read_text().strip() if path.exists() else None


def _flat(config, prefix=""):
    found = {}
    for key, value in config.items():
        found |= (
            _flat(value, f"{prefix}{key}.")
            if isinstance(value, dict)
            else {prefix + key: value}
        )
    return found

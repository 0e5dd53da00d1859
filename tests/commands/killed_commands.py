"""Commands that are killed at random moments; what they write is read afterwards.

A set of files is read as it lies there, unless it is marked as unfinished; then once
more after what any reader of v1keras does first.

`python tests/commands/killed_commands.py FOLDER KILLS [SEED]` prints the counts.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import sys
import time
import traceback

# What the commands use, imported once; see tests/forks.py.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py  # noqa: E402, F401
import keras  # noqa: E402, F401
import matplotlib.pyplot  # noqa: E402, F401
import ml_collections.config_flags  # noqa: E402, F401
import scipy.optimize  # noqa: E402, F401
import tensorflow_probability  # noqa: E402, F401
from written_cases import cases, pack, prepare, train  # noqa: E402


def forked(work, after=None):
    """Call `work` in a fork, killed after so many seconds.

    Returns (seconds, exit status or minus the signal).
    """
    started = time.monotonic()
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else bool(ended.code)
        except BaseException:
            traceback.print_exc()
        os._exit(status)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return time.monotonic() - started, os.waitstatus_to_exitcode(status)
        if after is not None and time.monotonic() - started > after:
            os.kill(child, signal.SIGKILL)
            after = None
        time.sleep(0.002)


def read(reader, folder):
    """Return what a reader finds in a process of its own; None where nothing is."""

    def work():
        result = reader(folder / "target") if (folder / "target").exists() else None
        (folder / "read.json").write_text(json.dumps(result))

    (folder / "read.json").unlink(missing_ok=True)
    _, status = forked(work)
    assert status == 0, f"{folder}: can't be read"
    return json.loads((folder / "read.json").read_text())


def copy(source, target):
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for entry in source.glob("target*"):
        if entry.is_dir():
            shutil.copytree(entry, target / entry.name)
        else:
            shutil.copy(entry, target / entry.name)


def kill(name, base, kills, rng):
    """Kill a command some times; return how often, and how often old and new stay."""
    (write_old, write_new), reader = cases(base)[name]
    old, new, folder = (base / f"{name}_{kind}" for kind in ("old", "new", "killed"))
    old.mkdir()
    if write_old:
        assert forked(lambda: write_old(folder=old))[1] == 0, f"{old}/log.txt"
    copy(old, new)
    seconds, status = forked(lambda: write_new(folder=new))
    assert status == 0, f"{new}/log.txt"
    expected = {"old": read(reader, old), "new": read(reader, new)}
    assert expected["old"] != expected["new"]
    counts = {"killed": 0, "old": 0, "new": 0, "left over": 0}
    tries = 0
    while counts["killed"] < kills and tries < 20 * kills:
        tries += 1
        copy(old, folder)
        after = seconds * rng.uniform(0.05, 1.0)
        took, status = forked(lambda: write_new(folder=folder), after)
        if not status:  # the machine has less to do than it had
            seconds = min(seconds, took)
        content = read(reader, folder)
        assert content in expected.values(), f"{folder}: {content}, {expected}"
        counts["killed"] += status == -signal.SIGKILL
        counts["new" if content == expected["new"] else "old"] += 1
        left = [path for path in folder.rglob(".v1keras*") if path.name[-5:] != "-lock"]
        counts["left over"] += bool(left)
        # The same command again does what it was to do, and leaves nothing else.
        if tries > 2 or name == "shard" and content is not None:
            continue
        assert forked(lambda: write_new(folder=folder))[1] == 0, f"{folder}/log.txt"
        assert read(reader, folder) == expected["new"]
        assert not list(folder.rglob(".v1keras*")), list(folder.rglob(".v1keras*"))
    return counts


def main(folder, kills, seed=0):
    base, rng = pathlib.Path(folder), random.Random(int(seed))
    works = [lambda: prepare(base), lambda: train(base, "workdir", 0)]
    works += [lambda: train(base, "other", 1), lambda: pack(base)]
    for work in works:
        assert forked(work)[1] == 0, f"{base}/log.txt"
    names = list(cases(base))
    share = [int(kills) // len(names)] * len(names)
    for i in rng.sample(range(len(names)), int(kills) % len(names)):
        share[i] += 1
    totals = {}
    for name, times in zip(names, share, strict=True):
        counts = kill(name, base, times, rng) if times else {}
        print(name, counts, file=sys.stderr, flush=True)
        totals |= {key: totals.get(key, 0) + counts[key] for key in counts}
    print(json.dumps(totals))


if __name__ == "__main__":
    main(*sys.argv[1:])

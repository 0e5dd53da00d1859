"""Commands that are killed at random moments; what they write is read afterwards.

`python tests/commands/killed_commands.py FOLDER KILLS [SEED]` prints the counts.
"""

import functools
import json
import os
import pathlib
import random
import runpy
import shutil
import signal
import sys
import time
import traceback

# What the commands use, imported once; see tests/forks.py.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py  # noqa: E402
import matplotlib.pyplot  # noqa: E402, F401
import ml_collections.config_flags  # noqa: E402, F401
import scipy.optimize  # noqa: E402, F401
import tensorflow_probability  # noqa: E402, F401

SIMULATE = ["--train_images=80", "--test_images=20", "--neurons_per_kind=1"]
SIMULATE += ["--image_size=16"]


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


def command(words, folder):
    """Go on as a command does that is started in a folder."""
    os.chdir(folder)
    log = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    sys.argv = [f"v1keras.{words[0]}", *map(str, words[1:])]
    sys.orig_argv = [sys.executable, "-m", *sys.argv]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def write_preset(workdir, measured_by, folder):
    from v1keras import zoo

    metadata = zoo.info(workdir) | {"measured_by": measured_by}
    zoo.save(zoo.load(workdir), folder / "target", metadata)


def scores(folder):
    """The content of a set of results, read as a user does; refuses half of one."""
    metrics = json.loads((folder / "metrics.json").read_text())
    rows = (folder / "neurons.csv").read_text().splitlines()
    mean = metrics["groups"]["reported"]["correlation"]["mean"]
    page = (folder / "report.html").read_text()
    assert page.endswith("</html>\n")
    assert f"{mean:.3f}" in page and len(rows) == 5, "results of two runs"
    return mean


def read_workdir(folder):
    from v1keras import zoo
    from v1keras.io.scratch import sweep

    sweep(folder)  # as the next command that writes there
    zoo.load(folder, check=True)
    mean = scores(folder)
    stated = zoo.info(folder)["scores"][0]["correlation"]
    assert abs(stated - mean) < 1e-3, "a preset of another run"
    config = json.loads((folder / "config.json").read_text())
    assert zoo.info(folder)["config"] == config, "a configuration of another run"
    return config["seed"]


def read_scores(folder):
    from v1keras.io.scratch import sweep

    sweep(folder)
    return scores(folder)


def read_stimuli(folder):
    from v1keras.io.scratch import sweep

    sweep(folder)
    with h5py.File(folder / "stimuli.h5") as file:
        seed, rates = int(file.attrs["seed"]), file["rates"][...]
    rows = (folder / "cells.csv").read_text().splitlines()
    assert len(rows) == 1 + len(rates)
    rate = float(rows[1].split(",")[rows[0].split(",").index("rate")])
    assert abs(rate - rates[0]) < 1e-3 * abs(rate), "cells of another run"
    for name in ("gallery.png", "tuning.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    assert list((folder / "tensorboard").iterdir())
    return seed


def read_split(path):
    import v1keras

    return v1keras.load_recording(path).split.tolist()


def read_recording(path):
    import v1keras

    recording = v1keras.load_recording(path)
    return float(recording.images.astype(float).sum())


def read_page(path):
    text = path.read_text()
    assert text.endswith("</html>\n")
    return len(text)


def read_preset(folder):
    from v1keras import zoo
    from v1keras.io.replace import whole_folder

    whole = whole_folder(folder)
    zoo.load(whole, check=True)
    return zoo.info(whole)["measured_by"]


def cases(base):
    """(name, what writes `target`, the same otherwise, reader), a case per command."""
    recording, workdir = base / "tiny.h5", base / "workdir"
    config = ["--config=tiny", f"--config.data.recording={recording}", "--quiet"]
    model = [f"--model={workdir}"]
    train = ["train", *config, "--workdir=target", "--overwrite"]
    evaluate = ["evaluate", *model, "--out=target"]
    invert = ["invert", *model, "--neurons=0,1", "--steps=3", "--out=target"]
    simulate = ["data", "simulate", *SIMULATE, "--out=target"]
    split = ["data", "split", recording, "--protocol=paper", "--out=target"]
    responses = f"--responses={base / 'responses.npy'}"
    images = [f"--images={base / name}" for name in ("images.npy", "others.npy")]
    convert = ["data", "convert", "arrays", responses, "--out=target"]
    plot = ["data", "plot", "--out=target"]
    shard = ["data", "shard", recording, "--out=target"]

    def commands(words, one, other):
        return [functools.partial(command, [*words, more]) for more in (one, other)]

    presets = [functools.partial(write_preset, workdir, name) for name in ("a", "b")]
    return {
        "train": (commands(train, "--config.seed=0", "--config.seed=1"), read_workdir),
        "evaluate": (commands(evaluate, "--split=test", "--split=train"), read_scores),
        "invert": (commands(invert, "--seed=0", "--seed=1"), read_stimuli),
        "simulate": (commands(simulate, "--seed=0", "--seed=1"), read_recording),
        "split": (commands(split, "--seed=0", "--seed=1"), read_split),
        "convert": (commands(convert, *images), read_recording),
        "plot": (commands(plot, recording, base / "other.h5"), read_page),
        "shard": ([None, functools.partial(command, shard)], read_recording),
        "preset": (presets, read_preset),
    }


def prepare(base):
    """Write what the commands read."""
    import numpy as np

    import v1keras

    size = {"neurons_per_kind": 1, "image_size": 16}
    for seed, name in enumerate(("tiny.h5", "other.h5")):
        v1keras.simulate_recording(80, 20, **size, seed=seed).save(base / name)
    rng = np.random.default_rng(0)
    np.save(base / "responses.npy", rng.poisson(2.0, (300, 3)).astype(float))
    for name in ("images.npy", "others.npy"):
        np.save(base / name, rng.integers(0, 255, (300, 16, 16), "uint8"))
    workdir = ["--config=tiny", f"--config.data.recording={base / 'tiny.h5'}"]
    command(["train", *workdir, "--workdir=workdir", "--quiet"], base)


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
    for _ in range(kills):
        copy(old, folder)
        after = seconds * rng.uniform(0.05, 1.0)
        status = forked(lambda: write_new(folder=folder), after)[1]
        content = read(reader, folder)
        assert content in expected.values(), f"{folder}: {content}, {expected}"
        counts["killed"] += status == -signal.SIGKILL
        counts["new" if content == expected["new"] else "old"] += 1
        left = [path for path in folder.rglob(".v1keras*") if path.name[-5:] != "-lock"]
        counts["left over"] += bool(left)
        # The same command again does what it was to do, and leaves nothing else.
        if name == "shard" and content is not None:
            continue
        assert forked(lambda: write_new(folder=folder))[1] == 0, f"{folder}/log.txt"
        assert read(reader, folder) == expected["new"]
        assert not list(folder.rglob(".v1keras*")), list(folder.rglob(".v1keras*"))
    return counts


def main(folder, kills, seed=0):
    base, rng = pathlib.Path(folder), random.Random(int(seed))
    status = forked(lambda: prepare(base))[1]
    assert status == 0, f"{base}/log.txt"
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

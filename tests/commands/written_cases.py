"""Commands that write, and readers of what they write, for `killed_commands.py`."""

import functools
import hashlib
import json
import os
import pathlib
import runpy
import shutil
import sys
import zipfile

import h5py
import numpy as np

sys.path.append(str(pathlib.Path(__file__).parents[1] / "data"))

import nwb_files  # noqa: E402

SIMULATE = ["--train_images=80", "--test_images=20", "--neurons_per_kind=1"]
SIMULATE += ["--image_size=16"]


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


def as_it_lies(read):
    """Read a set of files before and after it is completed, if it is marked."""

    def before_and_after(folder):
        from v1keras.io.replace import MARK
        from v1keras.io.scratch import settle

        marked = (folder / MARK).exists()
        content = None if marked else read(folder)
        settle(folder)
        assert not (folder / MARK).exists()
        completed = read(folder)
        assert marked or content == completed, "a move began before the mark"
        return completed

    return before_and_after


def scores(folder):
    """The content of a set of results, read as a user does; refuses half of one."""
    metrics = json.loads((folder / "metrics.json").read_text())
    rows = (folder / "neurons.csv").read_text().splitlines()
    mean = metrics["groups"]["reported"]["correlation"]["mean"]
    page = (folder / "report.html").read_text()
    assert page.endswith("</html>\n")
    assert f"{mean:.2f}" in page and len(rows) == 5, "results of two runs"
    return mean


def read_workdir(folder):
    from v1keras import zoo

    zoo.load(folder, check=True)
    mean = scores(folder)
    stated = zoo.info(folder)["scores"][0]["correlation"]
    assert abs(stated - mean) < 1e-3, "a preset of another run"
    config = json.loads((folder / "config.json").read_text())
    assert zoo.info(folder)["config"] == config, "a configuration of another run"
    return config["seed"]


def read_stimuli(folder):
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
    digest = hashlib.sha256(np.asarray(recording.images).tobytes())
    digest.update(np.asarray(recording.responses).tobytes())
    return digest.hexdigest()


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


def in_zoo(words, folder):
    """Go on as a command of the zoo, whose presets are in a folder `target`."""
    from v1keras.workflows import provenance
    from v1keras.zoo import catalog

    shelf = folder / "target"
    shelf.mkdir(exist_ok=True)
    (shelf / "remote.json").write_text("{}")
    catalog.zoo_folder = lambda: shelf
    provenance.check_committed = lambda path: None  # that of a checkout alone
    command(["zoo", *words], folder)


def read_zoo(folder):
    from v1keras import zoo
    from v1keras.zoo import catalog

    catalog.zoo_folder = lambda: folder
    if not zoo.names():
        return None
    zoo.load("tiny_factorized", check=True)
    assert (folder / "README.md").read_text() == zoo.table()
    return zoo.info("tiny_factorized")["config"]["seed"]


def copy_preset(folder):
    shutil.copytree(folder.parent / "workdir" / "preset", folder / "target")


def measure_latency(folder):
    command(["zoo", "time", folder / "target"], folder)


def read_latency(folder):
    from v1keras import zoo

    zoo.load(folder, check=True)
    return "latency" in zoo.info(folder)


def fetch(address, folder):
    os.environ["XDG_CACHE_HOME"] = str(folder / "target")
    command(["zoo", "show", address], folder)


def read_cache(address, folder):
    """Whether the preset is there; half of one is seen, and replaced."""
    import warnings

    from v1keras import zoo

    unpacked = list(folder.glob("v1keras/zoo/*/metadata.json"))
    for path in unpacked:
        zoo.load(path.parent, check=True)
    os.environ["XDG_CACHE_HOME"] = str(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of a file that was changed
        zoo.load(address, check=True)
    return len(unpacked) or None


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

    join = ["data", "join", "--out=target"]
    nwb = ["data", "convert", "nwb", "--out=target"]
    packed = base / "preset.zip"
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    address = f"{packed.as_uri()}#sha256={digest}"
    workdirs = [workdir, base / "other"]
    doubled = [base / name for name in ("doubled.h5", "doubled_2.h5")]
    sessions = [base / name for name in ("monday.nwb", "tuesday.nwb")]
    add = [["add", path, "--name=tiny_factorized"] for path in workdirs]
    presets = [functools.partial(write_preset, workdir, name) for name in ("a", "b")]
    return {
        "train": (
            commands(train, "--config.seed=0", "--config.seed=1"),
            as_it_lies(read_workdir),
        ),
        "evaluate": (
            commands(evaluate, "--split=test", "--split=train"),
            as_it_lies(scores),
        ),
        "invert": (
            commands(invert, "--seed=0", "--seed=1"),
            as_it_lies(read_stimuli),
        ),
        "simulate": (commands(simulate, "--seed=0", "--seed=1"), read_recording),
        "split": (commands(split, "--seed=0", "--seed=1"), read_split),
        "convert": (commands(convert, *images), read_recording),
        "plot": (commands(plot, recording, base / "other.h5"), read_page),
        "shard": ([None, functools.partial(command, shard)], read_recording),
        "join": (commands(join, *doubled), read_recording),
        "nwb": (commands(nwb, *sessions), read_recording),
        "preset": (presets, read_preset),
        "add": (
            [functools.partial(in_zoo, words) for words in add],
            as_it_lies(read_zoo),
        ),
        "time": ([copy_preset, measure_latency], read_latency),
        "fetch": (
            [None, functools.partial(fetch, address)],
            functools.partial(read_cache, address),
        ),
    }


def prepare(base):
    """Write what the commands read."""
    import v1keras

    size = {"neurons_per_kind": 1, "image_size": 16}
    for seed, name in enumerate(("tiny.h5", "other.h5")):
        v1keras.simulate_recording(80, 20, **size, seed=seed).save(base / name)
    rng = np.random.default_rng(0)
    np.save(base / "responses.npy", rng.poisson(2.0, (300, 3)).astype(float))
    for name in ("images.npy", "others.npy"):
        np.save(base / name, rng.integers(0, 255, (300, 16, 16), "uint8"))
    for seed, name in enumerate(("doubled.h5", "doubled_2.h5")):
        shown = rng.integers(0, 255, (40, 16, 16), "uint8")[np.arange(80) % 40]
        recording = v1keras.Recording(shown, rng.poisson(2.0, (80, 3)).astype("f4"))
        recording.save(base / name)
    nwb_files.allen(base / "monday.nwb")
    nwb_files.allen(base / "tuesday.nwb", frames=np.tile([3, 1, 0, 2], 5))


def train(base, name, seed):
    config = ["--config=tiny", f"--config.data.recording={base / 'tiny.h5'}"]
    config.append(f"--config.seed={seed}")
    command(["train", *config, f"--workdir={name}", "--quiet"], base)


def pack(base):
    with zipfile.ZipFile(base / "preset.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (base / "workdir" / "preset").iterdir():
            archive.write(path, f"tiny/{path.name}")

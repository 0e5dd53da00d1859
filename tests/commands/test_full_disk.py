"""Every command that writes, on a disk that is full or fills up meanwhile."""

import contextlib
import shutil
import subprocess

import numpy as np
import pytest
import written_cases
from test_wrong_uses import contents

from v1keras.io.atomic import sha256

# Kilobytes that are free: nothing at all, some of the results, most of them.
FREE = [0, 8, 40]


@pytest.fixture
def disk(tmp_path):
    """A disk of a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", place]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("needs mount")
    if done.returncode:
        pytest.skip(f"needs the right to mount a disk: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk, free):
    """Leave so many kilobytes."""
    left = shutil.disk_usage(disk).free - 1024 * free
    with contextlib.suppress(OSError):
        (disk / "others").write_bytes(bytes(max(0, left)))


def lines(tiny, folder):
    """The commands that write, each with what it writes."""
    np.save(folder / "images.npy", np.random.default_rng(0).random((300, 16, 16)))
    np.save(folder / "responses.npy", np.random.default_rng(1).random((300, 3)))
    arrays = [f"--{name}={folder / name}.npy" for name in ("images", "responses")]
    model = f"--model={tiny.workdir}"
    simulate = ["--train_images=300", "--test_images=20", "--neurons_per_kind=1"]
    return {
        "simulate": ["data", "simulate", *simulate, "--image_size=16"],
        "convert": ["data", "convert", "arrays", *arrays],
        "split": ["data", "split", tiny.recording, "--protocol=paper"],
        "plot": ["data", "plot", tiny.recording],
        "shard": ["data", "shard", tiny.recording],
        "evaluate": ["evaluate", model],
        "invert": ["invert", model, "--neurons=0", "--steps=3"],
        "train": ["train", *tiny.config, "--quiet"],
    }


QUICK = ["simulate"]
SLOW = ["convert", "split", "plot", "shard", "evaluate", "invert", "train"]
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in SLOW]


@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_one_line_names_the_place_and_nothing_is_half_written(
    tiny, command, disk, tmp_path, name
):
    line = lines(tiny, tmp_path)[name]
    target = disk / "out"
    flag = "workdir" if name == "train" else "out"
    for free in FREE:
        fill(disk, free)
        before = contents(disk)
        done = command(*line, f"--{flag}={target}")
        *warned, error = done.stderr.splitlines()
        assert done.returncode == 1, (free, done)
        assert error.startswith("error: ") and str(disk) in error, error
        assert "No space left on device" in error, error
        assert all(text.startswith("warning: ") for text in warned), done.stderr
        if name in ("train", "invert"):  # a run that --resume would go on with
            for path in disk.iterdir():
                if path.name != "others":
                    shutil.rmtree(path)
        assert contents(disk) == before
        (disk / "others").unlink()


@pytest.mark.slow
def test_the_same_of_joined_sessions_nwb_files_and_fetched_presets(
    tiny, command, disk, tmp_path
):
    written_cases.prepare(tmp_path)
    (tmp_path / "workdir").symlink_to(tiny.workdir)
    written_cases.pack(tmp_path)
    packed = tmp_path / "preset.zip"
    digest = sha256(packed)
    out = f"--out={disk / 'out.h5'}"
    cases = [
        (["data", "join", tmp_path / "doubled.h5", out], {}),
        (["data", "convert", "nwb", tmp_path / "monday.nwb", out], {}),
        (
            ["zoo", "show", f"{packed.as_uri()}#sha256={digest}"],
            {"XDG_CACHE_HOME": str(disk / "cache")},
        ),
    ]
    for words, variables in cases:
        for free in (0, 8):
            fill(disk, free)
            before = contents(disk)
            done = command(*words, variables=variables)
            error = done.stderr.splitlines()[-1]
            assert done.returncode == 1, (words, free, done)
            assert error.startswith("error: ") and str(disk) in error, error
            assert "No space left on device" in error, error
            for path in (disk / "cache").rglob("*.*"):  # a download is gone on with
                assert path.suffix == ".part" or sha256(path) == digest, path
            shutil.rmtree(disk / "cache", ignore_errors=True)
            assert contents(disk) == before
            (disk / "others").unlink()

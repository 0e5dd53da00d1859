"""What a power cut leaves: contents are on the disk before they get their name."""

import os
import pathlib

import numpy as np
import pytest

from v1keras import zoo
from v1keras.io import replace
from v1keras.io.atomic import atomic_folder, sha256
from v1keras.io.download import download
from v1keras.training import Checkpoints


def identity(state):
    return state.st_dev, state.st_ino


class Disk:
    """Records, in order, what is flushed, with its size then, and what is renamed."""

    def __init__(self, monkeypatch):
        self.calls = []
        self._fsync, self._replace = os.fsync, os.replace
        self._exchange = replace._exchange
        monkeypatch.setattr(os, "fsync", self.fsync)
        monkeypatch.setattr(os, "replace", self.replace)
        monkeypatch.setattr(replace, "_exchange", self.exchange)

    def fsync(self, handle):
        state = os.fstat(handle)
        self.calls.append(("fsync", identity(state), state.st_size))
        self._fsync(handle)

    def replace(self, source, target):
        self.calls.append(("replace", identity(os.stat(source)), str(target)))
        self._replace(source, target)

    def exchange(self, one, other):
        self.calls.append(("replace", identity(os.stat(one)), str(other)))
        return self._exchange(one, other)

    def check(self, path):
        """`path` was renamed once; all of it was flushed before, its folder after."""
        path = pathlib.Path(path)
        state = identity(path.stat())
        renamed = self.calls.index(("replace", state, str(path)))
        for part in (path, *path.rglob("*")):
            flushed = ("fsync", identity(part.stat()), part.stat().st_size)
            assert flushed in self.calls[:renamed], part
        self.check_names(path.parent, renamed)

    def check_names(self, folder, after):
        later = [call[1] for call in self.calls[after:] if call[0] == "fsync"]
        assert identity(pathlib.Path(folder).stat()) in later, folder


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def test_a_checkpoint(disk, tmp_path):
    checkpoints = Checkpoints(tmp_path / "run" / "checkpoints")
    checkpoints.save(7, {"model": [np.ones(1000)]}, {"epoch": 1})
    (path,) = (tmp_path / "run" / "checkpoints").iterdir()
    disk.check(path)
    # The folders that were made for it have a name on the disk, too.
    for folder in (tmp_path, tmp_path / "run"):
        disk.check_names(folder, 0)


def test_a_preset_and_another_in_its_place(disk, tmp_path):
    model, facts = zoo.load("simulated_factorized"), zoo.info("simulated_factorized")
    folder = tmp_path / "preset"
    for _ in range(2):
        disk.calls.clear()
        zoo.save(model, folder, facts)
        assert len(list(folder.iterdir())) == 4
        disk.check(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["preset"]
    renamed = [call[2] for call in disk.calls if call[0] == "replace"]
    assert renamed == [str(folder)]


def test_a_folder_in_a_folder(disk, tmp_path):
    with atomic_folder(tmp_path / "a") as beside:
        (beside / "b" / "c").mkdir(parents=True)
        (beside / "b" / "c" / "d.txt").write_text("whole")
    disk.check(tmp_path / "a")


def test_a_download(disk, tmp_path):
    (tmp_path / "published.bin").write_bytes(bytes(5000))
    source, path = tmp_path / "published.bin", tmp_path / "kept" / "data.bin"
    download(source.as_uri(), sha256(source), path)
    disk.check(path)

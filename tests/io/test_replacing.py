"""A process that is killed leaves what was there, or what was to be there."""

import itertools
import os
import pathlib
import signal
import socket
import stat
import sys
import time

import pytest

from v1keras.io import replace, scratch
from v1keras.io.atomic import atomic_files, atomic_folder, atomic_write
from v1keras.io.lock import locked_folder
from v1keras.io.replace import whole_folder

linux = pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is Linux's")


def write_file(path, text):
    with atomic_write(path) as part:
        part.write_text(text)


def write_folder(path, text):
    with atomic_folder(path) as part:
        (part / "a").write_text(text)
        (part / "b").write_text(text)


def write_files(path, text):
    with atomic_files(path) as parts:
        (parts / "a").write_text(text)
        (parts / "folder").mkdir()
        (parts / "folder" / "b").write_text(text)


def texts(path):
    if path.is_file():
        return {path.read_text()}
    files = [file for file in path.rglob("*") if file.is_file()]
    names = {str(file.relative_to(path)): file for file in files}
    return {file.read_text() for name, file in names.items() if name[0] != "."}


def killed_at(call, work):
    """Run some work in a child that is killed before the `call`-th change of a name.

    Returns whether it came so far.
    """
    child = os.fork()
    if not child:
        numbers = itertools.count()

        def counted(function):
            def kill_or_call(*arguments, **named):
                if next(numbers) == call:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*arguments, **named)

            return kill_or_call

        for name in ("replace", "mkdir", "unlink", "rmdir"):
            setattr(os, name, counted(getattr(os, name)))
        replace._exchange = counted(replace._exchange)
        work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("write", [write_file, write_folder, write_files])
@pytest.mark.parametrize("exchange", [pytest.param(True, marks=linux), False])
def test_killed_before_each_change_of_a_name(write, exchange, tmp_path, monkeypatch):
    """Also where two folders can't be exchanged in one step."""
    if not exchange:
        monkeypatch.setattr(replace, "_renameat2", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # see test_sync.py
    for call in itertools.count():
        path = tmp_path / str(call) / "target"
        write(path, "old")
        killed = killed_at(call, lambda path=path: write(path, "new"))
        if exchange and write is not write_files:
            assert path.exists()
        if write is not write_files:
            assert texts(whole_folder(path)) in ({"old"}, {"new"}), call
        scratch.sweep(path if write is write_files else path.parent)
        assert texts(whole_folder(path)) in ({"old"}, {"new"}), call
        write(path, "newest")
        assert texts(path) == {"newest"}
        assert list(path.parent.rglob(".*")) == [], call
        if not killed:
            break
    assert call > 5


def test_a_running_process_keeps_its_scratch_folder(tmp_path):
    with atomic_write(tmp_path / "a") as part:
        part.write_text("whole")
        write_file(tmp_path / "b", "b")
        assert part.exists()
    assert texts(tmp_path) == {"whole", "b"}


def test_a_scratch_folder_without_a_lock_is_removed_when_it_is_old(tmp_path):
    left = tmp_path / f"{scratch.PREFIX}abc"
    (left / "content").mkdir(parents=True)
    write_file(tmp_path / "a", "a")
    assert left.exists()
    hours_ago = time.time() - 3 * 3600
    os.utime(left, (hours_ago, hours_ago))
    write_file(tmp_path / "a", "a")
    assert not left.exists()


def test_nothing_outside_is_moved_by_what_a_scratch_folder_says(tmp_path):
    """It may come from anyone."""
    outside = tmp_path / "outside"
    outside.write_text("mine")
    state = outside.stat()
    content = tmp_path / "folder" / f"{scratch.PREFIX}abc" / "content"
    content.mkdir(parents=True)
    (content.parent / "lock").touch()
    record = f'{{"../../../outside": [{state.st_dev}, {state.st_ino}]}}'
    (content / replace.COMPLETE).write_text(record)
    write_file(tmp_path / "folder" / "a", "a")
    assert outside.read_text() == "mine"
    assert not content.exists()


KINDS = {
    "pipe": lambda path: os.mkfifo(path),
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
    "symbolic link": lambda path: path.symlink_to(path.parent / "gone"),
    "link to a file": lambda path: path.symlink_to(__file__),
    "device": lambda path: os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("write", [write_file, write_folder, write_files])
def test_neither_pipes_nor_devices_nor_links_are_replaced(write, kind, tmp_path):
    path = pathlib.Path(os.path.relpath(tmp_path)) / "there"
    try:
        KINDS[kind](path)
    except PermissionError:
        pytest.skip("only root makes devices")
    before = path.lstat()
    link = "symbolic link" if "link" in kind else kind
    if "link" in kind and kind != "symbolic link" and write is not write_file:
        link = "file"
    with pytest.raises(ValueError, match=f"there is a {link}; expected a f.* new name"):
        write(path, "new")
    assert path.lstat().st_ino == before.st_ino
    assert [entry.name for entry in tmp_path.iterdir()] == ["there"]


def test_a_link_to_a_folder_stays_one(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    write_files(tmp_path / "link", "new")
    write_folder(tmp_path / "link", "newer")
    assert (tmp_path / "link").is_symlink()
    assert texts(tmp_path / "disk") == {"newer"}


def test_a_lock_names_who_holds_it(tmp_path):
    with locked_folder(tmp_path / "run") as folder:
        with pytest.raises(OSError) as refused, locked_folder(folder):
            pass
    assert f"run is being written to by process {os.getpid()} on " in str(refused.value)
    assert not (tmp_path / "run").exists()  # nothing was written


def test_a_lock_ends_with_its_process(tmp_path):
    def hold():
        with locked_folder(tmp_path):
            os.kill(os.getpid(), signal.SIGKILL)

    assert killed_at(10**6, hold)
    assert (tmp_path / ".v1keras-lock").exists()
    with locked_folder(tmp_path):
        write_file(tmp_path / "a", "a")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_lock_is_not_written_through_a_link(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / ".v1keras-lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="v1keras-lock"), locked_folder(tmp_path):
        pass
    assert (tmp_path / "mine").read_text() == "mine"

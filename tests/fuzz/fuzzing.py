"""A reader, and what it does with thousands of damaged files.

The files are read in a process of its own, which is started again where one of them
ends it. A format is described once, as a `Format` in a module of this folder:

    RECORDING = Format(write=..., read=...)

    def test_recordings():
        fuzzing.check("hdf5_formats", "RECORDING")

By hand, `V1KERAS_FUZZ=3000 pytest -s tests/fuzz` does more, and
`python tests/fuzz/fuzzing.py MODULE NAME FIRST LAST SEED FOLDER` some of them.
"""

import collections
import dataclasses
import importlib
import json
import os
import pathlib
import resource
import select
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable

import mutations

SECONDS = 10  # that a reader may take, if there is nothing else to do
_MEMORY = 1 << 30  # bytes that it may take, besides the process as it was
# More address space than that is needed by threads and their stacks.
_ADDRESSES = 4 << 30
_TESTS = pathlib.Path(__file__).parents[1]  # some of its folders help to write files
_START = 120  # seconds, in which a process imports what it needs
_HARMFUL = ("open", "socket.connect", "socket.bind", "subprocess.", "os.", "shutil.")
_HARMLESS = ("os.listdir", "os.scandir", "os.fspath", "os.putenv", "os.unsetenv")


@dataclasses.dataclass
class Format:
    """A file that is read, and its reader.

    Attributes:
        write: Callable that takes a path in an empty folder and writes a good file
            there, or a folder of files.
        read: Callable that takes that path, and reads it as users do.
        files: Tuple of strings, the files of a folder that are damaged in turn.
        suffix: String, what the path ends with.
        same: Callable of what was read from the good file and from a damaged one, for
            formats with checksums: whether they are equal.
        processes: Boolean, whether the reader may start processes.
        change: Callable of the content of the good file and a seed, which returns what
            was done in words, and the damaged content.
    """

    write: Callable
    read: Callable
    files: tuple = ("",)
    suffix: str = ""
    same: Callable | None = None
    processes: bool = False
    change: Callable = mutations.mutated


def check(module, name, count=100, seed=0):
    """Damage a file in many ways, and fail where its reader does not refuse well.

    Args:
        module: String, module in this folder.
        name: String, `Format` in it.
        count: Integer, number of damaged files; `V1KERAS_FUZZ` overrides it.
        seed: Integer.
    """
    count = int(os.environ.get("V1KERAS_FUZZ", count))
    start = time.perf_counter()
    outcomes, failures = run(module, name, count, seed)
    seconds = time.perf_counter() - start
    print(f"{name}: {count} in {seconds:.0f} s: {dict(outcomes)}")
    assert not failures, "\n".join(failures[:20])
    assert sum(outcomes.values()) == count
    # Of damaged files many are refused, or nothing was damaged.
    assert outcomes["refused"] > count // 10, outcomes


def run(module, name, count, seed):
    """Return a counter of outcomes, and a line for each failure."""
    outcomes, failures, first = collections.Counter(), [], 0
    while first < count:
        with tempfile.TemporaryDirectory() as folder:
            results = _results(module, name, first, count, seed, folder)
            for index, outcome, line in results:
                first = index + 1
                outcomes[outcome] += 1
                if outcome not in ("read", "refused", "unchanged"):
                    failures.append(f"{name} {index}: {outcome}: {line}")
    return outcomes, failures


def _results(module, name, first, last, seed, folder):
    """Yield `(index, outcome, line)` until the process ends."""
    paths = [str(_TESTS / "data"), str(_TESTS / "zoo")]
    paths += os.environ.get("PYTHONPATH", str(_TESTS.parent)).split(os.pathsep)
    words = [__file__, module, name, first, last, seed, folder]
    with open(pathlib.Path(folder) / "stderr", "w+") as errors:
        process = subprocess.Popen(
            [sys.executable, *map(str, words)],
            env=os.environ | {"TMPDIR": folder, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        buffer, index, limit = b"", None, _START
        try:
            while index != last:
                ready, _, _ = select.select([process.stdout], [], [], limit)
                block = os.read(process.stdout.fileno(), 1 << 16) if ready else None
                if not block:
                    break
                *lines, buffer = (buffer + block).split(b"\n")
                for line in lines:
                    index, outcome, text = json.loads(line)
                    limit = 2 * SECONDS * _crowding()
                    if outcome != "next":
                        yield index, outcome, text
            if index == last:
                return
            process.kill()
            status = process.wait()
            errors.seek(0)
            told = errors.read()[-2000:]
            assert index is not None, f"the fuzzer failed: {told}"
            outcome = "crash" if block == b"" else "hang"
            yield index, outcome, f"status {status}, {told}"
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _main(module, name, first, last, seed, folder):
    """Read damaged files, and print what came of each."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    form = getattr(importlib.import_module(module), name)
    folder = pathlib.Path(folder)
    good, bad = folder / f"good{form.suffix}", folder / f"bad{form.suffix}"
    warnings.simplefilter("ignore")
    form.write(good)
    expected = form.read(good)
    content = {name: (good / name).read_bytes() for name in form.files}
    os.chdir(folder)
    harm = _watch(folder, form.processes)
    _limit_addresses()
    for index in range(first, last):
        print(json.dumps([index, "next", ""]), file=out, flush=True)
        name = form.files[index % len(form.files)]
        words, changed = form.change(content[name], f"{seed} {index}")
        if name:
            shutil.rmtree(bad, ignore_errors=True)
            shutil.copytree(good, bad)
        (bad / name).write_bytes(changed)
        outcome, line = "unchanged", ""
        if changed != content[name]:
            outcome, line = _outcome(form, bad, expected, harm)
        text = f"{name} {words}: {line}"
        print(json.dumps([index, outcome, text]), file=out, flush=True)
    print(json.dumps([last, "next", ""]), file=out, flush=True)


def _outcome(form, path, expected, harm):
    """Return a word for what a reader does with a file, and a line about it."""
    harm.clear()
    start, peak = time.perf_counter(), _peak()
    outcome, line = "read", ""
    try:
        found = form.read(path)
    except (ValueError, OSError) as error:
        outcome, line = "refused", str(error)
        if "\n" in line or len(line) > 2000 or path.name not in line:
            outcome = "unclear message"
    except BaseException as error:
        outcome, line = "traceback", repr(error)
    else:
        if form.same is not None and not form.same(expected, found):
            outcome = "silently different"
    if time.perf_counter() - start > SECONDS * _crowding():
        outcome = "hang"
    if _peak() - peak > _MEMORY:
        outcome = "memory"
    if harm:
        outcome, line = "harm", f"{harm[:3]}"
    return outcome, line


def _crowding():
    """Return how many processes share a processor, at least 1."""
    return max(1, os.getloadavg()[0] / (os.cpu_count() or 1))


def _peak():
    """Return the most bytes of memory that this process and its children took."""
    # `ru_maxrss` of this process would include what the one took that started it.
    status = pathlib.Path("/proc/self/status").read_text()
    own = int(status.partition("VmHWM:")[2].split()[0])
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return 1024 * (own + children)


def _limit_addresses():
    """Let a reader that asks for too much fail before the machine does."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _watch(folder, processes):
    """Return a list that fills with what is done outside of a folder."""
    harm = []
    allowed = (str(folder), sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))
    allowed += (str(_TESTS.parent), "/proc", "/dev/null")

    def hear(event, arguments):
        if not event.startswith(_HARMFUL) or event in _HARMLESS:
            return
        if processes and event.startswith(("subprocess.", "os.posix_spawn", "os.fork")):
            return
        path = arguments[0] if arguments else ""
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if isinstance(path, int) or str(path).startswith(allowed):
            return
        # Below this process's folder, or below one that was opened before.
        inside = not os.path.isabs(path) and ".." not in pathlib.Path(path).parts
        if event in ("open", "os.remove", "os.rmdir") and inside:
            return
        harm.append(f"{event} {arguments}"[:200])

    sys.addaudithook(hear)
    return harm


if __name__ == "__main__":
    *words, folder = sys.argv[1:]
    _main(*words[:2], *map(int, words[2:]), folder)

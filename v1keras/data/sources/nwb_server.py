"""The process that opens NWB files with pynwb; `nwb_process` starts it and asks it.

A request is a line of JSON: the file to `open`, the `choices`, and the `folder` to
write arrays to. The answer is one, too: the `session` with {"npy": N} for each array,
and `warnings`; or an `error`. Each file is read in a fork, which its damage ends alone.
"""

import dataclasses
import json
import os
import pathlib
import signal
import sys
import warnings

import numpy as np

from v1keras.data.sources import nwb_file, nwb_session
from v1keras.io.foreign import short

if sys.platform != "win32":
    import resource

# What a file of a size may take: bytes of memory and of disk, seconds of computing.
_MEMORY, _MEMORY_PER_BYTE = 1 << 29, 32
_DISK, _DISK_PER_BYTE = 1 << 30, 1032
_SECONDS, _BYTES_PER_SECOND = 8, 1 << 20
_CAN_FORK = hasattr(os, "fork")  # not on Windows
_DAMAGED = "can't be read: it is damaged, and"


def _limit(size):
    """Limit what a file of a size may take."""
    if sys.platform == "win32":
        return
    taken = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    seconds = int(taken) + _SECONDS + size // _BYTES_PER_SECOND
    limits = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_CORE: 0}
    limits[resource.RLIMIT_FSIZE] = _DISK + _DISK_PER_BYTE * size
    if sys.platform == "linux":  # less what is in files, as large images are
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[5])
        used = pages * resource.getpagesize()
        limits[resource.RLIMIT_DATA] = used + _MEMORY + _MEMORY_PER_BYTE * size
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(kind, (most, hard))


def _answer(request):
    """Return the answer to a request."""
    path = request["open"]
    choices = nwb_session.Choices(**request["choices"])
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            session = nwb_session.read(pathlib.Path(path), choices)
        arrays = []
        fields = dataclasses.asdict(session)
        described = {key: _described(value, arrays) for key, value in fields.items()}
        for number, array in enumerate(arrays):
            np.save(f"{request['folder']}/{number}.npy", array, allow_pickle=False)
    except MemoryError:
        return {"error": "asks for more memory than a file of its size should"}
    except Exception as error:
        text = short(error) or type(error).__name__
        return {"error": text.replace(path, request["shown_as"])}
    texts = [str(warning.message) for warning in caught]
    return {"session": described, "warnings": texts}


def _described(value, arrays):
    """Return a value with {"npy": N} in place of each array, which a list gets."""
    if isinstance(value, dict):
        return {key: _described(part, arrays) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"npy": len(arrays) - 1}
    return value.item() if isinstance(value, np.generic) else value


def _reason(status):
    """Return in words why a process ended amidst a file."""
    number = os.waitstatus_to_exitcode(status)
    if number == -signal.SIGXCPU:
        return f"{_DAMAGED} takes longer to read than a file of its size should"
    name = signal.Signals(-number).name if number < 0 else f"status {number}"
    return f"{_DAMAGED} crashed libhdf5 ({name})"


def main():
    """Serve the process that started this one."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    nwb_file.pynwb()
    for line in sys.stdin:
        request = json.loads(line)
        fork = os.fork() if _CAN_FORK else 0
        if fork:
            status = os.waitpid(fork, 0)[1]
            if status:
                _say(answers, {"error": _reason(status)})
            continue
        _limit(os.path.getsize(request["open"]))
        _say(answers, _answer(request))
        if _CAN_FORK:
            os._exit(0)


def _say(answers, answer):
    print(json.dumps(answer), file=answers, flush=True)

"""Processes that open foreign HDF5 files with libhdf5, as no other process does.

A server is started by `v1keras.io.hdf5_process`. It reads requests from its standard
input, a line of JSON each, and answers each by a line:

    {"open": PATH}                   `hdf5_layout.objects` of a file, and its number
    {"chunks": ADDRESS, "file": N}   `hdf5_layout.chunks` of a dataset of the Nth
    {"close": N}

Of an answer that can't be given, `error` says why.
"""

import json
import os
import sys

import h5py

from v1keras.io import hdf5_layout

if sys.platform != "win32":
    import resource

_MEMORY = 1 << 29  # bytes that a file may take
# Seconds of computing that a file may take, and bytes of it that give one more.
_SECONDS, _MOST_SECONDS = 2, 60
_BYTES_PER_SECOND = 1 << 24
_CAN_FORK = hasattr(os, "fork")  # not on Windows


def _limit(size):
    """Limit the memory and the computing that a file of a size may take."""
    if sys.platform == "win32":
        return
    seconds = min(_SECONDS + size // _BYTES_PER_SECOND, _MOST_SECONDS)
    taken = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(taken) + seconds, most))
    if sys.platform == "linux":
        with open("/proc/self/statm") as pages:
            taken = int(pages.read().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (taken + _MEMORY, most))


def _opened(path, files):
    """Open a file as one more of some, and return what there is to tell of it."""
    file = h5py.File(path, "r")
    number = len(files) + 1
    files[number] = file, {}
    answer, paths = hdf5_layout.objects(file)
    files[number] = file, paths
    return answer | {"file": number}


def serve(answers):
    """Answer requests until there are no more, each file in a fork of its own.

    What a damaged file does to libhdf5 is gone with that process. Without forks, on
    Windows, a process ends after the first error.
    """
    files, for_one_file, size = {}, False, 0
    while line := sys.stdin.readline():
        request, answer = json.loads(line), {}
        if "open" in request and _CAN_FORK:
            fork = os.fork()
            if fork:
                _, status = os.waitpid(fork, 0)
                if status:
                    _say(answers, {"error": "libhdf5 crashes on it, or takes too much"})
                continue
            for_one_file = True
        count = len(files)
        try:
            if for_one_file:
                size = os.path.getsize(request["open"]) if "open" in request else size
                _limit(size)
            if "open" in request:
                answer = _opened(request["open"], files)
            elif "chunks" in request:
                file, paths = files[request["file"]]
                path = paths[request["chunks"]]
                answer["chunks"] = hdf5_layout.chunks(file, path)
            else:
                files.pop(request["close"])[0].close()
        except Exception as error:
            answer["error"] = " ".join(str(error).split()) or type(error).__name__
        if "error" in answer and "open" in request and len(files) > count:
            files.popitem()[1][0].close()  # so that it is not locked any longer
        _say(answers, answer)
        done = "error" in answer or "close" in request
        if for_one_file and done or not _CAN_FORK and "error" in answer:
            os._exit(0)


def _say(answers, answer):
    print(json.dumps(answer), file=answers, flush=True)


def main():
    """Serve the process that started this one."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    serve(answers)

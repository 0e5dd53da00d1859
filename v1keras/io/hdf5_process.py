"""Processes that open foreign HDF5 files, seen from the one that asks them."""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

# Isolated, so that it imports from where this process does, never from a folder that it
# happens to be started in.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " import importlib; importlib.import_module(sys.argv[2]).main()"
)
_SECONDS = 120  # that an answer may take, on a slow disk
# No filters are loaded from elsewhere, and no threads are started for linear algebra.
_VARIABLES = {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}


class FileProcess:
    """A process that reads HDF5 files, started when it is first asked to open one.

    Args:
        server: String, module whose `main` the process runs: it reads requests from its
            standard input, a line of JSON each, and answers each by a line.
        reproach: String, how the text of an error begins.
        seconds: Integer, that an answer may take.
    """

    def __init__(self, server: str, reproach: str, seconds: int = _SECONDS) -> None:
        self._server = server
        self._reproach = reproach
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Return the answer to a request.

        Raises:
            ValueError: The file can't be read; says why.
        """
        with self._lock:
            process = self._running("open" in request)
            timer = threading.Timer(self._seconds, _kill, [process])
            timer.start()
            try:
                answer = _answer(process, json.dumps(request))
            except BaseException:  # interrupted, it would answer the next request
                self.close()
                raise
            finally:
                timer.cancel()
        if answer is None:
            self.close()
            raise ValueError(f"{self._reproach}libhdf5 ended, or took too long")
        if "error" in answer:
            raise ValueError(f"{self._reproach}{answer['error']}")
        return answer

    def close(self) -> None:
        """End the process, if there is one of ours."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        _kill(process)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # of what was not sent
                    stream.close()

    def _running(self, start):
        """Return the process, started if there is none and `start`."""
        forked = self._owner != os.getpid()
        if forked or self._process is None or self._process.poll() is not None:
            if not start:
                raise ValueError("the process that had it open has ended")
            paths = [os.path.abspath(path) for path in sys.path if path]
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, json.dumps(paths), self._server],
                env=os.environ | _VARIABLES,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # A keyboard's interrupt is for this process to answer.
                start_new_session=True,
            )
            self._owner = os.getpid()
        return self._process


def _answer(process, request):
    """Return what a process answers, or None if it ends instead."""
    try:
        process.stdin.write(request.encode() + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
        return json.loads(line)
    except (OSError, ValueError):
        return None


def _kill(process):
    """Kill a process and its forks."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


layouts = FileProcess("v1keras.io.hdf5_server", "can't be read as HDF5: ")
atexit.register(layouts.close)

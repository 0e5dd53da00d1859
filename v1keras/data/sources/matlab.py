"""MATLAB's .mat files, read as plain data."""

import atexit
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import numpy as np
import scipy  # which imports its parts when they are first used

from v1keras.data.sources import matlab_5, matlab_73
from v1keras.io import hdf5_file
from v1keras.io.foreign import errors_naming

# Runs a file in a Python that sees the folders of NumPy and SciPy, and no others.
_START = "import runpy, sys; sys.path += sys.argv[2:]; runpy.run_path("
_START += "sys.argv[1], run_name='__main__')"


def read(file, names, shown_as=None):
    """Read variables of a .mat file, shaped as MATLAB shows them.

    MATLAB keeps the first index fastest; version 7.3 is HDF5, which keeps the last one
    so, and its arrays come with their axes reversed: they are turned back here.

    Args:
        file: Path of the file, or its content as a binary stream.
        names: Sequence of names of variables; None for all that hold plain data.
        shown_as: Name of the file for errors; defaults to the path.

    Returns:
        Dict from name to array. A cell array comes as an array of objects, one array
        each; a struct as a dict from field to value, several as an array of dicts.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a .mat file, a variable is missing, or one is too large.

    Example:

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.mat"
    >>> scipy.io.savemat(path, {"x": np.ones((2, 3))})
    >>> read(path, ["x"])["x"].shape
    (2, 3)
    """
    if shown_as is None:
        if not pathlib.Path(file).is_file():
            raise FileNotFoundError(f"no file {file}")
        with errors_naming(file):
            if hdf5_file.is_hdf5(file):
                return _version_73(file, names, file)
            return _PROCESS.ask({"path": os.path.abspath(file)}, b"", names)
    with errors_naming(shown_as):
        if hdf5_file.is_hdf5(file):
            return _version_73(file, names, shown_as)
        content = file.read()
        return _PROCESS.ask({"size": len(content)}, content, names)


class _Process:
    """Process that runs `matlab_5`, started when it is first asked, or has crashed."""

    def __init__(self):
        self._lock = threading.Lock()
        self._process = self._owner = None

    def ask(self, request, content, names):
        """Return variables of a file that is not HDF5."""
        with self._lock:
            if self._process is None or self._owner != os.getpid():
                self._process, self._owner = _started(), os.getpid()
            request["names"] = names and list(names)
            line = json.dumps(request).encode() + b"\n"
            try:
                self._process.stdin.write(line + content)
                self._process.stdin.flush()
                reply = json.loads(self._process.stdout.readline())
                variables = reply.get("variables", {})
                values = {name: self._value(variables[name]) for name in variables}
            except (json.JSONDecodeError, EOFError, BrokenPipeError):
                raise ValueError(_reason(self.end())) from None
            except BaseException:  # interrupted amidst an answer
                self.end()
                raise
        if "error" in reply:
            raise ValueError(reply["error"])
        return values

    def _value(self, described):
        """Return the value that the process described, whose arrays it sends now."""
        shape = described["shape"]
        if "dtype" in described:
            array = np.empty(shape[::-1], described["dtype"])
            if array.nbytes:
                self._fill(array.reshape(-1).view(np.uint8).data)
            return array.T
        values = []
        if "fields" in described:
            for struct in described["structs"]:
                fields = zip(described["fields"], struct, strict=True)
                values.append({name: self._value(value) for name, value in fields})
            if len(values) == 1:
                return values[0]
        else:
            values = [self._value(cell) for cell in described["cells"]]
        array = np.empty(len(values), object)
        array[:] = values
        return array.reshape(shape)

    def _fill(self, memory):
        """Fill memory with what the process sends."""
        while memory:
            count = self._process.stdout.readinto(memory)
            if not count:
                raise EOFError
            memory = memory[count:]

    def end(self):
        """End the process, and return its exit status."""
        if self._process is None or self._owner != os.getpid():
            return None
        process, self._process = self._process, None
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _reason(status):
    """Return in words why the process ended amidst a file."""
    if status == -signal.SIGXCPU:
        return "takes longer to read than a file of its size should: it is damaged"
    name = signal.Signals(-status).name if status < 0 else f"status {status}"
    return f"can't be read: it is damaged, and crashed SciPy's reader ({name})"


def _started():
    """Start the process that reads."""
    packages = {str(pathlib.Path(module.__file__).parents[1]) for module in (np, scipy)}
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _START, matlab_5.__file__, *packages],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Each thread of its linear algebra would take memory.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )


def _version_73(file, names, shown_as):
    """Read variables of a file that is HDF5."""
    with hdf5_file.opened(file, str(shown_as)) as content:
        return matlab_73.variables(content, names)


_PROCESS = _Process()
atexit.register(_PROCESS.end)

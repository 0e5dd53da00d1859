"""Process that reads .mat files before version 7.3; `matlab` starts it and asks it.

A damaged file can crash SciPy's reader, or have it fill the memory: here that ends this
process alone. It imports no module of v1keras, and so starts in a third of a second.

It reads requests from its standard input, a line of JSON each: `names` of variables,
and the `path` of a file or the `size` of its content, which follows. It answers each by
a line of JSON, `error` or a description of the `variables`, and then the bytes of all
their arrays, the first index fastest as MATLAB keeps them.
"""

import io
import json
import math
import os
import pathlib
import sys

import numpy as np
import scipy  # which imports its parts when they are first used

# Bytes of a variable.
LARGEST = 1 << 30
_DEEPEST = 16  # cells and structs within each other
# zlib packs at most 1032 bytes into one, and MATLAB a double into one byte.
_UNPACKED = 1032 * 8
_MOST_MEMORY = 3 * LARGEST
_MEMORY, _SECONDS = 128 << 20, 8  # which an empty file may take
_BYTES_PER_SECOND = 2 << 20


def answer(stream, names):
    """Return a description of variables, and a list of their arrays.

    Args:
        stream: Binary stream of a .mat file.
        names: List of strings, names of the variables; None for all that can be
            described.

    Returns:
        Tuple of a dict and a list. In the dict, name -> `dtype` and `shape` of an
        array; `cells` and `shape` of a cell array; or `fields`, `structs` and `shape`
        of a struct array. The list has the arrays in the order of the dict.

    Raises:
        ValueError: A variable is missing, too large, or nothing of these.

    Example:

    >>> stream = io.BytesIO()
    >>> scipy.io.savemat(stream, {"x": np.ones((2, 3))})
    >>> answer(stream, ["x"])[0]
    {'x': {'dtype': '<f8', 'shape': (2, 3)}}
    """
    shapes = {name: shape for name, shape, _ in scipy.io.whosmat(stream)}
    every = names is None
    names = list(shapes) if every else names
    if not set(names) <= set(shapes):
        raise ValueError(
            f"holds {', '.join(shapes) or 'nothing'}, expected {' and '.join(names)}"
        )
    for name in names:
        if math.prod(shapes[name]) > LARGEST:
            raise ValueError(
                f"{name} declares the shape {shapes[name]}, which is too large"
            )
    stream.seek(0)
    content = scipy.io.loadmat(stream, variable_names=names)
    arrays, described = [], {}
    for name in names:
        count = len(arrays)
        try:
            described[name] = _describe(name, content[name], arrays)
        except ValueError:
            if not every:
                raise
            del arrays[count:]
    return described, arrays


def _describe(name, value, arrays, depth=0):
    """Return the description of a value, and append its arrays to a list."""
    if depth > _DEEPEST:
        raise ValueError(f"{name} has cells more than {_DEEPEST} deep in each other")
    if scipy.sparse.issparse(value):
        if 8 * math.prod(value.shape) > LARGEST:
            raise ValueError(f"{name} is {value.shape} when full, which is too large")
        value = value.toarray()
    if type(value) is not np.ndarray:
        raise ValueError(f"{name} is an object of a class, expected numbers")
    if value.dtype.names:
        structs = []
        for struct in value.ravel():
            structs.append([_describe(name, x, arrays, depth + 1) for x in struct])
        fields = list(value.dtype.names)
        return {"fields": fields, "structs": structs, "shape": value.shape}
    if value.dtype == object:
        cells = [_describe(name, cell, arrays, depth + 1) for cell in value.ravel()]
        return {"cells": cells, "shape": value.shape}
    if value.dtype.kind not in "biufcU" or not value.dtype.itemsize:
        raise ValueError(f"{name} holds {value.dtype}, expected numbers or text")
    arrays.append(value)
    return {"dtype": value.dtype.str, "shape": value.shape}


def _bound(size):
    """Bound what reading a file may take, by the number of its bytes.

    Nothing is bounded where the system has no such bounds.
    """
    try:
        import resource
    except ImportError:
        return

    def bound(kind, most):
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(kind, (most, hard))

    bound(resource.RLIMIT_CORE, 0)
    bound(resource.RLIMIT_FSIZE, 0)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = usage.ru_utime + usage.ru_stime + _SECONDS + size / _BYTES_PER_SECOND
    bound(resource.RLIMIT_CPU, math.ceil(seconds))
    pages = pathlib.Path("/proc/self/statm")
    if pages.exists():
        used = int(pages.read_text().split()[0]) * resource.getpagesize()
        allowed = _MEMORY + min(_UNPACKED * size, _MOST_MEMORY)
        bound(resource.RLIMIT_AS, used + allowed)


def _serve():
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    for line in requests:
        request, arrays = json.loads(line), []
        try:
            if "path" in request:
                _bound(os.stat(request["path"]).st_size)
                with open(request["path"], "rb") as stream:
                    described, arrays = answer(stream, request["names"])
            else:
                _bound(request["size"])
                stream = io.BytesIO(requests.read(request["size"]))
                described, arrays = answer(stream, request["names"])
            reply = {"variables": described}
        except MemoryError:
            reply = {"error": "asks for more memory than a file of its size should"}
            arrays = []
        except Exception as error:
            reply = {"error": str(error) or type(error).__name__}
            arrays = []
        answers.write(json.dumps(reply).encode() + b"\n")
        for array in arrays:
            if array.nbytes:
                answers.write(np.ascontiguousarray(array.T).reshape(-1).view(np.uint8))
        answers.flush()


if __name__ == "__main__":
    _serve()

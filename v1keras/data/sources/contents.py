"""What files with several arrays hold, and the places in them."""

import re
from collections.abc import Mapping

import numpy as np

_MOST = 20  # places that are listed
_MOST_STRUCTS = 3  # structs of an array whose fields are listed one by one
_STEP = re.compile(r"\.?([A-Za-z]\w*)|[({]([0-9]+)[)}]")
# Axes of what a flag names: of arrays, and of the arrays in a cell array.
_AXES = {"--images": (3, 2), "--responses": (2, 1), "--repeats": (3, 3)}


def at(content, path):
    """Return the value at a place in MATLAB's variables; None where there is none.

    A field of all structs in an array is an array of objects, as a cell array is.

    Args:
        content: Mapping from variables to arrays, dicts (structs) and arrays of objects
            (cells, or dicts).
        path: String, as MATLAB writes it: `data.sessions(2).spikes`, `cells{1}`.

    Example:

    >>> at({"data": {"x": np.array([1, 2])}}, "data.x").tolist()
    [1, 2]
    """
    value, place = content, 0
    while place < len(path):
        step = _STEP.match(path, place)
        has_dot = place > 0 and step is not None and step[1] is not None
        if not step or step[0].startswith(".") != has_dot:
            return None
        value = _field(value, step[1]) if step[1] else _entry(value, int(step[2]))
        if value is None:
            return None
        place = step.end()
    return None if isinstance(value, Mapping) else value


def _field(value, name):
    """Return a field of a struct, or of all in an array of structs."""
    if isinstance(value, Mapping):
        return value.get(name)
    if not _is_structs(value) or not all(name in struct for struct in value.flat):
        return None
    fields = np.empty(value.size, object)
    fields[:] = [struct[name] for struct in value.ravel(order="F")]
    return fields


def _entry(value, number):
    """Return an entry of an array of structs or cells, counted from 1 as in MATLAB."""
    if isinstance(value, Mapping):
        return value if number == 1 else None
    if value.dtype != object or not 1 <= number <= value.size:
        return None
    return value.ravel(order="F")[number - 1]


def _is_structs(value):
    """Return True for an array of structs."""
    is_array = isinstance(value, np.ndarray) and value.dtype == object and value.size
    return is_array and all(isinstance(entry, Mapping) for entry in value.flat)


def listing(file, key, content, flag):
    """Return an error's text: what a file holds, and the flag that would read it.

    Args:
        file: Path of the file.
        key: String, the place that was asked for; "" for none.
        content: Mapping of arrays, datasets and mappings.
        flag: String, the flag that names the array.
    """
    separator = "/" if hasattr(content, "attrs") else "."
    places = list(_places(content, "", separator))
    texts = [f"{place} ({describe(value)})" for place, value in places[:_MOST]]
    more = [f"and {len(places) - _MOST} more"] if len(places) > _MOST else []
    missing = f"no {key!r} that is an array" if key else "which array is not said"
    text = f"{missing}; the file holds {', '.join(texts + more) or 'nothing'}"
    fitting = [place for place, value in places if _fits(value, flag)]
    return f"{text}; say {flag}={file}:{fitting[0]}" if fitting else text


def describe(value):
    """Return the shape and the type of an array as text; None is one that isn't read.

    Example:

    >>> describe(np.zeros((3, 4)))
    '3 x 4 float64'
    """
    if value is None:
        return "not read"
    shape = " x ".join(map(str, value.shape)) or "one"
    if value.dtype == object and isinstance(value, np.ndarray) and value.size:
        first = value.flat[0]
        return f"{shape} cells, the first {describe(np.asarray(first))}"
    kind = "text" if value.dtype.kind in "US" else value.dtype.name
    return f"{shape} {getattr(value, 'kind', kind) if kind == 'object' else kind}"


def _places(value, path, separator):
    """Yield `(place, array)` of all arrays within a value, None where none is read."""
    if isinstance(value, Mapping):
        for name in value:
            if name.startswith("#"):  # MATLAB's own
                continue
            start = f"{path}{separator}" if path or separator == "/" else ""
            try:
                member = value[name]
            except ValueError:  # of a type, or a link, that is not read
                yield f"{start}{name}", None
            else:
                yield from _places(member, f"{start}{name}", separator)
    elif _is_structs(value) and value.size > _MOST_STRUCTS:
        for name in value.flat[0]:
            yield f"{path}.{name}", _field(value, name)
    elif _is_structs(value):
        for i, struct in enumerate(value.ravel(order="F")):
            yield from _places(struct, f"{path}({i + 1})", separator)
    else:
        yield path, value


def _fits(value, flag):
    """Return True if an array may be what a flag names."""
    axes, of_cell = _AXES.get(flag, (2, 1))
    if value is None:
        return False
    if value.dtype == object and isinstance(value, np.ndarray):
        cell = value.flat[0] if value.size else None
        return flag == "--images" and getattr(cell, "ndim", 0) == of_cell
    return value.dtype.kind in "biuf" and value.ndim == axes

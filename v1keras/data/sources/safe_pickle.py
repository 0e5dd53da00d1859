"""Arrays out of a pickle, without unpickling: the file is taken for a list of
instructions, and only those that build data are followed.

Publishers pickled dictionaries of NumPy arrays. `pickle.load` would run whatever the
file asks for; here a name that the file gives is compared with the few that stand for
arrays, and is never looked up.
"""

import codecs
import pickletools

import numpy as np

_RECONSTRUCT, _ARRAY, _DTYPE, _SCALAR, _ENCODE, _BYTES = (
    "reconstruct",
    "ndarray",
    "dtype",
    "scalar",
    "encode",
    "bytes",
)
_KNOWN = {
    # How Python 3 writes bytes for Python 2, and no bytes at all.
    "_codecs encode": _ENCODE,
    "__builtin__ bytes": _BYTES,
    "numpy ndarray": _ARRAY,
    "numpy dtype": _DTYPE,
    **{
        f"numpy.{core}.multiarray {name}": kind
        for core in ("core", "_core")
        for name, kind in (("_reconstruct", _RECONSTRUCT), ("scalar", _SCALAR))
    },
}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = {
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "INT",
    "LONG",
    "BINFLOAT",
    "FLOAT",
} | {
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "UNICODE",
    "BINBYTES",
    "SHORT_BINBYTES",
    "BINBYTES8",
}
_PYTHON2_STRINGS = {"BINSTRING", "SHORT_BINSTRING", "STRING"}
_NOTHING = {"PROTO", "FRAME"}


class _Named:
    """A name that the file gave, one of `_KNOWN`."""

    def __init__(self, kind):
        self.kind = kind


class _Built:
    """An array, or a type of its elements, between the instruction that makes it and
    the one that fills it.
    """

    def __init__(self, kind, text=None):
        self.kind, self.value = kind, None if text is None else np.dtype(text)


def unpickled(content):
    """The dictionary of arrays, strings and numbers that a pickle describes.

    Args:
        content: bytes of the file.

    Returns:
        dict, list, array, string or number. Arrays of objects hold the same.

    Raises:
        ValueError: the file asks for anything else than data, or is damaged.

    Example:

    >>> import pickle
    >>> unpickled(pickle.dumps({"responses": np.arange(3)}, protocol=4))[
    ...     "responses"
    ... ].tolist()
    [0, 1, 2]
    """
    stack, memo = [], {}
    try:
        for operation, argument, _ in pickletools.genops(content):
            if operation.name == "STOP":
                return _value(stack.pop())
            _follow(operation.name, argument, stack, memo)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"is damaged ({type(error).__name__}: {error})") from None
    raise ValueError("ends before its last instruction")


_MARK = object()


def _follow(name, argument, stack, memo):
    if name in _NOTHING:
        return
    if name in _CONSTANTS:
        stack.append(_CONSTANTS[name])
    elif name in _LITERALS:
        stack.append(argument)
    elif name in _PYTHON2_STRINGS:
        stack.append(
            argument.encode("latin1") if isinstance(argument, str) else argument
        )
    elif name in ("GLOBAL", "STACK_GLOBAL"):
        if name == "STACK_GLOBAL":
            argument = " ".join([stack.pop(), stack.pop()][::-1])
        if argument not in _KNOWN:
            raise ValueError(
                f"asks for {argument.replace(' ', '.')!r}, which is no array: it is not"
                " read"
            )
        stack.append(_Named(_KNOWN[argument]))
    elif name == "MARK":
        stack.append(_MARK)
    elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"):
        stack.append({"EMPTY_DICT": {}, "EMPTY_LIST": [], "EMPTY_TUPLE": ()}[name])
    elif name in ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"):
        stack.append(
            tuple(
                _since_mark(stack) if name == "TUPLE" else _last(stack, int(name[-1]))
            )
        )
    elif name in ("LIST", "DICT"):
        items = _since_mark(stack)
        stack.append(
            items if name == "LIST" else dict(zip(items[::2], items[1::2], strict=True))
        )
    elif name in ("APPEND", "APPENDS"):
        items = _last(stack, 1) if name == "APPEND" else _since_mark(stack)
        stack[-1].extend(items)
    elif name in ("SETITEM", "SETITEMS"):
        items = _last(stack, 2) if name == "SETITEM" else _since_mark(stack)
        stack[-1].update(zip(items[::2], items[1::2], strict=True))
    elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
        memo[argument] = stack[-1]
    elif name == "MEMOIZE":
        memo[len(memo)] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET", "GET"):
        stack.append(memo[argument])
    elif name == "REDUCE":
        arguments = stack.pop()
        stack.append(_made(stack.pop(), arguments))
    elif name == "BUILD":
        state = stack.pop()
        _fill(stack[-1], state)
    else:
        raise ValueError(
            f"has an instruction {name}, which no array needs: it is not read"
        )


def _since_mark(stack):
    position = len(stack) - 1 - stack[::-1].index(_MARK)
    items = stack[position + 1 :]
    del stack[position:]
    return items


def _last(stack, count):
    if len(stack) < count:
        raise ValueError("takes more from its stack than it put there")
    items = stack[-count:]
    del stack[-count:]
    return items


def _made(named, arguments):
    kind = named.kind if isinstance(named, _Named) else None
    if kind == _RECONSTRUCT:
        return _Built(_ARRAY)
    if kind == _DTYPE:
        text = (
            arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        )
        if not isinstance(text, str):
            raise ValueError("has an array of a type that is no plain one")
        return _Built(_DTYPE, text)
    if kind == _SCALAR:
        return np.frombuffer(arguments[1], arguments[0].value)[0]
    if kind == _ENCODE:
        return codecs.encode(arguments[0], "latin1")
    if kind == _BYTES and not arguments:
        return b""
    raise ValueError("calls what is no array: it is not read")


def _fill(built, state):
    if not isinstance(built, _Built):
        raise ValueError("fills what is no array")
    if built.kind == _DTYPE:
        _, order, subtype, names, fields, *_ = state
        if subtype is not None or names is not None or fields is not None:
            raise ValueError(
                "has an array of records, expected plain numbers, strings or cells"
            )
        order = order.decode() if isinstance(order, bytes) else order
        built.value = built.value.newbyteorder(order)
        return
    _, shape, dtype, fortran, data = state
    count, dtype = int(np.prod(shape, dtype=float)), dtype.value
    if min(shape, default=0) < 0 or len(data) != count * (
        1 if dtype.hasobject else dtype.itemsize
    ):
        raise ValueError(
            f"has an array with {len(data)} bytes or cells of data for {shape} of"
            f" {dtype}"
        )
    if dtype.hasobject:
        array = np.empty(count, object)
        for i, item in enumerate(data):
            array[i] = _value(item)
    else:
        array = np.frombuffer(data, dtype)
    built.value = array.reshape(shape, order="F" if fortran else "C")


def _value(item):
    """What stands for data, with arrays in place of those that were being built."""
    if isinstance(item, _Built):
        if item.kind == _DTYPE or item.value is None:
            raise ValueError("holds an array that was never filled")
        return item.value
    if isinstance(item, _Named):
        raise ValueError("holds a name in the place of data")
    if isinstance(item, dict):
        return {_value(key): _value(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return type(item)(_value(part) for part in item)
    return item

"""Arrays out of a pickle, without unpickling.

The file is taken for a list of instructions, and only those that build data are
followed. Publishers pickled dictionaries of NumPy arrays. `pickle.load` would run
whatever the file asks for; here a name that the file gives is compared with the few
that stand for arrays, and is never looked up.
"""

import codecs
import pickletools
import re

import numpy as np

_RECONSTRUCT = "reconstruct"
_ARRAY = "ndarray"
_DTYPE = "dtype"
_SCALAR = "scalar"
_ENCODE = "encode"
_BYTES = "bytes"
# Names that a file may give: what each stands for.
_ALLOWED = {
    # Python 3 writes bytes for Python 2, and no bytes at all, by these two.
    "_codecs encode": _ENCODE,
    "__builtin__ bytes": _BYTES,
    "numpy ndarray": _ARRAY,
    "numpy dtype": _DTYPE,
    "numpy.core.multiarray _reconstruct": _RECONSTRUCT,
    "numpy.core.multiarray scalar": _SCALAR,
    "numpy._core.multiarray _reconstruct": _RECONSTRUCT,
    "numpy._core.multiarray scalar": _SCALAR,
}
# Instructions, as `pickletools` names them.
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = set(
    "BININT BININT1 BININT2 LONG1 INT LONG BINFLOAT FLOAT BINUNICODE SHORT_BINUNICODE"
    " BINUNICODE8 UNICODE BINBYTES SHORT_BINBYTES BINBYTES8".split()
)
_PYTHON_2_STRINGS = {"BINSTRING", "SHORT_BINSTRING", "STRING"}
_IGNORED = {"PROTO", "FRAME"}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_PLAIN_DTYPE = re.compile(r"[biufcSUO]\d{1,9}")
_LARGEST_INDEX = 1 << 32  # of the memo
# What a file describes is at most this often as large as the file.
_UNPACKED = 4
_SHARED_TEXT = 16  # characters that count as one, as words are often shared


class _Named:
    """A name that the file gave, one of `_ALLOWED`."""

    def __init__(self, kind):
        self.kind = kind


class _Built:
    """An array or dtype between the instructions that make it and that fill it."""

    def __init__(self, kind, text=None):
        self.kind = kind
        self.value = None if text is None else np.dtype(text)
        self.size = 0


def load(content):
    """Return the dictionary of arrays, strings and numbers that a pickle describes.

    Args:
        content: Bytes of the file.

    Returns:
        Dict, list, array, string or number. Arrays of objects hold the same.

    Raises:
        ValueError: The file asks for anything else than data, or is damaged.

    Example:

    >>> import pickle
    >>> content = pickle.dumps({"responses": np.arange(3)}, protocol=4)
    >>> load(content)["responses"].tolist()
    [0, 1, 2]
    """
    machine = _Machine(len(content))
    try:
        for operation, argument, _ in pickletools.genops(content):
            if operation.name == "STOP":
                return machine.value(machine.stack.pop())
            machine.follow(operation.name, argument)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"is damaged ({type(error).__name__}: {error})") from None
    raise ValueError("ends before its last instruction")


class _Machine:
    """The stack and the memo of a pickle, and the instructions that work on them.

    One thing may be named again and again, so that a few bytes describe what fills the
    memory: the size of what is described is bounded by that of the file.

    Args:
        size: Integer, bytes of the file.
    """

    def __init__(self, size):
        self.stack, self.marks, self.memo = [], [], {}
        self.left = _UNPACKED * size

    def follow(self, name, argument):
        """Follow one instruction."""
        if name in _IGNORED:
            return
        if name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            index = len(self.memo) if name == "MEMOIZE" else argument
            if not 0 <= index < _LARGEST_INDEX:
                raise ValueError(f"numbers what it holds by {index:.3g}")
            self.memo[index] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            self.stack.append(self.memo[argument])
        elif name == "REDUCE":
            named, arguments = self._last(2)
            self.stack.append(self._call(named, arguments))
        elif name == "BUILD":
            (state,) = self._last(1)
            self._fill(self.stack[-1], state)
        elif not (self._push(name, argument) or self._collect(name)):
            raise ValueError(
                f"has an instruction {name}, which no array needs: it is not read"
            )

    def _push(self, name, argument):
        """Put a value on the stack; return False where the instruction does no such."""
        stack = self.stack
        if name == "MARK":
            self.marks.append(len(stack))
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _LITERALS:
            stack.append(argument)
        elif name in _PYTHON_2_STRINGS:
            is_text = isinstance(argument, str)
            stack.append(argument.encode("latin1") if is_text else argument)
        elif name == "GLOBAL":
            stack.append(_named(argument))
        elif name == "STACK_GLOBAL":
            module, attribute = self._last(2)
            stack.append(_named(f"{module} {attribute}"))
        else:
            return False
        return True

    def _collect(self, name):
        """Gather values of the stack; return False where it is another instruction."""
        stack = self.stack
        if name == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(self._last(int(name[-1]))))
        elif name == "LIST":
            stack.append(self._since_mark())
        elif name == "DICT":
            stack.append(_pairs(self._since_mark()))
        elif name in ("APPEND", "APPENDS"):
            items = self._last(1) if name == "APPEND" else self._since_mark()
            stack[-1].extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = self._last(2) if name == "SETITEM" else self._since_mark()
            stack[-1].update(_pairs(items))
        else:
            return False
        return True

    def _since_mark(self):
        """Take the values since the last mark off the stack."""
        position = self.marks.pop()
        items = self.stack[position:]
        del self.stack[position:]
        return items

    def _last(self, count):
        """Take the last values off the stack."""
        if len(self.stack) < count:
            raise ValueError("takes more from its stack than it put there")
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def _spend(self, size):
        """Note the size of what the file describes."""
        self.left -= size
        if self.left < 0:
            raise ValueError("describes far more than a file of its size can hold")

    def _call(self, named, arguments):
        """Return the value of a call that the file asks for."""
        kind = named.kind if isinstance(named, _Named) else None
        if kind == _RECONSTRUCT:
            return _Built(_ARRAY)
        if kind == _DTYPE:
            text = arguments[0]
            text = text.decode() if isinstance(text, bytes) else text
            if not isinstance(text, str) or not _PLAIN_DTYPE.fullmatch(text):
                raise ValueError("has an array of a type that is not a plain one")
            return _Built(_DTYPE, text)
        if kind == _SCALAR:
            return np.frombuffer(arguments[1], arguments[0].value)[0]
        if kind == _ENCODE:
            self._spend(len(arguments[0]))
            return codecs.encode(arguments[0], "latin1")
        if kind == _BYTES and not arguments:
            return b""
        raise ValueError("calls what is not an array: it is not read")

    def _fill(self, built, state):
        """Give an array or a dtype the state that the file describes."""
        if not isinstance(built, _Built):
            raise ValueError("fills what is not an array")
        if built.kind == _DTYPE:
            _, order, subtype, names, fields, *_ = state
            if any(part is not None for part in (subtype, names, fields)):
                raise ValueError(
                    "has an array of records, expected plain numbers, strings or cells"
                )
            order = order.decode() if isinstance(order, bytes) else order
            built.value = built.value.newbyteorder(order)
            return
        _, shape, dtype, fortran, data = state
        dtype, count = dtype.value, int(np.prod(shape, dtype=float))
        size = count if dtype.hasobject else count * dtype.itemsize
        if min(shape, default=0) < 0 or len(data) != size:
            raise ValueError(
                f"has an array with {len(data)} bytes or cells of data for {shape} of"
                f" {dtype}"
            )
        if dtype.hasobject:
            before = self.left
            array = np.empty(count, object)
            for i, item in enumerate(data):
                array[i] = self.value(item)
            size = before - self.left
        else:
            array = np.frombuffer(data, dtype)
        built.value = array.reshape(shape, order="F" if fortran else "C")
        built.size = size

    def value(self, item):
        """Return an item with arrays in place of those that were being built."""
        self._spend(1)
        if isinstance(item, _Built):
            if item.kind == _DTYPE or item.value is None:
                raise ValueError("holds an array that was never filled")
            self._spend(item.size)
            return item.value
        if isinstance(item, _Named):
            raise ValueError("holds a name in the place of data")
        if isinstance(item, dict):
            return {key: self.value(value) for key, value in item.items()}
        if isinstance(item, list | tuple):
            return type(item)(self.value(part) for part in item)
        if isinstance(item, str | bytes):
            self._spend(len(item) // _SHARED_TEXT)
        return item


def _named(name):
    """Return what stands for an allowed name."""
    if name not in _ALLOWED:
        raise ValueError(
            f"asks for {name.replace(' ', '.')!r}, which is not an array: it is not"
            " read"
        )
    return _Named(_ALLOWED[name])


def _pairs(items):
    """Return a dict of a list of keys and values in turn."""
    if not all(isinstance(key, str | bytes) for key in items[::2]):
        raise ValueError("has a dictionary with keys that are not words")
    return dict(zip(items[::2], items[1::2], strict=True))

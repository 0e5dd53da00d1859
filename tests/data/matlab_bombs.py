"""MATLAB files made by hand, which hold less than they declare, or too deep."""

import struct
import zlib

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _DOUBLE = 1, 2, 6


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def head(kind, shape, name):
    """The part of an array before its values."""
    return (
        element(6, struct.pack("<II", kind, 0))
        + element(5, struct.pack(f"<{len(shape)}i", *shape))
        + element(1, name)
    )


def array(kind, shape, values):
    return element(_MATRIX, head(kind, shape, b"x") + values)


def nested(depth):
    """Cells, each in the one before."""
    inner = element(_MATRIX, head(_DOUBLE, (1, 1), b"") + element(9, bytes(8)))
    size, heads = len(inner), []
    for level in range(depth):
        start = head(_CELL, (1, 1), b"x" if level == depth - 1 else b"")
        size += len(start)
        heads.append(struct.pack("<II", _MATRIX, size) + start)
        size += 8
    return b"".join(reversed(heads)) + inner


def packed(content):
    content = zlib.compress(content, 9)
    return struct.pack("<II", _COMPRESSED, len(content)) + content


def many_cells(count):
    return array(_CELL, (count, 1), element(_MATRIX, b"") * count)


FILES = {
    "cells in each other": HEADER + nested(100),
    "deep cells": HEADER + nested(100_000),
    "deep cells, packed": HEADER + packed(nested(100_000)),
    "a wide cell": HEADER + array(_CELL, (10**8, 1), b""),
    "many cells": HEADER + packed(many_cells(10**6)),
    "numbers": HEADER + array(_DOUBLE, (1 << 15, 1 << 15), element(9, b"")),
    "too many numbers": HEADER + array(_DOUBLE, (1 << 30, 1 << 30), element(9, b"")),
    "structs": HEADER
    + packed(
        array(_STRUCT, (10**6, 10**3), element(5, b"\10\0\0\0") + element(1, b"a" * 8))
    ),
}

"""The filters of HDF5 that chunks are read through, each within bounds.

libhdf5 believes the length that a filter gives it: a chunk that inflates to less than
its size is completed by whatever is in memory, and one that inflates to more takes as
much as it likes. Here a chunk has its length, or is refused.
"""

import zlib
from collections.abc import Sequence

import numpy as np

GZIP, SHUFFLE, FLETCHER32, LZF = 1, 2, 3, 32000
NAMES = {GZIP: "gzip", SHUFFLE: "shuffle", FLETCHER32: "fletcher32", LZF: "lzf"}
# Deflate and lzf make at most this many bytes of one.
MOST_INFLATED = 1032
_CHECKSUM = 4  # bytes


def decoded(
    chunk: bytes, filters: Sequence[int], mask: int, size: int, itemsize: int
) -> bytes:
    """Return the values of a chunk.

    Args:
        chunk: Bytes, as they are in the file.
        filters: Sequence of integers, the filters in the order of writing.
        mask: Integer; where a bit is set, that filter was not applied to this chunk.
        size: Integer, number of bytes of its values.
        itemsize: Integer, bytes of a value.

    Raises:
        ValueError: A filter is not one of `NAMES`, or the chunk is damaged.

    Example:

    >>> values = np.arange(4, dtype="<u2").tobytes()
    >>> decoded(zlib.compress(values), [GZIP], 0, 8, 2) == values
    True
    >>> decoded(zlib.compress(values), [GZIP], 0, 800, 2)
    Traceback (most recent call last):
        ...
    ValueError: a chunk of 8 bytes, expected 800
    """
    check_filters(filters)
    applied = [kind for i, kind in enumerate(filters) if not mask >> i & 1]
    for i, kind in reversed(list(enumerate(applied))):
        # Before it, in writing, came these; only checksums make the content longer.
        most = size + _CHECKSUM * applied[:i].count(FLETCHER32)
        if kind == GZIP:
            chunk = _inflated(chunk, most)
        elif kind == LZF:
            chunk = _lzf(chunk, most)
        elif kind == SHUFFLE:
            chunk = _unshuffled(chunk, itemsize)
        else:
            chunk = _checked(chunk)
    if len(chunk) != size:
        raise ValueError(f"a chunk of {len(chunk):,} bytes, expected {size:,}")
    return chunk


def check_filters(filters: Sequence[int]) -> None:
    """Refuse filters other than those of `NAMES`, and more than one that compresses."""
    for kind in filters:
        if kind not in NAMES:
            raise ValueError(f"filter {kind}; expected {', '.join(NAMES.values())}")
    if sum(kind in (GZIP, LZF) for kind in filters) > 1 or len(filters) > 8:
        raise ValueError("compressed twice, or by too many filters")


def _inflated(chunk, most):
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(chunk, most + 1)
    except zlib.error as error:
        raise ValueError(f"a damaged chunk: {error}") from None
    if len(content) > most or not stream.eof:
        raise ValueError(
            f"a chunk that is cut off, or of more than the {most:,} bytes that are"
            " declared"
        )
    return content


def _unshuffled(chunk, itemsize):
    """Put the bytes of each value together again, which stood by significance."""
    whole = len(chunk) // itemsize * itemsize
    planes = np.frombuffer(chunk, np.uint8, whole).reshape(itemsize, -1)
    return planes.T.tobytes() + chunk[whole:]


def _checked(chunk):
    """Return a chunk without its checksum, once that is found right."""
    content, stored = chunk[:-_CHECKSUM], chunk[-_CHECKSUM:]
    second, first = divmod(int.from_bytes(stored, "little"), 1 << 16)
    sums = (first % 65535, second % 65535)  # 0 and 65535 are the same to it
    if len(stored) < _CHECKSUM or sums != fletcher32(content):
        raise ValueError("a damaged chunk: its checksum is another")
    return content


def fletcher32(content: bytes) -> tuple[int, int]:
    """Return the two sums of Fletcher's checksum, below 65535, as HDF5 counts them.

    Args:
        content: Bytes, taken as big-endian words of 16 bits.

    Example:

    >>> fletcher32(bytes([0, 1, 0, 2]))
    (3, 4)
    """
    words = np.frombuffer(content + b"\0" * (len(content) % 2), ">u2")
    first = second = 0
    for start in range(0, len(words), 1 << 16):  # no sum exceeds 64 bits
        block = words[start : start + (1 << 16)].astype(np.uint64)
        ahead = np.arange(len(block), 0, -1, dtype=np.uint64)
        second += len(block) * first + int(block @ ahead)
        first += int(block.sum())
        first, second = first % 65535, second % 65535
    return first, second


def _lzf(chunk, most):
    """Return what a chunk compressed by LZF holds."""
    content, place = bytearray(), 0
    try:
        while place < len(chunk):
            control = chunk[place]
            place += 1
            if control < 32:  # so many bytes, and one, as they are
                literal = chunk[place : place + control + 1]
                content += literal
                place += control + 1
                if len(literal) <= control:
                    raise IndexError
            else:  # bytes that were there before
                length, back = control >> 5, (control & 31) << 8
                if length == 7:
                    length += chunk[place]
                    place += 1
                back += chunk[place] + 1
                place += 1
                length += 2
                if back > len(content):
                    raise IndexError
                start = len(content) - back
                for i in range(start, start + length):
                    content.append(content[i])
            if len(content) > most:
                raise IndexError
    except IndexError:
        raise ValueError("a damaged chunk: not as lzf writes it") from None
    return bytes(content)

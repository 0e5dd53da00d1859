"""Texts in HDF5 files."""

from collections.abc import Callable

import numpy as np

# Of all texts of a dataset, as NumPy lays them: each as long as the longest.
_MOST_BYTES = 1 << 26
# A text of any length: that length, and where in the global heap it is.
IN_HEAP = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])

# Takes a position and a number of bytes, and returns them from the file.
Reader = Callable[[int, int], bytes]


def fixed_texts(values: np.ndarray, padding: str) -> np.ndarray:
    """Return texts of a fixed length as an array of Python's strings.

    Args:
        values: Array of bytes, dtype S.
        padding: String, what fills them up: "end", "nulls" or "spaces".

    Raises:
        ValueError: They are not UTF-8, or too much text.

    Example:

    >>> fixed_texts(np.array([b"on ", b"off"]), "spaces").tolist()
    ['on', 'off']
    """
    _check_amount(values.size, values.dtype.itemsize)
    texts = np.empty(values.shape, object)
    for place, text in np.ndenumerate(values):
        text = text.rstrip(b" ") if padding == "spaces" else text.partition(b"\0")[0]
        texts[place] = _decoded(text)
    return texts


def heap_texts(values: np.ndarray, base: int, size: int, read: Reader) -> np.ndarray:
    """Return texts of any length as an array of Python's strings.

    Args:
        values: Array of dtype `IN_HEAP`.
        base: Integer, position that addresses count from.
        size: Integer, bytes in the file.
        read: Callable, reads from the file.

    Raises:
        ValueError: One is not in the file or not UTF-8, or they are too much text.
    """
    lengths = values["length"]
    _check_amount(values.size, int(lengths.max(initial=0)))
    if lengths.sum(dtype=np.uint64) > size:
        raise ValueError("more text than the file has")
    texts = np.empty(values.shape, object)
    collections: dict[int, dict[int, bytes]] = {}
    for place, value in np.ndenumerate(values):
        length, address, index = (int(part) for part in value.tolist())
        text = b""
        if length:
            if address not in collections:
                collections[address] = _collection(address + base, read)
            text = collections[address].get(index, b"")
        if len(text) < length:
            raise ValueError("a text that is not in the file")
        texts[place] = _decoded(text[:length].partition(b"\0")[0])
    return texts


def _check_amount(count, longest):
    if count * longest > _MOST_BYTES:
        raise ValueError(
            f"{count:,} texts of up to {longest:,} bytes, which is too much text"
        )


def _decoded(text):
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise ValueError(f"text that is not UTF-8: {text[:40]!r}") from None


def _collection(place, read):
    """Return the objects of a collection of the global heap, by their indices."""
    head = read(place, 16)
    size = int.from_bytes(head[8:], "little")
    if head[:5] != b"GCOL\1":
        raise ValueError("a text that is not where it should be")
    content, objects, start = read(place, size), {}, 16
    while start + 16 <= size:
        index = int.from_bytes(content[start : start + 2], "little")
        length = int.from_bytes(content[start + 8 : start + 16], "little")
        if index == 0:  # free space
            break
        objects[index] = content[start + 16 : start + 16 + length]
        start += 16 + -(-length // 8) * 8
    return objects

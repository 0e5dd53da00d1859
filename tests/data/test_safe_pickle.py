"""Pickles of a few bytes that describe what fills the memory, or takes for ever."""

import pickle
import struct
import time

import numpy as np
import pytest

from v1keras.data.sources import safe_pickle

GET = b"h"  # followed by an index of the memo
START, END = b"\x80\x03", b"."


def doubled(levels):
    """A tuple twice in another, that twice in another, and so on."""
    content = START + b"(K\1tq\0"
    for level in range(levels):
        content += 2 * (GET + bytes([level])) + b"\x86q" + bytes([level + 1])
    return content + END


def long_words(words):
    return b"".join(b"X" + struct.pack("<I", len(word)) + word for word in words)


def numbers(size):
    """A dtype in the memo at 0, bytes at 1, and an array of them at 2."""
    content = START + b"cnumpy\ndtype\n(" + long_words([b"u1"]) + b"tRq\0"
    content += b"B" + struct.pack("<I", size) + bytes(size) + b"q\1"
    shape = b"J" + struct.pack("<I", size) + b"\x85"
    made = b"cnumpy.core.multiarray\n_reconstruct\n(tR(K\1" + shape + b"h\0Nh\1tbq\2"
    return content + made


def collisions(count):
    modulus = (1 << 61) - 1
    return b"".join(pickle.dumps(i * modulus, 2)[2:-1] + b"N" for i in range(1, count))


FAR_MORE = "describes far more than a file of its size can hold"
LATIN1 = long_words([b"latin1"])
BOMBS = {
    "233 bytes of doubled tuples": (doubled(32), FAR_MORE),
    "a list of one array": (
        numbers(10**5) + b"](" + b"h\2" * 10**5 + b"e" + END,
        FAR_MORE,
    ),
    "one text encoded often": (
        START
        + long_words([b"a" * 10**5])
        + b"q\0c_codecs\nencode\nq\1("
        + (b"h\1h\0" + LATIN1 + b"\x86R") * 10**4
        + b"t"
        + END,
        FAR_MORE,
    ),
    "marks above a high stack": (
        START + b"N" * 10**5 + b"(t" * 10**5 + b"]a" + END,
        "is damaged",
    ),
    "keys of one hash": (
        START + b"}(" + collisions(30_000) + b"u" + END,
        "keys that are not words",
    ),
    "deep lists": (START + b"]" * 10**5 + b"a" * (10**5 - 1) + END, "RecursionError"),
    "a number of the memo": (START + b"Np" + b"9" * 4000 + b"\n" + END, "damaged"),
    "a record": (
        START + b"cnumpy\ndtype\n(" + long_words([b"f8,f8"]) + b"tR" + END,
        "of a type that is not a plain one",
    ),
    "a wide dtype": (
        START + b"cnumpy\ndtype\n(" + long_words([b"(99999,99999)f8"]) + b"tR" + END,
        "of a type that is not a plain one",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_at_once(name):
    content, message = BOMBS[name]
    start = time.process_time()
    with pytest.raises(ValueError, match=message) as raised:
        safe_pickle.load(content)
    assert "\n" not in str(raised.value)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("protocol", range(1, 5))
def test_things_that_are_shared_are_read(protocol):
    numbers, word = np.arange(1000), "a word that is used again"
    content = {"a": numbers, "b": [word] * 100, "c": numbers, "d": {"e": (1, 2.5)}}
    found = safe_pickle.load(pickle.dumps(content, protocol))
    np.testing.assert_array_equal(found["a"], numbers)
    np.testing.assert_array_equal(found["c"], numbers)
    assert found["b"] == [word] * 100 and found["d"] == {"e": (1, 2.5)}

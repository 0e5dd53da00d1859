"""What can be wrong with a file, and the check that it was told."""

import os
import pathlib

import numpy as np

MADE = pathlib.Path("executed")


class Executes:
    """Unpickled, it makes a file."""

    def __reduce__(self):
        return (os.system, (f"touch {MADE}",))


def objects(length):
    array = np.empty(length, object)
    array[:] = [Executes() for _ in range(length)]
    return array


def refused(read, path, whole=None):
    """Checks one damaged file. Where `whole` is given, reading as that is no error."""
    try:
        recording = read(path)
    except (ValueError, OSError) as error:
        message = str(error)
        assert "\n" not in message and len(message) < 1000 and path.name in message, (
            message
        )
    else:
        assert whole is not None, "read without an error"
        for name in ("images", "responses", "split", "repeats"):
            np.testing.assert_array_equal(
                getattr(recording, name), getattr(whole, name)
            )
    assert not MADE.exists()


def wrong_arrays(array):
    """The array misshapen, of another type, or holding what can't be."""
    array = np.asarray(array)
    wrong = {
        "first missing": array[1:],
        "one axis more": array[None, None],
        "flat": array.ravel()[: array.size - 1],
        "words": np.full(array.shape, "x"),
        "complex": np.full(array.shape, 1j),
        "pickled": objects(3),
        "empty": array[:0],
    }
    if array.ndim > 1 and array.shape != array.T.shape:
        wrong["transposed"] = array.T
    return wrong


def damaged(content, seed, flips):
    """The file cut off, emptied, and with single bytes changed."""
    rng = np.random.default_rng(seed)
    for share in (0, 0.1, 0.5, 0.9):
        yield content[: int(share * len(content))]
    yield content[:-1]
    for position in rng.integers(0, len(content), flips):
        yield (
            content[:position]
            + bytes([content[position] ^ (1 << rng.integers(8))])
            + content[position + 1 :]
        )

"""Readers of public datasets: each turns the publisher's file into a `Recording`."""

import functools

from v1keras.data.sources import kindel2019, tang2018

SOURCES = {
    "kindel2019": kindel2019.read,
    "tang2018": tang2018.read,
    # The same with more of each pattern: 40 x 40 pixels.
    "tang2018_wide": functools.partial(tang2018.read, central=80),
}


def read(name):
    """Reads a public dataset by name, downloading it where it isn't in the folder that `V1KERAS_DATA` names.

    Args:
        name: one of `SOURCES`.

    Raises:
        ValueError: unknown name, or a file whose sha256 is not the publisher's.
        OSError: not there and not to be downloaded.
    """
    if name not in SOURCES:
        raise ValueError(f"no dataset {name!r}; there is {', '.join(SOURCES)}")
    return SOURCES[name]()

"""Readers of public datasets: each turns the publisher's file into a `Recording`."""

import functools
import os
from collections.abc import Callable

from v1keras.data.recording import Recording
from v1keras.data.sources import (
    allen_scenes,
    antolik2016,
    cadena2019,
    kindel2019,
    pvc8,
    sensorium2022,
    tang2018,
)
from v1keras.data.sources.archives import naming

SOURCES: dict[str, Callable[..., Recording]] = {
    "kindel2019": kindel2019.read,
    "pvc8": pvc8.read,
    "pvc8_large": functools.partial(pvc8.read, kind="large"),
    "pvc8_gratings": functools.partial(pvc8.read, kind="gratings"),
    "cadena2019": cadena2019.read,
    "tang2018": tang2018.read,
    # The same with more of each pattern: 40 x 40 pixels.
    "tang2018_wide": functools.partial(tang2018.read, central=80),
    **{
        f"antolik2016_region{region}": functools.partial(
            antolik2016.read, region=region
        )
        for region in (1, 2, 3)
    },
    **{
        f"sensorium2022_{scan}": functools.partial(
            sensorium2022.read_sensorium, scan=scan
        )
        for scan in sensorium2022.SCANS
    },
    "lurz2020": sensorium2022.read_lurz,
    **{
        f"franke2022_channel{channel}": functools.partial(
            sensorium2022.read_franke, channel=channel
        )
        for channel in (0, 1)
    },
    "allen_scenes": allen_scenes.read,
}


def read(name: str, path: str | os.PathLike[str] | None = None) -> Recording:
    """Reads a public dataset by name.

    Args:
        name: one of `SOURCES`.
        path: the publisher's file or folder; where left out, it is looked for in the
            folder that `V1KERAS_DATA` names, or downloaded where that is not set and
            the publisher serves it freely.

    Raises:
        ValueError: unknown name, or a file that is not the publisher's or malformed.
        OSError: not there and not to be downloaded.
    """
    if name not in SOURCES:
        raise ValueError(f"no dataset {name!r}; there is {', '.join(SOURCES)}")
    with naming(path or name, ()):
        return SOURCES[name](path)

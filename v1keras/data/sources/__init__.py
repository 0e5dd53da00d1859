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
from v1keras.io.foreign import errors_naming

SOURCES: dict[str, Callable[..., Recording]] = {
    "kindel2019": kindel2019.read,
    "pvc8": pvc8.read,
    "pvc8_large": functools.partial(pvc8.read, kind="large"),
    "pvc8_gratings": functools.partial(pvc8.read, kind="gratings"),
    "cadena2019": cadena2019.read,
    "tang2018": tang2018.read,
    # The same with more of each pattern: 40 x 40 pixels.
    "tang2018_wide": functools.partial(tang2018.read, central=80),
}
for _region in (1, 2, 3):
    SOURCES[f"antolik2016_region{_region}"] = functools.partial(
        antolik2016.read, region=_region
    )
for _scan in sensorium2022.SCANS:
    SOURCES[f"sensorium2022_{_scan}"] = functools.partial(
        sensorium2022.read_sensorium, scan=_scan
    )
SOURCES["lurz2020"] = sensorium2022.read_lurz
for _channel in (0, 1):
    SOURCES[f"franke2022_channel{_channel}"] = functools.partial(
        sensorium2022.read_franke, channel=_channel
    )
SOURCES["allen_scenes"] = allen_scenes.read


def read(name: str, path: str | os.PathLike[str] | None = None) -> Recording:
    """Read a public dataset by name.

    Args:
        name: String, one of `SOURCES`.
        path: Path of the publisher's file or folder. Defaults to that in the folder
            that `V1KERAS_DATA` names, or, where that is not set and the publisher
            serves it freely, to a download.

    Raises:
        ValueError: There is no such dataset, or the file is not the publisher's or is
            malformed.
        OSError: The file is not there and can't be downloaded.
    """
    if name not in SOURCES:
        raise ValueError(f"no dataset {name!r}; there is {', '.join(SOURCES)}")
    with errors_naming(path or name, passing=(OSError,)):
        return SOURCES[name](path)

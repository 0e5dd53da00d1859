"""Sessions in NWB files, read by a process of their own.

pynwb runs libhdf5 on the file, which a damaged one can crash, or have loop or fill the
memory. The process writes what it has read as .npy files, which are read here.
"""

import atexit
import dataclasses
import importlib.util
import os
import pathlib
import tempfile
import warnings

import numpy as np

from v1keras.data.sources import nwb_file, sessions
from v1keras.io import hdf5_file
from v1keras.io.archives import npy
from v1keras.io.foreign import errors_naming
from v1keras.io.hdf5_process import FileProcess
from v1keras.io.large_arrays import row_blocks, zeros_or_memmap

_SECONDS = 7200  # that a file of any size may take
_AT_ONCE = 1 << 28  # bytes of a file that is read into memory
_SERVER = FileProcess("v1keras.data.sources.nwb_server", "", _SECONDS)
atexit.register(_SERVER.close)


def session(path, choices):
    """Return the `Session` in a file.

    Args:
        path: `pathlib.Path` of the file.
        choices: `v1keras.data.sources.nwb.Choices`.

    Raises:
        OSError: It is not there.
        ValueError: It can't be read, lacks what is needed, or leaves open which of its
            objects is meant; names the file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    if importlib.util.find_spec("pynwb") is None:
        raise ValueError(nwb_file.NOT_INSTALLED)
    with hdf5_file.opened(path) as file:
        file.check_contained()
    with errors_naming(path), tempfile.TemporaryDirectory() as folder:
        answer = _SERVER.ask(
            open=os.path.abspath(path),
            shown_as=str(path),
            choices=dataclasses.asdict(choices),
            folder=folder,
        )
        for text in answer["warnings"]:
            warnings.warn(text)
        return sessions.Session(**_restored(answer["session"], pathlib.Path(folder)))


def _restored(value, folder):
    """Return an answer with the arrays that its files hold."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"npy"}:
        return _array(folder / f"{int(value['npy'])}.npy")
    return {key: _restored(part, folder) for key, part in value.items()}


def _array(path):
    """Return the array in a file, which is removed later."""
    if path.stat().st_size < _AT_ONCE:
        return npy(path.read_bytes(), path.name).copy()
    stored = np.load(path, mmap_mode="r", allow_pickle=False)
    array = zeros_or_memmap(stored.shape, stored.dtype)
    for rows, block in row_blocks(stored):
        array[rows] = block
    return array

"""Checkpoints, from which an interrupted training resumes."""

import hashlib
import json
import os
import pathlib
import time
import warnings
from typing import Any

import h5py
import numpy as np

from v1keras.io import hdf5_file
from v1keras.io.atomic import atomic_write, check_disk_space
from v1keras.io.foreign import errors_naming, short

_HEAD = 512  # bytes, the least that HDF5 leaves to its user
_TITLE = "v1keras checkpoint, sha256 "
_CHANGED = "its content is not what was written"


class Checkpoints:
    """Folder of the last few checkpoints, each verified when it is read.

    A checkpoint is a file `STEP.h5` of groups of arrays and a state in JSON. It begins
    with the sha256 of all bytes behind it, in the block that HDF5 leaves to its user.

    Args:
        folder: String or path; made with the first checkpoint.
        every: Float, number of seconds between two checkpoints.
        keep: Integer, number of checkpoints to keep.

    Example:

    >>> import tempfile
    >>> checkpoints = Checkpoints(tempfile.mkdtemp())
    >>> checkpoints.save(7, {"model": [np.ones(2)]}, {"epoch": 1})
    >>> groups, state = checkpoints.newest()
    >>> groups["model"][0].tolist(), state
    ([1.0, 1.0], {'epoch': 1})
    """

    def __init__(
        self, folder: str | os.PathLike[str], every: float = 60.0, keep: int = 3
    ) -> None:
        self.folder = pathlib.Path(folder)
        self.every = every
        self.keep = keep
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Boolean, whether `every` seconds have passed since the last checkpoint."""
        return time.monotonic() - self._last >= self.every

    def save(
        self, step: int, groups: dict[str, list[np.ndarray]], state: dict[str, Any]
    ) -> None:
        """Write a checkpoint atomically, and remove the oldest.

        If it can't be written, because the disk is full for example, a warning is
        issued and the earlier ones stay.

        Args:
            step: Integer that rises from one checkpoint to the next.
            groups: Dict of lists of arrays.
            state: Dict that JSON can hold.
        """
        self._last = time.monotonic()
        arrays = [array for group in groups.values() for array in group]
        try:
            with atomic_write(self.folder / f"{step:012d}.h5") as temporary:
                check_disk_space(temporary.parent, arrays)
                _write(temporary, groups, json.dumps(state))
        except OSError as error:
            newest = (self._paths() or ["missing"])[-1]
            warnings.warn(
                f"checkpoint not written ({error}); training goes on, the last one is"
                f" {newest}"
            )
            return
        for path in self._paths()[: -self.keep]:
            path.unlink(missing_ok=True)

    def newest(
        self,
    ) -> tuple[dict[str, list[np.ndarray]] | None, dict[str, Any] | None]:
        """Return the (groups, state) of the newest checkpoint that can be read.

        Returns:
            As given to `save`; (None, None) if there is no checkpoint.

        Raises:
            ValueError: None of the checkpoints can be read.
        """
        paths = self._paths()
        for path in reversed(paths):
            try:
                return _read(path)
            except (OSError, ValueError) as error:
                warnings.warn(
                    f"a checkpoint is damaged ({short(error)}); going back to the"
                    " one before"
                )
        if paths:
            raise ValueError(
                f"no checkpoint in {self.folder} can be read; remove that folder to"
                " train from the beginning"
            )
        return None, None

    def _paths(self):
        return sorted(path for path in self.folder.glob("*.h5") if path.stem.isdigit())


def _write(path, groups, text):
    with h5py.File(path, "w", userblock_size=_HEAD) as file:
        file["facts"] = text
        for name, arrays in groups.items():
            group = file.create_group(name)
            for i, array in enumerate(arrays):
                group[str(i)] = array
    with open(path, "r+b") as stream:
        stream.write(_head(stream))


def _read(path):
    with errors_naming(path):
        with open(path, "rb") as stream:
            start, head = stream.read(_HEAD), _head(stream)
        former = start.startswith(hdf5_file.SIGNATURE)
        if start != head and not former:
            raise ValueError(_CHANGED)
        with hdf5_file.opened(path) as file:
            text, groups = file["facts"][...].item(), {}
            for name, group in file.items():
                if isinstance(group, hdf5_file.Group):
                    arrays = [group[str(i)][...] for i in range(len(group))]
                    groups[name] = arrays
            if former and file.attrs.get("sha256") != _former_digest(groups, text):
                raise ValueError(_CHANGED)
        return groups, json.loads(text)


def _head(stream):
    """Return what a file begins with, from what follows it."""
    digest = hashlib.sha256()
    stream.seek(_HEAD)
    while block := stream.read(1 << 20):
        digest.update(block)
    stream.seek(0)
    return f"{_TITLE}{digest.hexdigest()}\n".encode().ljust(_HEAD, b"\0")


def _former_digest(groups, text):
    """Return the sha256 of the content, which stood in the file, not before it."""
    digest = hashlib.sha256(text.encode())
    for name, arrays in sorted(groups.items()):
        for array in arrays:
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()

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

from v1keras.io.atomic import atomic_write, check_disk_space


class Checkpoints:
    """Folder of the last few checkpoints, each verified when it is read.

    A checkpoint is a file `STEP.h5` of groups of arrays and a state in JSON, with the
    sha256 of both.

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
            except (OSError, KeyError, ValueError) as error:
                warnings.warn(
                    f"checkpoint {path} is damaged ({error}); going back to the one"
                    " before"
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
    with h5py.File(path, "w") as file:
        file["facts"] = text
        file.attrs["sha256"] = _digest(groups, text)
        for name, arrays in groups.items():
            group = file.create_group(name)
            for i, array in enumerate(arrays):
                group[str(i)] = array


def _read(path):
    with h5py.File(path, "r") as file:
        text = file["facts"].asstr()[()]
        groups = {}
        for name, group in file.items():
            if isinstance(group, h5py.Group):
                groups[name] = [group[str(i)][...] for i in range(len(group))]
        if file.attrs["sha256"] != _digest(groups, text):
            raise ValueError("its content is not what was written")
    return groups, json.loads(text)


def _digest(groups, text):
    digest = hashlib.sha256(text.encode())
    for name, arrays in sorted(groups.items()):
        for array in arrays:
            array = np.asarray(array)
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()

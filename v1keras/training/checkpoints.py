"""Where an interrupted training goes on: the last few of its states, each whole and
verified.
"""

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
    """A folder of checkpoints, `STEP.h5` each: arrays in groups and what JSON can hold,
    under a sha256 of all of it.

    Args:
        folder: made with the first checkpoint.
        every: seconds between two.
        keep: how many of the last stay.

    Example:

    >>> import tempfile
    >>> checkpoints = Checkpoints(tempfile.mkdtemp())
    >>> checkpoints.save(7, {"model": [np.ones(2)]}, {"epoch": 1})
    >>> arrays, facts = checkpoints.newest()
    >>> arrays["model"][0].tolist(), facts
    ([1.0, 1.0], {'epoch': 1})
    """

    def __init__(
        self, folder: str | os.PathLike[str], every: float = 60.0, keep: int = 3
    ) -> None:
        self.folder, self.every, self.keep = pathlib.Path(folder), every, keep
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether `every` seconds have passed since the last."""
        return time.monotonic() - self._last >= self.every

    def save(
        self, step: int, groups: dict[str, list[np.ndarray]], facts: dict[str, Any]
    ) -> None:
        """Writes one, beside its place until it is whole, and removes the oldest.

        Where that can't be done, the disk being full for one, it says so and leaves
        those that are there.

        Args:
            step: whole number that rises from one to the next.
            groups: dict of lists of arrays.
            facts: what JSON can hold.
        """
        self._last = time.monotonic()
        text = json.dumps(facts)
        try:
            with atomic_write(self.folder / f"{step:012d}.h5") as beside:
                check_disk_space(
                    beside.parent,
                    [array for arrays in groups.values() for array in arrays],
                )
                with h5py.File(beside, "w") as file:
                    file["facts"] = text
                    file.attrs["sha256"] = _digest(groups, text)
                    for group, arrays in groups.items():
                        file.create_group(group)
                        for i, array in enumerate(arrays):
                            file[group][str(i)] = array
        except OSError as error:
            kept = self._paths()
            warnings.warn(
                f"checkpoint not written ({error}); training goes on, the last one is"
                f" {kept[-1] if kept else 'missing'}"
            )
            return
        for path in self._paths()[: -self.keep]:
            path.unlink(missing_ok=True)

    def newest(
        self,
    ) -> tuple[dict[str, list[np.ndarray]] | None, dict[str, Any] | None]:
        """(groups, facts) of the newest that is whole; (None, None) where there is none
        at all.

        Raises:
            ValueError: there are some, and not one can be read.
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


def _read(path):
    with h5py.File(path, "r") as file:
        text = file["facts"].asstr()[()]
        groups = {
            name: [group[str(i)][...] for i in range(len(group))]
            for name, group in file.items()
            if isinstance(group, h5py.Group)
        }
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

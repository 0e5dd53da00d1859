"""HDF5 files that may come from anyone, read as plain data.

A process of its own tells how a file is laid (`v1keras.io.hdf5_server`), and the values
are read here, from the places that it names. Numbers, truth values and texts are read,
contiguous, compact or in chunks, and of the filters gzip, shuffle, fletcher32 and lzf.
Nothing outside the file is followed: no link but a hard one, no external storage, no
virtual dataset. No size is believed that the file can't hold.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Union

from v1keras.io.foreign import errors_naming
from v1keras.io.hdf5_dataset import Dataset
from v1keras.io.hdf5_process import layouts

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_hdf5(file: str | os.PathLike[str] | BinaryIO) -> bool:
    """Return True if a file begins as HDF5, at once or behind a block of the user's.

    Args:
        file: Path of a file, or its content as a binary stream.
    """
    with _stream(file) as stream:
        size, place = stream.seek(0, os.SEEK_END), 0
        while place < size:
            stream.seek(place)
            if stream.read(len(SIGNATURE)) == SIGNATURE:
                return True
            place = max(512, 2 * place)
    return False


@contextlib.contextmanager
def opened(
    file: str | os.PathLike[str] | BinaryIO, shown_as: str | None = None
) -> Iterator["File"]:
    """Open a file for reading.

    Args:
        file: Path of the file, or its content as a binary stream.
        shown_as: String, name of the file in errors. Defaults to its path.

    Yields:
        `File`, which can be used within the block.

    Raises:
        OSError: There is no such file, or it is none that has an end.
        ValueError: It is not HDF5, or damaged.

    Example:

    >>> import h5py, tempfile
    >>> path = tempfile.mkdtemp() + "/a.h5"
    >>> with h5py.File(path, "w") as file:
    ...     file["group/numbers"] = [[1, 2], [3, 4]]
    ...     file.attrs["name"] = "a"
    >>> with opened(path) as file:
    ...     file["group/numbers"][1:].tolist(), file.attrs
    ([[3, 4]], {'name': 'a'})
    """
    with _on_disk(file) as path, open(path, "rb") as stream:
        shown = str(file if shown_as is None and path == file else shown_as or "file")
        with errors_naming(shown):
            if not is_hdf5(path):
                raise ValueError("not an HDF5 file")
            answer = layouts.ask(open=os.path.abspath(path))
        try:
            yield File(answer, stream, shown)
        finally:
            with contextlib.suppress(ValueError):
                layouts.ask(close=answer["file"])


@contextlib.contextmanager
def _stream(file):
    """Yield a binary stream, opened where there is a path, closed or set back."""
    if isinstance(file, (str, os.PathLike)):
        with open(file, "rb") as stream:
            yield stream
    else:
        yield file
        file.seek(0)


@contextlib.contextmanager
def _on_disk(file):
    """Yield the path of a file, of a stream that of a temporary copy."""
    if isinstance(file, (str, os.PathLike)):
        if not pathlib.Path(file).is_file():
            raise FileNotFoundError(f"no file {file}")
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file.h5")
        with open(path, "wb") as copy:
            shutil.copyfileobj(file, copy)
        yield path


class Group(Mapping[str, Union["Group", "Dataset"]]):
    """Groups and datasets by their names; a name may lead through groups by slashes.

    Attributes:
        name: String, path of the group in the file.
        address: Integer, which no other object in the file has.
        attrs: Dict of attributes: numbers, texts and nested lists of them, None for one
            of another type.
    """

    def __init__(
        self, file: "File", name: str, address: int, described: dict[str, Any]
    ) -> None:
        self._file = file
        self.address = address
        self._members: dict[str, int | str] = described["members"]
        self.name = name
        self.attrs: dict[str, Any] = described["attributes"]

    def __getitem__(self, name: str) -> Union["Group", "Dataset"]:
        item: Group | Dataset = self
        for part in filter(None, name.split("/")):
            if not isinstance(item, Group) or part not in item._members:
                raise KeyError(name)
            path = f"{item.name.rstrip('/')}/{part}"
            target = item._members[part]
            if isinstance(target, str):
                raise ValueError(
                    f"{self._file.shown}: {path} is {target}, which is not followed;"
                    " expected the dataset itself"
                )
            item = self._file.object_at(target, path)
        return item

    def __contains__(self, name: object) -> bool:
        head, _, tail = str(name).strip("/").partition("/")
        if not tail or head not in self._members:
            return head in self._members
        item = self[head]
        return isinstance(item, Group) and tail in item

    def get(self, name: str, default: Any = None) -> Any:
        """Return a group or dataset, or the default if there is none."""
        return self[name] if name in self else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


class File(Group):
    """The first group of a file, made by `opened`.

    Attributes:
        shown: String, name of the file in errors.
        size: Integer, bytes in the file.
        base: Integer, position that addresses in the file count from.
        number: Integer, by which the process that tells of layouts knows the file.
    """

    def __init__(self, answer: dict[str, Any], stream: BinaryIO, shown: str) -> None:
        self.shown = shown
        self.size = os.fstat(stream.fileno()).st_size
        self.base: int = answer["base"]
        self.number: int = answer["file"]
        self._stream = stream
        self._objects = {int(key): item for key, item in answer["objects"].items()}
        self._claimed: dict[int, int] = {}
        root = answer["root"]
        super().__init__(self, "/", root, self._objects[root])

    def check_contained(self) -> None:
        """Check that libhdf5 is led nowhere by the file, and finds all chunks.

        This is for files that a library opens which knows no other way. Soft links stay
        within the file.

        Raises:
            ValueError: A part of the file is elsewhere, needs a filter from elsewhere,
                or is not whole.
        """
        for described in self._objects.values():
            for name, target in described.get("members", {}).items():
                if target == "a soft link":
                    continue
                item = self._objects.get(target, {})
                if isinstance(target, str) or item.get("leads_out", not item):
                    text = item.get("refused", target)
                    raise ValueError(f"{self.shown}: {name} is {text}; not followed")
                if "layout" in item:
                    Dataset(self, name, target, item).check_chunks()

    def object_at(self, address: int, path: str) -> Group | Dataset:
        """Return the object at an address, as one of that path."""
        described = self._objects.get(address)
        if described is None:
            raise ValueError(
                f"{self.shown}: {path} is not in the file, or too deep in it"
            )
        if "members" in described:
            return Group(self, path, address, described)
        if "refused" in described:
            raise ValueError(
                f"{self.shown}: {path} is not read: it is {described['refused']}"
            )
        return Dataset(self, path, address, described)

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes from their place in the file."""
        if not 0 <= offset <= offset + size <= self.size:
            raise ValueError(f"{size:,} bytes behind the end of the file")
        self._stream.seek(offset)
        return self._stream.read(size)

    def claim(self, address: int, size: int) -> None:
        """Note the bytes of the dataset at an address, which no other may have."""
        self._claimed[address] = size
        if sum(self._claimed.values()) > self.size:
            raise ValueError("more bytes than the file has: its datasets overlap")

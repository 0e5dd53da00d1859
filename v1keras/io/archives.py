"""Publishers' folders and archives, and the .npy files in them, read as plain data.

Nothing in them is executed. Every function raises a `ValueError` of one line that names
the file, whatever is wrong with it.
"""

import io
import pathlib
import posixpath
import tarfile
import zipfile

import numpy as np

from v1keras.io.foreign import errors_naming

# The largest published file that is read at once: 956 stimuli x 20 repeats x 211 ms x
# 110 units of pvc-8 are 444 MB.
LARGEST_FILE = 1 << 30


class Folder:
    """The files of a folder, or of a .zip or .tar.gz archive, by their relative names.

    Nothing is unpacked to the disk: a member is read into memory, up to `LARGEST_FILE`.

    Args:
        path: Path of a folder or an archive.

    Raises:
        FileNotFoundError: There is nothing at `path`.
        ValueError: It is neither, or damaged, or a member's name leads out of it.

    Example:

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp())
    >>> np.save(path / "a.npy", np.arange(3))
    >>> with Folder(path) as folder:
    ...     folder.names, folder.npy("a.npy").tolist()
    (['a.npy'], [0, 1, 2])
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._archive = None
        if self.path.is_dir():
            files = [file for file in self.path.rglob("*") if file.is_file()]
            names = [file.relative_to(self.path).as_posix() for file in files]
            sizes = [file.stat().st_size for file in files]
            self._sizes = dict(zip(names, sizes, strict=True))
            return
        if not self.path.is_file():
            raise FileNotFoundError(f"no file or folder {self.path}")
        with errors_naming(self.path):
            self._sizes = self._open_archive()
        for name in self._sizes:
            if posixpath.isabs(name) or ".." in name.replace("\\", "/").split("/"):
                self.close()
                raise ValueError(
                    f"{self.path}: the member {name!r} leads out of the archive"
                )

    def _open_archive(self):
        """Open the archive and return a dict from its members to their sizes."""
        if zipfile.is_zipfile(self.path):
            self._archive = zipfile.ZipFile(self.path)
            members = self._archive.infolist()
            return {m.filename: m.file_size for m in members if not m.is_dir()}
        if tarfile.is_tarfile(self.path):
            self._archive = tarfile.open(self.path)
            members = self._archive.getmembers()
            return {m.name: m.size for m in members if m.isfile()}
        raise ValueError(
            f"{self.path} is neither a folder nor a whole .zip or .tar.gz archive"
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the archive."""
        if self._archive is not None:
            self._archive.close()

    def __contains__(self, name):
        return name in self._sizes

    @property
    def names(self):
        """Names of all files, sorted."""
        return sorted(self._sizes)

    @property
    def in_order(self):
        """Names of all files in the archive's order.

        A compressed tar is read through once in this order.
        """
        return list(self._sizes)

    def find(self, tail):
        """Return the one name that is `tail` or ends with `/tail`.

        Raises:
            ValueError: There is none, or there are several.
        """
        matches = [name for name in self.names if f"/{name}".endswith(f"/{tail}")]
        if len(matches) != 1:
            content = ", ".join(matches or self.names[:5]) or "nothing"
            if not matches:
                content += ", ..."
            raise ValueError(
                f"{self.path}: expected one {tail}, found {len(matches)} (it holds"
                f" {content})"
            )
        return matches[0]

    def read(self, name):
        """Return the content of a file as bytes."""
        if self._sizes[name] > LARGEST_FILE:
            raise ValueError(
                f"{self.path}: {name} declares {self._sizes[name]} bytes, expected at"
                f" most {LARGEST_FILE}"
            )
        with errors_naming(f"{self.path}: {name}"):
            if self._archive is None:
                return (self.path / name).read_bytes()
            if isinstance(self._archive, zipfile.ZipFile):
                return self._archive.read(name)
            return self._archive.extractfile(name).read()

    def npy(self, name):
        """Return the array in a .npy file."""
        return npy(self.read(name), f"{self.path}: {name}")


def npy(content, file):
    """Return the array in the content of a .npy file.

    Args:
        content: Bytes, the whole file.
        file: Name of the file, for errors.

    Raises:
        ValueError: It is not such a file, holds Python objects, or is shorter or longer
            than its header says.

    Example:

    >>> buffer = io.BytesIO()
    >>> np.save(buffer, np.eye(2))
    >>> npy(buffer.getvalue(), "eye.npy").tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    with errors_naming(file):
        stream = io.BytesIO(content)
        read_header = np.lib.format.read_array_header_2_0
        if np.lib.format.read_magic(stream) == (1, 0):
            read_header = np.lib.format.read_array_header_1_0
        shape, fortran, dtype = read_header(stream)
        if dtype.hasobject:
            raise ValueError(
                "holds pickled Python objects, which are not read; expected numbers or"
                " strings"
            )
        size = dtype.itemsize
        for length in shape:
            size *= length
        data = content[stream.tell() :]
        if min(shape, default=0) < 0 or size != len(data):
            raise ValueError(
                f"holds {len(data)} bytes of data, expected {size} for {shape} of"
                f" {dtype}"
            )
        return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")

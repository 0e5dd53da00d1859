"""Publishers' folders and archives, and the .npy files in them, read as plain data.

Nothing in them is executed. Every function raises a `ValueError` of one line that names
the file, whatever is wrong with it.
"""

import gzip
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
# An archive of a gigabyte or more, unpacked, is at most this often as large as packed.
_UNPACKED = 100
_MOST_FILES = 200_000
_LARGEST_HEADER = 16 << 20  # bytes of all extended headers of a .tar file


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
        self._archive = self._stream = None
        self._members = {}
        if self.path.is_dir():
            files = [file for file in self.path.rglob("*") if file.is_file()]
            names = [file.relative_to(self.path).as_posix() for file in files]
            sizes = [file.stat().st_size for file in files]
            self._sizes = dict(zip(names, sizes, strict=True))
            return
        if not self.path.is_file():
            raise FileNotFoundError(f"no file or folder {self.path}")
        try:
            with errors_naming(self.path):
                self._sizes = self._open_archive()
        except BaseException:
            self.close()
            raise
        for name in self._sizes:
            if posixpath.isabs(name) or ".." in name.replace("\\", "/").split("/"):
                self.close()
                raise ValueError(
                    f"{self.path}: the member {name!r} leads out of the archive"
                )

    def _open_archive(self):
        """Open the archive and return a dict from its members to their sizes."""
        most = max(LARGEST_FILE, _UNPACKED * self.path.stat().st_size)
        if zipfile.is_zipfile(self.path):
            self._archive = zipfile.ZipFile(self.path)
            for member in self._archive.infolist():
                if not member.is_dir():
                    self._members[member.filename] = member
            sizes = {name: m.file_size for name, m in self._members.items()}
            if sum(sizes.values()) > most:
                raise ValueError(_too_large(most))
            return sizes
        try:
            self._stream = _BoundedStream(self.path, most)
            self._archive = tarfile.open(fileobj=self._stream, mode="r:")
        except ValueError:
            raise
        except Exception:
            raise ValueError(
                f"{self.path} is neither a folder nor a whole .zip or .tar.gz archive"
            ) from None
        for member in self._archive:
            if member.size < 0 or len(self._archive.members) > _MOST_FILES:
                raise ValueError("holds too many files, or one of a size below 0")
            # No links, devices, or files that are said to have gaps.
            if member.type in tarfile.REGULAR_TYPES and not member.issparse():
                self._members[member.name] = member
        self._stream.largest = LARGEST_FILE
        return {name: m.size for name, m in self._members.items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Close the archive."""
        for opened in (self._archive, self._stream):
            if opened is not None:
                opened.close()

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
            member = self._members[name]
            if isinstance(self._archive, tarfile.TarFile):
                return self._archive.extractfile(member).read()
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError("is packed otherwise than by deflate: pack it anew")
            return self._archive.read(member)

    def npy(self, name):
        """Return the array in a .npy file."""
        return npy(self.read(name), f"{self.path}: {name}")


class _BoundedStream:
    """Content of a .tar or .tar.gz file, of which only so much is read.

    Args:
        path: Path of the file.
        most: Integer, bytes that it may unpack to.

    Attributes:
        largest: Integer, bytes that may be read at once; at first what a list of the
            files may take, of which extended headers are a part.
    """

    def __init__(self, path, most):
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        self._stream = gzip.open(path) if packed else open(path, "rb")
        self._most = most
        self._headers = 0
        self.largest = _LARGEST_HEADER

    def read(self, size):
        """Read bytes."""
        if self.largest == _LARGEST_HEADER and size > tarfile.BLOCKSIZE:
            self._headers += size
        if max(size, self._headers) > self.largest:
            raise ValueError("has headers, or a file, too large to be read")
        return self._stream.read(size)

    def seek(self, position):
        """Go to a position."""
        if position > self._most:
            raise ValueError(_too_large(self._most))
        return self._stream.seek(position)

    def tell(self):
        """Return the position."""
        return self._stream.tell()

    def close(self):
        """Close the file."""
        self._stream.close()


def _too_large(most):
    return f"unpacks to more than {most:,} bytes: unpack it, and name the folder"


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

"""Publishers' containers, read as plain data: folders, zip and tar archives, .npy,
MATLAB files. Nothing in them is executed.

Every function raises a `ValueError` of one line that names the file, whatever is wrong
with it.
"""

import contextlib
import io
import pathlib
import posixpath
import tarfile
import zipfile
import zlib

import h5py
import numpy as np
import scipy.io

# The largest published file that is read at once: 956 stimuli x 20 repeats x 211 ms x
# 110 units of pvc-8 are 444 MB.
LARGEST_FILE = 1 << 30
_HDF5 = b"\x89HDF\r\n\x1a\n"  # at its beginning, or behind MATLAB's header
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
    OSError,
)


class Folder:
    """The files of a folder, or of a .zip or .tar.gz archive, by their relative names.

    Nothing is unpacked to the disk: a member is read into memory, up to `LARGEST_FILE`.

    Args:
        path: a folder or an archive.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        ValueError: it is neither, or damaged, or a member's name leads out of it.

    Example:

    >>> import tempfile, pathlib
    >>> where = pathlib.Path(tempfile.mkdtemp())
    >>> np.save(where / "a.npy", np.arange(3))
    >>> with Folder(where) as folder:
    ...     folder.names, folder.npy("a.npy").tolist()
    (['a.npy'], [0, 1, 2])
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._archive = None
        if self.path.is_dir():
            self._sizes = {
                p.relative_to(self.path).as_posix(): p.stat().st_size
                for p in self.path.rglob("*")
                if p.is_file()
            }
            return
        if not self.path.is_file():
            raise FileNotFoundError(f"no file or folder {self.path}")
        with naming(self.path, _DAMAGED):
            if zipfile.is_zipfile(self.path):
                self._archive = zipfile.ZipFile(self.path)
                self._sizes = {
                    m.filename: m.file_size
                    for m in self._archive.infolist()
                    if not m.is_dir()
                }
            elif tarfile.is_tarfile(self.path):
                self._archive = tarfile.open(self.path)
                self._sizes = {
                    m.name: m.size for m in self._archive.getmembers() if m.isfile()
                }
            else:
                raise ValueError(
                    f"{self.path} is neither a folder nor a whole .zip or .tar.gz"
                    " archive"
                )
        for name in self._sizes:
            if posixpath.isabs(name) or ".." in name.replace("\\", "/").split("/"):
                self.close()
                raise ValueError(
                    f"{self.path}: the member {name!r} leads out of the archive"
                )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
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
        """Names of all files as the archive has them: a compressed tar is read through
        once in this order.
        """
        return list(self._sizes)

    def find(self, tail):
        """The one name that is `tail` or ends with `/tail`.

        Raises:
            ValueError: there is none, or there are several.
        """
        found = [
            name for name in self.names if name == tail or name.endswith("/" + tail)
        ]
        if len(found) != 1:
            have = ", ".join(found or self.names[:5]) or "nothing"
            raise ValueError(
                f"{self.path}: expected one {tail}, found {len(found)} (it holds"
                f" {have}{', ...' * (not found)})"
            )
        return found[0]

    def read(self, name):
        """The content of a file, as bytes."""
        if self._sizes[name] > LARGEST_FILE:
            raise ValueError(
                f"{self.path}: {name} declares {self._sizes[name]} bytes, expected at"
                f" most {LARGEST_FILE}"
            )
        with naming(f"{self.path}: {name}", _DAMAGED):
            if self._archive is None:
                return (self.path / name).read_bytes()
            if isinstance(self._archive, zipfile.ZipFile):
                return self._archive.read(name)
            return self._archive.extractfile(name).read()

    def npy(self, name):
        """The array in a .npy file."""
        return npy(self.read(name), f"{self.path}: {name}")


@contextlib.contextmanager
def naming(where, errors=(Exception,)):
    """Turns what goes wrong in its block into a `ValueError` of one line that begins
    with the name of the file.

    Args:
        where: the file, and what of it is read.
        errors: that are turned, beside `ValueError` and a lack of memory.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except ValueError as error:
        text = " ".join(str(error).split())
        file = str(where).split(": ")[0]
        raise ValueError(
            text if text.startswith(file) else f"{where}: {text}"
        ) from None
    except (*errors, MemoryError) as error:
        raise ValueError(
            f"{where} can't be read:"
            f" {' '.join(str(error).split()) or type(error).__name__}"
        ) from None


def npy(content, where):
    """The array in a .npy file's content.

    Args:
        content: bytes of the whole file.
        where: its name, for errors.

    Raises:
        ValueError: it is none, holds Python objects, or is shorter or longer than its
            header says.

    Example:

    >>> buffer = io.BytesIO()
    >>> np.save(buffer, np.eye(2))
    >>> npy(buffer.getvalue(), "eye.npy").tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    with naming(where):
        stream = io.BytesIO(content)
        version = np.lib.format.read_magic(stream)
        header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = header(stream)
        if dtype.hasobject:
            raise ValueError(
                "holds pickled Python objects, which are not read; expected numbers or"
                " strings"
            )
        size = dtype.itemsize
        for length in shape:
            size *= length
        rest = content[stream.tell() :]
        if min(shape, default=0) < 0 or size != len(rest):
            raise ValueError(
                f"holds {len(rest)} bytes of data, expected {size} for {shape} of"
                f" {dtype}"
            )
        return np.frombuffer(rest, dtype).reshape(shape, order="F" if fortran else "C")


def matlab(file, names, where=None):
    """Variables of a .mat file, version 5 or 7.3, shaped as MATLAB shows them.

    MATLAB keeps the first index fastest; version 7.3 is HDF5, which keeps the last one
    so, and its arrays come with their axes reversed: they are turned back here. A cell
    array comes as an array of objects, one array each.

    Args:
        file: its path, or its content as a binary stream.
        names: of the variables.
        where: its name for errors; the path where left out.

    Returns:
        dict of arrays.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, a variable is missing, or one is too large.

    Example:

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.mat"
    >>> scipy.io.savemat(path, {"x": np.ones((2, 3))})
    >>> matlab(path, ["x"])["x"].shape
    (2, 3)
    """
    if where is None:
        if not pathlib.Path(file).is_file():
            raise FileNotFoundError(f"no file {file}")
        with open(file, "rb") as stream:
            return matlab(stream, names, file)
    with naming(where):
        start = file.read(520)
        file.seek(0)
        if _HDF5 in (start[:8], start[512:]):
            with h5py.File(file, "r") as content:
                _expect(names, [name for name in content if not name.startswith("#")])
                return {name: _hdf5_variable(content, content[name]) for name in names}
        shapes = {name: shape for name, shape, _ in scipy.io.whosmat(file)}
        _expect(names, shapes)
        for name in names:
            if np.prod(shapes[name], dtype=float) > LARGEST_FILE:
                raise ValueError(
                    f"{name} declares the shape {shapes[name]}, which is too large"
                )
        file.seek(0)
        content = scipy.io.loadmat(file, variable_names=list(names))
        return {name: content[name] for name in names}


def _expect(names, found):
    if not set(names) <= set(found):
        raise ValueError(
            f"holds {', '.join(found) or 'nothing'}, expected {' and '.join(names)}"
        )


def _hdf5_variable(file, dataset):
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{dataset.name} is a struct, expected an array")
    if dataset.size * dataset.dtype.itemsize > LARGEST_FILE:
        raise ValueError(
            f"{dataset.name} declares the shape {dataset.shape}, which is too large"
        )
    if h5py.check_ref_dtype(dataset.dtype):
        cells = np.empty(dataset.shape[::-1], object)
        for place, reference in np.ndenumerate(dataset[...]):
            cells[place[::-1]] = _hdf5_variable(file, file[reference])
        return cells
    return dataset[...].T

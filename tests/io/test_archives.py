"""Archives that declare, or unpack to, more than a file of theirs can hold."""

import gzip
import io
import tarfile
import time
import zipfile

import numpy as np
import pytest

from v1keras.io import archives
from v1keras.io.archives import Folder


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def member(name, content=b"", **attributes):
    """The blocks of a file in a .tar archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


END = bytes(1024)
GOOD = member("a.npy", npy(np.arange(3)))


def extended(size, then=b""):
    """An extended header that declares a size."""
    return member("x", type=tarfile.XHDTYPE, size=size) + then


def test_links_and_devices_are_no_files(tmp_path):
    (tmp_path / "secret.npy").write_bytes(npy(np.arange(9)))
    kinds = {
        "hard": (tarfile.LNKTYPE, f"{tmp_path}/secret.npy"),
        "soft": (tarfile.SYMTYPE, f"{tmp_path}/secret.npy"),
        "device": (tarfile.CHRTYPE, ""),
        "block": (tarfile.BLKTYPE, ""),
        "pipe": (tarfile.FIFOTYPE, ""),
        "gaps": (tarfile.GNUTYPE_SPARSE, ""),
    }
    content = b"".join(
        member(name, type=kind, linkname=target)
        for name, (kind, target) in kinds.items()
    )
    for name in ("a.tar", "a.tar.gz"):
        opener = gzip.open if name.endswith("gz") else open
        with opener(tmp_path / name, "wb") as file:
            file.write(content + GOOD + END)
        with Folder(tmp_path / name) as folder:
            assert folder.names == ["a.npy"]
            assert folder.npy("a.npy").tolist() == [0, 1, 2]


REFUSED = {
    "an absolute name": (member("/etc/a.npy"), "leads out of the archive"),
    "a name above": (member("a/../../a.npy"), "leads out of the archive"),
    "a header of 3 GB": (
        extended(3 << 30, bytes(1 << 20)),
        "headers, or a file, too large",
    ),
    "headers that repeat": (
        (extended(2 << 20, bytes(2 << 20)) + GOOD) * 12,
        "headers, or a file, too large",
    ),
    "a size below 0": (
        extended(13, b"13 size=-512\n".ljust(512, b"\0")) + GOOD,
        "a size below 0",
    ),
    "many files": (member("a") * 1100, "too many files"),
    "a long name": (
        member("a", type=tarfile.GNUTYPE_LONGNAME, size=1 << 40),
        "headers, or a file, too large",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_tar_bombs_are_refused_at_once(tmp_path, name, monkeypatch):
    content, message = REFUSED[name]
    monkeypatch.setattr(archives, "_MOST_FILES", 1000)
    path = tmp_path / "bomb.tar.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(content + END)
    start = time.process_time()
    with pytest.raises(ValueError, match=message) as raised:
        Folder(path)
    assert "bomb.tar.gz" in str(raised.value) and "\n" not in str(raised.value)
    assert time.process_time() - start < 3
    assert [file.name for file in tmp_path.iterdir()] == ["bomb.tar.gz"]


def test_a_tar_file_unpacks_to_so_much(tmp_path, monkeypatch):
    """Zeros, packed a thousandfold; and what is below the limit is read."""
    path = tmp_path / "bomb.tar.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(member("zeros", bytes(8 << 20)) + GOOD + END)
    with Folder(path) as folder:
        assert folder.npy("a.npy").tolist() == [0, 1, 2]
    monkeypatch.setattr(archives, "LARGEST_FILE", 1 << 20)
    with pytest.raises(ValueError, match=r"unpacks to more than .* bytes: unpack it"):
        Folder(path)


def test_a_zip_file_unpacks_to_so_much(tmp_path, monkeypatch):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in "abcd":
            archive.writestr(name, bytes(1 << 20))
    with Folder(path) as folder:
        assert folder.read("d") == bytes(1 << 20)
    monkeypatch.setattr(archives, "LARGEST_FILE", 2 << 20)
    with pytest.raises(ValueError, match=r"bomb.zip.* unpacks to more than 2,097,152"):
        Folder(path)


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_files_are_packed_by_deflate(tmp_path, kind):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("a.npy", npy(np.arange(3)))
    with (
        Folder(path) as folder,
        pytest.raises(ValueError, match="a.zip: a.npy: is packed otherwise"),
    ):
        folder.npy("a.npy")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': ('<f8', (9999999,)), 'fortran_order': False, 'shape': (9999999,), }",
        "{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "-" * 9900 + "1",
        "[" * 9900,
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    ],
    ids=["items", "subarray", "nothing", "negative", "minus", "deep", "objects"],
)
def test_arrays_that_declare_what_is_not_there(tmp_path, header):
    text = header.encode().ljust(117 if len(header) < 117 else 9920) + b"\n"
    start = b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little")
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", start + text + bytes(64))
    with (
        Folder(path) as folder,
        pytest.raises(ValueError, match="a.npz: x.npy") as raised,
    ):
        folder.npy("x.npy")
    assert "\n" not in str(raised.value)

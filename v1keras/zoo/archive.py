"""Presets from the web: address with a sha256 -> folder in the cache."""

import pathlib
import re
import warnings
import zipfile
import zlib

from v1keras.io.atomic import atomic_folder
from v1keras.io.download import cache_folder, download
from v1keras.io.foreign import errors_naming
from v1keras.zoo.layout import CARD, CONFIG, METADATA, WEIGHTS

_FILES = {CONFIG, WEIGHTS, METADATA, CARD}
LARGEST = 2 << 30  # bytes of a preset, unpacked
_UNPACKED = 1032  # bytes that deflate packs into one at most


def fetch(address: str) -> pathlib.Path:
    """Download and unpack a preset, unless that is done.

    Args:
        address: String, `https://...#sha256=...` or `file://...#sha256=...` of a zip
            archive of a preset's four files, at its top or in one folder: what `python
            -m zipfile -c NAME.zip zoo/NAME` makes.

    Returns:
        Path of the folder in the cache that holds the preset.

    Raises:
        ValueError: The address lacks its sha256; the archive has another one (it is
            removed) or holds something else.
        OSError: The archive can't be downloaded.
    """
    match = re.fullmatch(r"((?:https|file)://[^#]+)#sha256=([0-9a-f]{64})", address)
    if not match:
        raise ValueError(
            f"found the address {address!r}; expected https://...zip#sha256= and 64"
            " hexadecimal digits (or file://)"
        )
    url, digest = match.groups()
    packed = cache_folder() / "zoo" / f"{digest}.zip"
    download(url, digest, packed, LARGEST)
    folder = packed.with_suffix("")
    with errors_naming(url):
        archive = zipfile.ZipFile(packed)
    with archive:
        _unpack(archive, url, folder)
    return folder


def _unpack(archive, url, folder):
    """Unpack a preset into a folder, unless its files are there unchanged."""
    with errors_naming(url):
        members = _members(archive, url)
    if folder.is_dir():
        if all(
            _is_unchanged(folder / name, member) for name, member in members.items()
        ):
            return
        warnings.warn(
            f"{folder} was changed since it was unpacked: removed, unpacked anew"
        )
    with atomic_folder(folder) as scratch:
        for name, member in members.items():
            with errors_naming(url):
                content = archive.read(member)
            (scratch / name).write_bytes(content)


def _members(archive, url):
    """Return file name -> member of an archive that holds nothing but a preset's files.

    No path is taken from the archive.
    """
    members = [member for member in archive.infolist() if not member.is_dir()]
    paths = [pathlib.PurePosixPath(member.filename) for member in members]
    foreign = [str(path) for path in paths if not _is_preset_file(path)]
    if foreign or sorted(path.name for path in paths) != sorted(_FILES):
        contents = ", ".join(foreign or map(str, paths)) or "nothing"
        raise ValueError(
            f"{url} holds {contents[:200]}; expected a preset's"
            f" {', '.join(sorted(_FILES))}, at the top or in one folder"
        )
    for member in members:
        packed = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if not packed or member.file_size > _UNPACKED * (member.compress_size + 1):
            raise ValueError(
                f"{url}: {member.filename} is not packed by deflate, or states more"
                " bytes than can be in it"
            )
    size = sum(member.file_size for member in members)
    if size > LARGEST:
        raise ValueError(
            f"{url} unpacks to {size:,} bytes; expected at most {LARGEST:,}"
        )
    return {path.name: member for path, member in zip(paths, members, strict=True)}


def _is_preset_file(path):
    inside = not path.is_absolute() and ".." not in path.parts and len(path.parts) <= 2
    return inside and path.name in _FILES


def _is_unchanged(path, member):
    return (
        path.is_file()
        and path.stat().st_size == member.file_size
        and zlib.crc32(path.read_bytes()) == member.CRC
    )

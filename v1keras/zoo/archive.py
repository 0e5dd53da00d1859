"""Presets from the web: an address with a sha256 -> a folder in the cache."""

import pathlib
import re
import warnings
import zipfile
import zlib

from v1keras.io.atomic import atomic_folder
from v1keras.io.download import cache_folder, download
from v1keras.zoo.layout import CARD, CONFIG, METADATA, WEIGHTS

_FILES = {CONFIG, WEIGHTS, METADATA, CARD}
LARGEST = 2 << 30  # bytes of a preset, unpacked


def fetch(address):
    """Downloads a preset, unless that is done.

    Args:
        address: `https://...#sha256=...`, or `file://...#sha256=...`, of a zip archive
            of a preset's four files, at its top or in one folder: what `python -m
            zipfile -c NAME.zip zoo/NAME` makes.

    Returns:
        The folder in the cache that holds the preset.

    Raises:
        ValueError: the address lacks its sha256; what came has another (it is removed);
            or the archive holds something else.
        OSError: it can't be downloaded.
    """
    match = re.fullmatch(r"((?:https|file)://[^#]+)#sha256=([0-9a-f]{64})", address)
    if not match:
        raise ValueError(
            f"found the address {address!r}; expected https://...zip#sha256= and 64"
            " hexadecimal digits (or file://)"
        )
    url, digest = match.groups()
    packed = cache_folder() / "zoo" / f"{digest}.zip"
    download(url, digest, packed)
    folder = packed.with_suffix("")
    try:
        with zipfile.ZipFile(packed) as archive:
            members = _members(archive, url)
            if folder.is_dir():
                if all(
                    _is_unchanged(folder / name, member)
                    for name, member in members.items()
                ):
                    return folder
                warnings.warn(
                    f"{folder} was changed since it was unpacked: removed, unpacked"
                    " anew"
                )
            with atomic_folder(folder) as beside:
                for name, member in members.items():
                    (beside / name).write_bytes(archive.read(member))
    except zipfile.BadZipFile as error:
        raise ValueError(f"{url} is no zip archive ({error})") from None
    return folder


def _members(archive, url):
    """File name -> member, once it is sure that nothing but a preset's files is there:
    no name is taken from the archive.
    """
    found = [member for member in archive.infolist() if not member.is_dir()]
    paths = [pathlib.PurePosixPath(member.filename) for member in found]
    strange = [
        str(path)
        for path in paths
        if path.name not in _FILES
        or path.is_absolute()
        or ".." in path.parts
        or len(path.parts) > 2
    ]
    if strange or sorted(path.name for path in paths) != sorted(_FILES):
        listed = ", ".join(strange or map(str, paths)) or "nothing"
        raise ValueError(
            f"{url} holds {listed[:200]}; expected a preset's"
            f" {', '.join(sorted(_FILES))}, at the top or in one folder"
        )
    size = sum(member.file_size for member in found)
    if size > LARGEST:
        raise ValueError(
            f"{url} unpacks to {size:,} bytes; expected at most {LARGEST:,}"
        )
    return {path.name: member for path, member in zip(paths, found, strict=True)}


def _is_unchanged(path, member):
    return (
        path.is_file()
        and path.stat().st_size == member.file_size
        and zlib.crc32(path.read_bytes()) == member.CRC
    )

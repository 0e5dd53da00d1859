"""Downloads: kept, checked by their sha256, and gone on with where they broke off."""

import os
import pathlib
import sys
import urllib.error
import urllib.request
import warnings

from v1keras.io.atomic import move_into_place, sha256


def cache_folder():
    """Where downloads are kept: `~/.cache/v1keras`, or below `$XDG_CACHE_HOME`."""
    return (
        pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
        / "v1keras"
    )


def download(url, digest, path):
    """Downloads a file, unless it is there, and checks its content. One of other
    content is removed.

    Args:
        url: where it is published.
        digest: sha256 of it; None where no one has noted it: then what came is told
            with its own.
        path: to keep it at, below `cache_folder()`.

    Raises:
        ValueError: what came has another sha256.
        OSError: it can't be downloaded.
    """
    if path.is_file() and digest in (None, sha256(path)):
        return
    if path.is_file():
        warnings.warn(
            f"{path} was not what {url} gave (its sha256 is {sha256(path)}): removed,"
            " downloading anew"
        )
        path.unlink()
    begun = path.with_name(path.name + ".part")
    try:
        begun.parent.mkdir(parents=True, exist_ok=True)
        _fetch(url, begun)
    except (OSError, ValueError) as error:
        raise OSError(f"could not download {url} ({error})") from error
    found = sha256(begun)
    if digest not in (None, found):
        begun.unlink()
        raise ValueError(
            f"{url} did not give the published file (sha256 {digest}); removed what"
            " came"
        )
    if digest is None:
        warnings.warn(
            f"downloaded {url}, whose sha256 is not noted here: that of what came is"
            f" {found}"
        )
    move_into_place(begun, path)


def _fetch(url, path):
    """To `path`, going on where an earlier download broke off, if the server can."""
    have = path.stat().st_size if path.is_file() else 0
    request = urllib.request.Request(
        url, headers={"Range": f"bytes={have}-"} if have else {}
    )
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # asked beyond its end: all of it is there
            raise
        return
    with (
        answer,
        open(path, "ab" if getattr(answer, "status", None) == 206 else "wb") as file,
    ):
        rest = answer.headers.get("Content-Length")
        whole = file.tell() + int(rest) if rest else None
        while block := answer.read(1 << 20):
            file.write(block)
            _show_progress(path.stem, file.tell(), whole)
        if whole and file.tell() != whole:
            raise OSError(
                f"the connection broke off after {file.tell()} of {whole} bytes; run it"
                " again to go on"
            )


def _show_progress(name, have, whole):
    if sys.stderr.isatty():
        share = f" of {whole / 1e6:.0f}" if whole else ""
        print(
            f"\r{name}: {have / 1e6:.0f}{share} MB",
            end="\n" if have == whole else "",
            file=sys.stderr,
            flush=True,
        )

"""Downloads that are cached, checked by their sha256 and resumed."""

import os
import pathlib
import sys
import urllib.error
import urllib.request
import warnings

from v1keras.io.atomic import move_into_place, sha256

LARGEST = 64 << 30  # bytes; the largest public dataset read here has about ten


def cache_folder():
    """Return the folder of downloads: `v1keras` in `~/.cache` or `$XDG_CACHE_HOME`.

    Raises:
        OSError: The variable is not set, and this user has no home.
    """
    folder = os.environ.get("XDG_CACHE_HOME")
    if folder:
        return pathlib.Path(folder) / "v1keras"
    try:
        return pathlib.Path.home() / ".cache" / "v1keras"
    except RuntimeError:
        raise OSError(
            "no folder for downloads: neither HOME nor XDG_CACHE_HOME is set, and user"
            f" {os.getuid()} is unknown here; set XDG_CACHE_HOME to a folder"
        ) from None


def download(url, digest, path, largest=LARGEST):
    """Download a file, unless it is there, and check its content.

    An existing file of other content is removed.

    Args:
        url: String, where it is published.
        digest: String, its sha256; None where no one has noted it: then a warning tells
            that of the download.
        path: `pathlib.Path` of the file, below `cache_folder()`.
        largest: Integer, most bytes that are taken.

    Raises:
        ValueError: The download has another sha256.
        OSError: It can't be downloaded.
    """
    if path.is_file():
        present = sha256(path)
        if digest in (None, present):
            return
        warnings.warn(
            f"{path} was not what {url} gave (its sha256 is {present}): removed,"
            " downloading again"
        )
        path.unlink()
    part = path.with_name(path.name + ".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _fetch(url, part, largest)
    except Exception as error:  # http.client raises some that are no OSError
        if isinstance(error, ValueError):
            part.unlink(missing_ok=True)
        message = f"could not download {url} to {path.parent} ({error})"
        raise OSError(message) from error
    received = sha256(part)
    if digest not in (None, received):
        part.unlink()
        raise ValueError(
            f"{url} did not give the published file (sha256 {digest}); removed what"
            " came"
        )
    if digest is None:
        warnings.warn(
            f"downloaded {url}, whose sha256 is not noted here: that of what came is"
            f" {received}"
        )
    move_into_place(part, path)


def _fetch(url, path, largest):
    """Download to `path`, from where an earlier download broke off if possible."""
    size = path.stat().st_size if path.is_file() else 0
    headers = {"Range": f"bytes={size}-"} if size else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # asked beyond its end: all of it is there
            raise
        return
    partial = getattr(answer, "status", None) == 206
    with answer, open(path, "ab" if partial else "wb") as file:
        rest = answer.headers.get("Content-Length")
        total = file.tell() + int(rest) if rest else None
        _check_size(total or 0, largest)
        while block := answer.read(1 << 20):
            _check_size(file.tell() + len(block), largest)
            file.write(block)
            _show_progress(path.stem, file.tell(), total)
        if total and file.tell() != total:
            raise OSError(
                f"the connection broke off after {file.tell()} of {total} bytes; run it"
                " again to resume"
            )


def _check_size(size, largest):
    """Raise a `ValueError` where a download is larger than it may be."""
    if size > largest:
        raise ValueError(f"it sends more than {largest:,} bytes")


def _show_progress(name, size, total):
    """Show on a terminal how much of a file there is."""
    if sys.stderr.isatty():
        share = f" of {total / 1e6:.0f}" if total else ""
        end = "\n" if size == total else ""
        sys.stderr.write(f"\r{name}: {size / 1e6:.0f}{share} MB{end}")
        sys.stderr.flush()

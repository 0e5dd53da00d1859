"""Places of a publisher's file: the folder `V1KERAS_DATA`, the cache, or the web."""

import os
import pathlib

from v1keras.io.atomic import sha256
from v1keras.io.download import cache_folder, download

FOLDER_VARIABLE = "V1KERAS_DATA"


def locate(dataset, path, source, filename=None, url=None):
    """Return the path of a dataset, downloading it where it is served freely.

    Args:
        dataset: String, the dataset's folder in `$V1KERAS_DATA`.
        path: Path that the user gave, or None.
        source: String, where it is published, and what has to be accepted there.
        filename: String, name of the dataset's one file. None for the folder, or the
            one entry that is in it.
        url: String, where `filename` is served freely; None where it isn't.

    Returns:
        `pathlib.Path` of a file or folder.

    Raises:
        OSError: It is not there, and can't be downloaded.
    """
    if path:
        return _given(path)
    folder = os.environ.get(FOLDER_VARIABLE)
    if filename and (url or folder):
        return fetch_verified(dataset, filename, url, None, source)
    if not folder or not (pathlib.Path(folder) / dataset).is_dir():
        raise FileNotFoundError(
            f"{dataset} is not to be downloaded from here: get it from {source}, then"
            f" name it by --path, or put it into {dataset}/ of a folder that"
            f" {FOLDER_VARIABLE} names"
        )
    folder = pathlib.Path(folder) / dataset
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    return entries[0] if len(entries) == 1 else folder


def fetch_verified(dataset, filename, url, digest, source=None, path=None):
    """Return the path of a published file whose content is checked.

    Args:
        dataset: String, the dataset's folder in `$V1KERAS_DATA`.
        filename: String, name of the file there.
        url: String, where it is published; downloaded once, to
            `~/.cache/v1keras/<dataset>` (or below `$XDG_CACHE_HOME`). None where it is
            not published as one file.
        digest: String, sha256 of the published file; None where no one has noted it:
            then a warning tells that of a download.
        source: String, where its content is published; defaults to the URL.
        path: Path of the file that the user gave, or None.

    Raises:
        ValueError: The file has another content; such a download is removed.
        OSError: The file can't be found.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if path:
        return _verified(_given(path), digest)
    if folder:
        path = pathlib.Path(folder) / dataset / filename
        if not path.exists():
            raise FileNotFoundError(
                f"no {path}: {FOLDER_VARIABLE} is set to {folder}; that folder should"
                f" hold it, from {source or url}"
            )
        return _verified(path, digest)
    if url is None:
        raise FileNotFoundError(
            f"{filename} is not to be downloaded as it is; put it, from {source}, into"
            f" {dataset}/ of a folder that {FOLDER_VARIABLE} names"
        )
    path = cache_folder() / dataset / filename
    try:
        download(url, digest, path)
    except OSError as error:
        raise OSError(
            f"{error}; set {FOLDER_VARIABLE} to a folder with {dataset}/{filename}"
        ) from error
    return path


def _given(path):
    """Return a path that the user gave, once it is there."""
    if not pathlib.Path(path).exists():
        raise FileNotFoundError(f"no file or folder {path}")
    return pathlib.Path(path)


def _verified(path, digest):
    """Return the path of a file once its content is checked."""
    if digest and sha256(path) != digest:
        raise ValueError(
            f"{path} is not the published file: its sha256 is {sha256(path)}, expected"
            f" {digest}"
        )
    return path

"""Finding a publisher's file: in the folder that `V1KERAS_DATA` names, in the cache, or
on the web.
"""

import os
import pathlib

from v1keras.io.atomic import sha256
from v1keras.io.download import cache_folder, download

FOLDER_VARIABLE = "V1KERAS_DATA"


def local(dataset, path, source, filename=None, url=None):
    """Where a dataset is: at the path that is given, or in the folder that
    `V1KERAS_DATA` names, or to be downloaded.

    Args:
        dataset: the folder's name in `$V1KERAS_DATA`.
        path: given by the user, or None.
        source: where it is published, and what has to be accepted there.
        filename: of the dataset's one file; where left out, the folder is meant, or the
            one thing that is in it.
        url: where `filename` is served freely; None where it isn't.

    Returns:
        `pathlib.Path` of a file or folder.

    Raises:
        OSError: it is not there, and not to be downloaded.
    """
    if path:
        if not pathlib.Path(path).exists():
            raise FileNotFoundError(f"no file or folder {path}")
        return pathlib.Path(path)
    folder = os.environ.get(FOLDER_VARIABLE)
    if filename and (url or folder):
        return fetch(dataset, filename, url, None, source)
    if not folder or not (pathlib.Path(folder) / dataset).is_dir():
        raise FileNotFoundError(
            f"{dataset} is not to be downloaded from here: get it from {source}, then"
            f" name it by --path, or put it into {dataset}/ of a folder that"
            f" {FOLDER_VARIABLE} names"
        )
    found = [
        entry
        for entry in (pathlib.Path(folder) / dataset).iterdir()
        if not entry.name.startswith(".")
    ]
    return found[0] if len(found) == 1 else pathlib.Path(folder) / dataset


def fetch(dataset, filename, url, digest, source=None, path=None):
    """The path of a published file whose content is checked.

    Args:
        dataset: the folder's name in `$V1KERAS_DATA`.
        filename: the file's name there.
        url: where it is published. Downloaded once, to `~/.cache/v1keras/<dataset>` (or
            below `$XDG_CACHE_HOME`). None where it is not to be had as one file.
        digest: sha256 of the published file; None where no one has noted it: then a
            download is told with its own.
        source: where its content is published; the URL where left out.
        path: given by the user: the file, wherever it is.

    Raises:
        ValueError: a file is there, but its content is another; a bad download is
            removed.
        OSError: it is nowhere to be found.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if path or folder:
        given, path = (
            path,
            pathlib.Path(path or pathlib.Path(folder) / dataset / filename),
        )
        if given and not path.exists():
            raise FileNotFoundError(f"no file or folder {path}")
        if not path.exists():
            raise FileNotFoundError(
                f"no {path}: {FOLDER_VARIABLE} is set to {folder}; that folder should"
                f" hold it, from {source or url}"
            )
        if digest and sha256(path) != digest:
            raise ValueError(
                f"{path} is not the published file: its sha256 is {sha256(path)},"
                f" expected {digest}"
            )
        return path
    if url is None:
        where = f"{dataset}/ of a folder that {FOLDER_VARIABLE} names"
        raise FileNotFoundError(
            f"{filename} is not to be downloaded as it is; put it, from {source}, into"
            f" {where}"
        )
    path = cache_folder() / dataset / filename
    try:
        download(url, digest, path)
    except OSError as error:
        raise OSError(
            f"{error}; set {FOLDER_VARIABLE} to a folder with {dataset}/{filename}"
        ) from error
    return path

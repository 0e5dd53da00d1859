"""Finding a publisher's file: in the folder that `V1KERAS_DATA` names, in the cache, or on the web."""

import os
import pathlib

from v1keras.files import cache_folder, download, sha256

FOLDER_VARIABLE = "V1KERAS_DATA"


def fetch(dataset, filename, url, digest, source=None):
    """The path of a published file whose content is checked.

    Args:
        dataset: the folder's name in `$V1KERAS_DATA`.
        filename: the file's name there.
        url: where it is published. Downloaded once, to `~/.cache/v1keras/<dataset>` (or below `$XDG_CACHE_HOME`). None where it is
            not to be had as one file.
        digest: sha256 of the published file.
        source: where its content is published; the URL where left out.

    Raises:
        ValueError: a file is there, but its content is another; a bad download is removed.
        OSError: it is nowhere to be found.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        path = pathlib.Path(folder) / dataset / filename
        if not path.is_file():
            raise FileNotFoundError(f"no {path}: {FOLDER_VARIABLE} is set to {folder}; that folder should hold it, from {source or url}")
        if sha256(path) != digest:
            raise ValueError(f"{path} is not the published file: its sha256 is {sha256(path)}, expected {digest}")
        return path
    if url is None:
        raise FileNotFoundError(f"{filename} is not to be downloaded as it is; put it, from {source}, into {dataset}/ of a folder that {FOLDER_VARIABLE} names")
    path = cache_folder() / dataset / filename
    try:
        download(url, digest, path)
    except OSError as error:
        raise OSError(f"{error}; set {FOLDER_VARIABLE} to a folder with {dataset}/{filename}") from error
    return path

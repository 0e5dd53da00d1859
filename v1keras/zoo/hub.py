"""Presets on the Hugging Face hub: hf://OWNER/NAME@REVISION#sha256=... <-> folder.

The hash is that of metadata.json, which states those of the other files.
"""

import os
import pathlib
import re
import shutil
import tempfile
from typing import Any

from v1keras.io.atomic import atomic_folder, sha256
from v1keras.io.download import cache_folder
from v1keras.io.extras import import_extra
from v1keras.io.foreign import errors_naming, short
from v1keras.io.json_checks import LARGEST_TEXT
from v1keras.zoo.archive import LARGEST
from v1keras.zoo.catalog import check_files, compare_hashes, find, info
from v1keras.zoo.hub_card import hub_card
from v1keras.zoo.layout import CARD, CONFIG, METADATA, WEIGHTS
from v1keras.zoo.metadata import digest_of, read_metadata, render

_NAME = r"[\w-][\w.-]*/[\w-][\w.-]*"
_LARGEST = {
    METADATA: LARGEST_TEXT,
    CONFIG: LARGEST_TEXT,
    CARD: LARGEST_TEXT,
    WEIGHTS: LARGEST,
}


def huggingface_hub() -> Any:
    """Return the module huggingface_hub.

    Raises:
        ValueError: It is not installed; says how to install it.
    """
    return import_extra(
        "huggingface_hub",
        "hf:// needs huggingface_hub: install it, with `pip install v1keras[hub]`",
    )


def fetch_from_hub(address: str) -> pathlib.Path:
    """Download a preset from the hub, unless that is done.

    Nothing of it is opened but its metadata.json, whose hash the address has.

    Args:
        address: String, `hf://OWNER/NAME@REVISION#sha256=...`, as `publish` returns it.

    Returns:
        Path of the folder in the cache that holds the preset.

    Raises:
        ValueError: The address lacks a part, a file has another hash than stated, or
            can't be had.
    """
    match = re.fullmatch(rf"hf://({_NAME})@([\w./-]+)#sha256=([0-9a-f]{{64}})", address)
    if not match:
        raise ValueError(
            f"found the address {address!r}; expected hf://OWNER/NAME@REVISION#sha256="
            " and 64 hexadecimal digits"
        )
    name, revision, digest = match.groups()
    folder = cache_folder() / "zoo" / "hub" / digest
    if folder.is_dir():
        _check(folder, digest, address)
        return folder
    with atomic_folder(folder) as scratch:
        # First that of the hash: it has those of the others.
        for file in (METADATA, CONFIG, WEIGHTS, CARD):
            with errors_naming(address, passing=()):
                _download(name, revision, file, scratch)
            if file == METADATA:
                _check_metadata(scratch, digest, address)
        shutil.rmtree(scratch / ".cache", ignore_errors=True)
        _check(scratch, digest, address)
    return folder


def _download(name, revision, file, folder):
    """Download a file that is not larger than it may be."""
    module = huggingface_hub()
    url = module.hf_hub_url(name, file, revision=revision)
    size = module.get_hf_file_metadata(url).size
    if size is None or size > _LARGEST[file]:
        raise ValueError(
            f"{file} has {size or 'an unknown number of'} bytes; expected at most"
            f" {_LARGEST[file]:,}"
        )
    module.hf_hub_download(name, file, revision=revision, local_dir=folder)


def _check(folder, digest, address):
    """Refuse a preset of which any file is another than the address says."""
    _check_metadata(folder, digest, address)
    with errors_naming(address):
        compare_hashes(
            folder, read_metadata(folder / METADATA), (CONFIG, WEIGHTS, CARD)
        )


def _check_metadata(folder, digest, address):
    received = sha256(folder / METADATA)
    if received != digest:
        raise ValueError(
            f"{address}: the sha256 of its {METADATA} is {received}; this is another"
            " preset, or it was changed"
        )


def publish(name: str | os.PathLike[str], address: str) -> str:
    """Upload a preset to the hub, with a card as the hub reads it.

    Args:
        name: String, as for `find`.
        address: String, `hf://OWNER/NAME`; made where it is missing.

    Returns:
        String, the address that `load` takes.

    Raises:
        ValueError: The address is another, there is no token, a file of the preset was
            changed, or the hub refuses it.
        FileNotFoundError: There is no such preset.
    """
    match = re.fullmatch(rf"hf://({_NAME})", address)
    if not match:
        raise ValueError(f"--to: found {address!r}, expected hf://OWNER/NAME")
    module = huggingface_hub()
    check_files(name)
    if not module.get_token():
        raise ValueError(
            "no token of the hub: log in with `hf auth login`, or set HF_TOKEN"
        )
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        _with_card(find(name), info(name), folder)
        api = module.HfApi()
        try:
            api.create_repo(match[1], exist_ok=True)
            commit = api.upload_folder(
                repo_id=match[1],
                folder_path=folder,
                commit_message="Preset of v1keras",
            )
        except Exception as error:  # of the hub's client, its HTTP and its uploader
            raise ValueError(f"{address}: not published ({short(error)})") from error
        return f"{address}@{commit.oid}#sha256={sha256(folder / METADATA)}"


def _with_card(source, metadata, folder):
    """Copy a preset, with the card that the hub reads."""
    for file in (CONFIG, WEIGHTS):
        shutil.copyfile(source / file, folder / file)
    card = hub_card(metadata, (source / CARD).read_text("utf-8"))
    (folder / CARD).write_text(card, "utf-8")
    hashes = {file: sha256(folder / file) for file in (CONFIG, WEIGHTS, CARD)}
    described = {key: metadata[key] for key in metadata if key != "sha256"}
    described["sha256"] = hashes
    described["sha256"][METADATA] = digest_of(described)
    (folder / METADATA).write_text(render(described))

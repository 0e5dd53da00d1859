"""The files of a preset: damaged by chance, and by someone who makes the hashes fit."""

import functools
import hashlib
import os
import shutil
import zipfile

import hostile
import made_up_presets
import mutations
import numpy as np
from fuzzing import Format

from v1keras import zoo


def write(path):
    zoo.save(made_up_presets.make(), path, hostile.METADATA)


def weights(model):
    return [np.array(variable) for variable in model.variables]


def read(path):
    return weights(zoo.load(path, check=True))


def read_with_hashes_that_fit(path):
    """Read a preset as the one that made the changes would hand it on."""
    made_up_presets.claim_files(path)
    return weights(zoo.load(path))


def write_archive(path, compression=zipfile.ZIP_DEFLATED):
    folder = path.with_name("preset")
    write(folder)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"preset/{file.name}")


def read_archive(path):
    """Read an archive whose address the one gives that made the changes."""
    cache = path.with_name("cache")
    shutil.rmtree(cache, ignore_errors=True)
    os.environ["XDG_CACHE_HOME"] = str(cache)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return weights(zoo.load(f"{path.as_uri()}#sha256={digest}", check=True))


def same(whole, found):
    return all(np.array_equal(a, b) for a, b in zip(whole, found, strict=True))


PRESET = Format(
    write,
    read,
    files=("metadata.json", "config.json", "model.weights.h5"),
    same=same,
)
PRESET_WEIGHTS = Format(write, read_with_hashes_that_fit, files=("model.weights.h5",))
PRESET_CONFIG = Format(
    write,
    read_with_hashes_that_fit,
    files=("config.json",),
    change=mutations.mutated_json,
)
PRESET_METADATA = Format(
    write, read, files=("metadata.json",), change=mutations.mutated_json
)
ARCHIVE = Format(write_archive, read_archive, suffix=".zip", same=same)
ARCHIVE_STORED = Format(
    functools.partial(write_archive, compression=zipfile.ZIP_STORED),
    read_archive,
    suffix=".zip",
    same=same,
)

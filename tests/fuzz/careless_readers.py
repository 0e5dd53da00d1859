"""Readers that do with damaged files what no reader may do."""

import os
import pathlib

import fuzzing
import numpy as np


def write(path):
    path.write_bytes(bytes(range(256)) * 4)


def careless(harm, same=None):
    """Return a format whose reader refuses half of the damaged files, or does harm."""

    def read(path):
        content = path.read_bytes()
        if path.stem == "good":
            return content
        if sum(content) % 2:
            raise ValueError(f"{path.name} is damaged")
        return harm(path)

    return fuzzing.Format(write, read, same=same)


def misses_an_index(path):
    return [][1]


def says_nothing(path):
    raise ValueError("damaged")


READS = careless(lambda path: None)
CRASHES = careless(lambda path: os.abort())
ENDS = careless(lambda path: os._exit(0))
TRACEBACK = careless(misses_an_index)
UNCLEAR = careless(says_nothing)
MEMORY = careless(lambda path: np.ones(1200 << 20, np.uint8)[0])
LOOKS_AROUND = careless(lambda path: pathlib.Path("/etc/hostname").read_text())
RUNS = careless(lambda path: os.system("true"))
DIFFERENT = careless(lambda path: b"", same=lambda whole, found: whole == found)

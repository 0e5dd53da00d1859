"""The process that reads NWB files, where libhdf5 does what a damaged file makes it."""

import ctypes
import os

import numpy as np

from v1keras.data.sources import nwb_server, nwb_session


def loop(path, choices):
    while True:
        pass


HARM = {
    "abort": lambda path, choices: os.abort(),
    "crash": lambda path, choices: ctypes.string_at(0),
    "end": lambda path, choices: os._exit(3),
    "loop": loop,
    "memory": lambda path, choices: np.ones(2 << 30, np.uint8),
}


def main():
    """Serve as that process does, with the harm that a variable says."""
    nwb_server._SECONDS = 1
    nwb_session.read = HARM[os.environ["HARM"]]
    nwb_server.main()

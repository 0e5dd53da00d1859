"""NWB 2, the field's format: images, presentations and responses from one file or more.

Read with pynwb, which the extra `nwb` installs, in a process of its own. An animal's
behavior at each presentation becomes covariates. Several sessions are joined by what
was shown. Where a file leaves open which of its objects is meant, the error lists them
and names the flag that chooses.

Rübel et al., eLife 11:e78362, 2022; https://www.nwb.org.
"""

import pathlib

from v1keras.data.sources import nwb_process, sessions
from v1keras.data.sources.nwb_session import Choices

__all__ = ["Choices", "read"]


def read(paths, choices=Choices()):
    """Read one recording from the files of its sessions.

    Args:
        paths: Sequence of paths of .nwb files.
        choices: `Choices`.

    Returns:
        `Recording` with an image for each that was shown, and `repeats` where one was
        shown more than once: spikes in a window, or the mean of a trace over it.

    Raises:
        OSError: A file is not there.
        ValueError: A file is malformed, lacks what is needed, or leaves open which of
            its objects is meant; names the file.
    """
    found = [nwb_process.session(pathlib.Path(path), choices) for path in paths]
    names = [session.name for session in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"two of the files are called {twice!r}: name each once")
    name = names[0] if len(names) == 1 else "+".join(names)
    return sessions.join(found, {"name": name, "session": ", ".join(names)})

"""Run one of the commands: `v1keras COMMAND --help` lists its flags.

    v1keras train --config=kindel2019_factorized --workdir=runs/kindel2019
    v1keras --version

`python -m v1keras COMMAND` and `python -m v1keras.COMMAND` do the same.
"""

import importlib
import sys

from absl import flags

from v1keras import cli
from v1keras._version import __version__
from v1keras.commands import COMMANDS, listing
from v1keras.io.terminal import say

__doc__ = f"{__doc__}\n{listing()}\n"


def main(arguments):
    if arguments[1:] or not flags.FLAGS.version:
        received = " ".join(arguments[1:]) or "nothing to do"
        raise ValueError(
            f"found {received!r}; expected `v1keras --version` or `v1keras COMMAND`,"
            f" COMMAND one of {', '.join(COMMANDS)}"
        )
    say(f"v1keras {__version__}")


def run():
    word = sys.argv[1] if sys.argv[1:] else ""
    if word in COMMANDS:
        sys.argv[:2] = [f"{sys.argv[0]} {word}"]
        module, _ = COMMANDS[word]
        importlib.import_module(module).run()
    else:
        flags.DEFINE_bool("version", False, "Print the version.")
        cli.run(main, words=True)


if __name__ == "__main__":
    run()

"""Print the version, or check what is installed here.

    v1keras --version
    v1keras doctor  # devices, versions, precision, data, presets, room

`doctor` exits with status 1 if something is broken. `python -m v1keras` does the same.
The work is done by v1keras-data, v1keras-train, v1keras-evaluate, v1keras-invert and
v1keras-zoo.
"""

from absl import flags

from v1keras import cli
from v1keras._version import __version__
from v1keras.io.terminal import say

_USES = (
    "`v1keras --version` or `v1keras doctor`; the work is done by v1keras-data, -train,"
    " -evaluate, -invert and -zoo"
)


def main(arguments):
    match arguments[1:]:
        case [] if flags.FLAGS.version:
            say(f"v1keras {__version__}")
        case ["doctor"]:
            from v1keras.workflows import doctor

            findings = doctor.examine()
            say(doctor.table(findings))
            broken = [finding.name for finding in findings if finding.fix]
            if broken:
                raise ValueError(
                    f"broken: {', '.join(broken)}; the table says how to mend it"
                )
        case words:
            received = " ".join(words) or "nothing to do"
            raise ValueError(f"found {received!r}; expected {_USES}")


def run():
    flags.DEFINE_bool("version", False, "Print the version.")
    cli.run(main, words=True)


if __name__ == "__main__":
    run()

"""Check what is installed: devices, versions, precision, data, presets, room.

    v1keras doctor

It exits with status 1 if something is broken.
"""

from v1keras import cli
from v1keras.io.terminal import say
from v1keras.workflows import doctor


def main(_):
    findings = doctor.examine()
    say(doctor.table(findings))
    broken = [finding.name for finding in findings if finding.fix]
    if broken:
        raise ValueError(f"broken: {', '.join(broken)}; the table says how to mend it")


def run():
    cli.run(main)


if __name__ == "__main__":
    run()

"""What every command does with its flags and its errors."""

import errno
import functools
import os
import re
import shlex
import signal
import sys
import traceback
import warnings

from absl import app, flags, logging
from ml_collections import config_flags

from v1keras import config

_USER_ERRORS = (ValueError, OSError, ArithmeticError)


def asked(pattern):
    """The arguments of this command whose flag begins with what matches the pattern, as
    a shell would take them again.

    `--flag value` is given as `--flag=value`.
    """
    arguments, found = sys.argv[1:], []
    for i, argument in enumerate(arguments):
        if re.match(pattern, argument):
            joined = (
                "=" in argument
                or i + 1 == len(arguments)
                or arguments[i + 1].startswith("--")
            )
            found.append(argument if joined else f"{argument}={arguments[i + 1]}")
    return shlex.join(found)


def run(main, words=False):
    """Runs a command: parses its flags, then calls `main`.

    What the user can mend becomes one line on stderr and exit status 1; `--verbosity=1`
    shows where it arose. A signal that stopped it gives 128 and its number, as shells
    have it.

    Args:
        main: callable that is given the arguments left over, program name first.
        words: whether the command takes arguments that are no flags.
    """
    warnings.showwarning = _one_line_warning
    try:
        app.run(functools.partial(_guarded, main, words), flags_parser=_parse)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _guarded(main, words, arguments):
    if arguments[1:] and not words:
        _fail(
            f"found {arguments[1]!r}; this command takes flags only, such as"
            " --workdir=FOLDER"
        )
    try:
        main(arguments)
    except BrokenPipeError:
        raise
    except _USER_ERRORS as error:
        if logging.level_debug():
            traceback.print_exc()
        _fail(
            f"{error}: name another file or folder, or change its permissions"
            if _is_forbidden(error)
            else error
        )
    except (
        KeyboardInterrupt
    ) as error:  # of v1keras.training.Stopped, too, which knows its signal
        _fail(
            str(error) or "interrupted", 128 + getattr(error, "number", signal.SIGINT)
        )


def define_config(name):
    """Define the flag of a configuration: a name, a file, or the default."""
    try:  # Keys on the command line are set in the default already here.
        config_flags.DEFINE_config_file(
            name, str(config.find("default")), "Configuration by name, or its file."
        )
    except Exception as error:
        _fail_configuration(error)


def _fail_configuration(error):
    named = isinstance(error, (KeyError, AttributeError))
    _fail(f"--config: {error.args[0] if named else error}")


def _parse(arguments):
    arguments = [_with_path(word) for word in arguments]
    try:
        return flags.FLAGS(arguments)
    except flags.Error as error:
        _fail(error)
    # from a configuration file, which is the user's code, or --config.key=value
    except Exception as error:
        _fail_configuration(error)


def _with_path(word):
    """Return `--config=NAME` with the file that the name stands for."""
    flag, _, name = word.partition("=")
    if flag not in ("--config", "-config") or not name:
        return word
    path, colon, argument = name.partition(":")
    try:
        return f"{flag}={config.find(path)}{colon}{argument}"
    except ValueError as error:
        _fail(f"--config: {error}")


def _is_forbidden(error):
    return isinstance(error, OSError) and error.errno in (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
    )


def _fail(error, status=1):
    print(
        _coloured("error:", 31),
        " ".join(str(error).replace("\\n", " ").split()),
        file=sys.stderr,
    )
    sys.exit(status)


def _one_line_warning(message, category, filename, lineno, file=None, line=None):
    print(_coloured("warning:", 33), message, file=sys.stderr)


def _coloured(word, colour):
    """In bold and an ANSI colour where stderr is a terminal, unless the user asked for
    none (https://no-color.org).
    """
    return (
        f"\033[1;{colour}m{word}\033[0m"
        if sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        else word
    )

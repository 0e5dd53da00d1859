"""Flags, one-line errors and exit statuses, the same in every command."""

import atexit
import errno
import functools
import gc
import io
import os
import re
import shlex
import signal
import sys
import traceback
import warnings
from collections.abc import Callable

from absl import app, flags, logging
from ml_collections import config_flags

from v1keras import config
from v1keras.flag_values import check_flags
from v1keras.io import backend
from v1keras.io.foreign import short
from v1keras.io.quiet import quiet_run, quiet_start
from v1keras.io.terminal import one_line, say

# A flag defined here is one of the command that asked for it, as --help lists them.
flags.disclaim_key_flags()

_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_USER_ERRORS = (ValueError, OSError, ArithmeticError)
_HELP = ("-h", "-help", "--help", "--helpshort")


def flags_as_typed(pattern: str) -> str:
    """Return the arguments of this command whose flag matches a pattern.

    A shell would take them again; `--flag value` becomes `--flag=value`.

    Args:
        pattern: String, regular expression that the argument begins with.
    """
    arguments, typed = sys.argv[1:], []
    for i, argument in enumerate(arguments):
        if not re.match(pattern, argument):
            continue
        following = arguments[i + 1 : i + 2]
        if "=" not in argument and following and not following[0].startswith("--"):
            argument = f"{argument}={following[0]}"
        typed.append(argument)
    return shlex.join(typed)


def run(main: Callable[[list[str]], None], words: bool = False) -> None:
    """Run a command: parse its flags, then call `main`.

    What the user can mend becomes one line on stderr and exit status 1; `--verbosity=1`
    shows where it arose. A signal that stopped the command gives 128 plus its number,
    as in shells.

    Args:
        main: Callable that takes the remaining arguments, program name first.
        words: Boolean, whether the command takes arguments that are not flags.
    """
    warnings.showwarning = _one_line_warning
    quiet_run()
    # Else Python's end looks for garbage in all modules once more.
    atexit.register(gc.freeze)
    for stream in (sys.stdout, sys.stderr):
        # Not every terminal has the letters of every name.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    parse = functools.partial(_parse, main.__module__)
    try:
        app.run(functools.partial(_guarded, main, words), flags_parser=parse)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def start_tensorflow(work: str) -> None:
    """Import Keras and TensorFlow without their notices.

    A command calls it when its flags are read: help, and what is wrong with the flags,
    need not wait for it.

    Args:
        work: String, what needs TensorFlow.

    Raises:
        ValueError: Keras has another backend.
    """
    backend.require_tensorflow(work)
    with quiet_start():
        import keras  # noqa: F401


def _guarded(main, words, arguments):
    if arguments[1:] and not words:
        _fail(
            f"found {arguments[1]!r}; this command takes flags only, such as"
            " --workdir=FOLDER"
        )
    if not flags.FLAGS["verbosity"].present:
        # Libraries tell of what they do, such as each request to a hub.
        logging.set_verbosity(logging.WARNING)
    try:
        main(arguments)
    except BrokenPipeError:
        raise
    except Exception as error:
        if logging.level_debug():
            say(traceback.format_exc(), sys.stderr)
        _fail(_in_words(error))
    except KeyboardInterrupt as error:
        # `v1keras.training.Stopped` is one, and knows its signal.
        number = getattr(error, "number", signal.SIGINT)
        _fail(str(error) or "interrupted", 128 + number)


def define_config(name):
    """Define the flag of a configuration: a name, a file, or the default."""
    try:  # Keys on the command line are set in the default already here.
        config_flags.DEFINE_config_file(
            name, str(config.find("default")), "Configuration by name, or its file."
        )
        flags.FLAGS[name].default_as_str = "'default'"
    except Exception as error:
        _fail_configuration(error)


def define_figures() -> None:
    """Define the flag of the figures' own files."""
    text = "Write each figure of the page to a file of its own, too."
    flags.DEFINE_enum("figures", None, ("pdf", "svg", "png"), text)


def _fail_configuration(error):
    named = isinstance(error, (KeyError, AttributeError))
    _fail(f"--config: {error.args[0] if named else error}")


def _parse(module, arguments):
    if not {*_HELP}.isdisjoint(arguments[1:]):
        _print_help(module)
    arguments = _with_paths(arguments)
    try:
        rest = flags.FLAGS(arguments)
    except flags.Error as error:
        missing = re.match(r"flag --(\w+)=None: .* other than None", str(error))
        _fail(f"--{missing[1]} is missing; see --help" if missing else error)
    # From a configuration file, which is the user's code, or from --config.key=value.
    except Exception as error:
        _fail_configuration(error)
    try:
        check_flags(flags.FLAGS)
    except ValueError as error:
        _fail(error)
    return rest


def _print_help(module):
    """Print what a command does, and its own flags, whatever it was started by."""
    # absl keeps the flags of the file that was started under the program's name.
    owner = sys.argv[0] if module == "__main__" else module
    _, _, lines = flags.FLAGS.module_help(owner).strip("\n").partition("\n")
    parts = [(sys.modules[module].__doc__ or "").strip("\n")]
    if lines:
        parts.append(f"flags:\n{lines}")
    say("\n\n".join([*parts, "--helpfull lists the flags of the libraries, too."]))
    sys.exit(0)


def _with_paths(arguments):
    """Return the arguments with files in place of names of configurations."""
    words = list(arguments)
    for i, word in enumerate(words):
        if word in ("--config", "-config") and i + 1 < len(words):
            words[i + 1] = _path_of(words[i + 1])
        elif word.startswith(("--config=", "-config=")):
            flag, _, name = word.partition("=")
            words[i] = f"{flag}={_path_of(name)}"
    return words


def _path_of(text):
    """Return a configuration's file, with the argument that may follow a colon."""
    name, colon, argument = text.partition(":")
    try:
        return f"{config.find(name)}{colon}{argument}"
    except ValueError as error:
        _fail(f"--config: {error}")


def _in_words(error):
    """Return what a user reads of an error."""
    if isinstance(error, OSError) and error.errno in _FORBIDDEN:
        return f"{error}: name another file or folder, or change its permissions"
    if isinstance(error, _USER_ERRORS):
        return error
    return (
        f"{type(error).__name__}: {short(error)}; this was not foreseen: run it with"
        " --verbosity=1 to see where it arose"
    )


def _fail(error, status=1):
    text = one_line(str(error).replace("\\n", " "))
    say(text, sys.stderr, _coloured("error: ", 31))
    sys.exit(status)


def _one_line_warning(message, category, filename, lineno, file=None, line=None):
    say(one_line(message), sys.stderr, _coloured("warning: ", 33))


def _coloured(word, colour):
    """Return a word in bold and an ANSI colour, for a terminal that wants colours.

    See https://no-color.org.
    """
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR"):
        return word
    return f"\033[1;{colour}m{word.rstrip()}\033[0m "

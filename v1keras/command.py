"""What every command does with its flags and its errors."""

import functools
import os
import sys
import traceback
import warnings

from absl import app, flags, logging

_USER_ERRORS = (ValueError, OSError, ArithmeticError)


def run(main):
    """Runs a command: parses its flags, then calls `main`.

    What the user can mend becomes one line on stderr and exit status 1; `--verbosity=1` shows where it arose.

    Args:
        main: callable that is given the arguments left over, program name first.
    """
    warnings.showwarning = _one_line_warning
    try:
        app.run(functools.partial(_guarded, main), flags_parser=_parse)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _guarded(main, arguments):
    try:
        main(arguments)
    except BrokenPipeError:
        raise
    except _USER_ERRORS as error:
        if logging.level_debug():
            traceback.print_exc()
        _fail(error)
    except KeyboardInterrupt:
        _fail("interrupted")


def _parse(arguments):
    try:
        return flags.FLAGS(arguments)
    except flags.Error as error:
        _fail(error)
    except (KeyError, AttributeError, TypeError, *_USER_ERRORS) as error:  # from a configuration file or --config.key=value
        _fail(f"--config: {error.args[0] if error.args else error}")


def _fail(error):
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    sys.exit(1)


def _one_line_warning(message, category, filename, lineno, file=None, line=None):
    print("warning:", message, file=sys.stderr)

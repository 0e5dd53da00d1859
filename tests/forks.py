"""Python processes that need not import TensorFlow: forks of one that has.

Importing TensorFlow takes most of the time of a short command. `python tests/forks.py`
imports it once, and what else the commands use, but nothing of v1keras. Then it reads
one request a line from its standard input, a JSON dictionary; makes a child that goes
on as the Python process which that describes; and writes the child's exit status.
"""

import atexit
import gc
import json
import os
import runpy
import sys
import threading
import traceback
import types

# TensorFlow's notices of being imported; v1keras silences them where it imports it.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py  # noqa: E402, F401
import keras  # noqa: E402, F401
import matplotlib.pyplot  # noqa: E402, F401
import ml_collections.config_flags  # noqa: E402, F401
import scipy.optimize  # noqa: E402, F401
import tensorflow  # noqa: E402, F401
import tensorflow_probability  # noqa: E402, F401


def serve():
    """Return a request, in the child that is to meet it."""
    gc.collect()
    gc.freeze()  # so that a child's collector leaves alone, and shared, what is here
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return json.loads(line)
        status = os.waitpid(child, 0)[1]
        print(os.waitstatus_to_exitcode(status), flush=True)
    os._exit(0)


def become(words, folder, environment, stdout, stderr):
    """Go on as `python *words` does, started in that folder and environment."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for descriptor, path in enumerate((os.devnull, stdout, stderr)):
        opened = os.open(path, os.O_RDWR)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.orig_argv = [sys.executable, *words]
    if words[0] == "-m":
        sys.argv, sys.path[0] = words[1:], os.getcwd()
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *words[2:]], ""
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(words[1], "<string>", "exec"), vars(main))
    else:
        sys.argv, sys.path[0] = words, os.path.dirname(words[0])
        runpy.run_path(words[0], run_name="__main__")


def status_of(work):
    """Run some work; return the exit status of a Python that ends with it."""
    try:
        work()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    request = serve()
    status = status_of(lambda: become(**request))
    # As Python ends, less the freeing of all it imported: that takes two seconds.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)

"""The fixture `python` does what starting Python does."""

import os
import subprocess
import sys

import pytest

STATE = """
import os, sys
print(sys.argv, sys.orig_argv[1:], sys.path, os.getcwd(), __name__)
print(sys.stdin.read(), sorted(os.environ.items()))
print(os.isatty(1), os.isatty(2), file=sys.stderr)
"""
ENDS = {
    "state": STATE,
    "status": "raise SystemExit(3)",
    "nothing": "raise SystemExit",
    "text": "raise SystemExit('why')",
    "error": "import os\nos.rmdir('gone')",
    "signal": "import os, signal\nprint(1)\nos.kill(os.getpid(), signal.SIGKILL)",
    "at exit": "import atexit\natexit.register(print, 'last')\nprint('first')",
    "thread": "import threading, time\n"
    "late = lambda: (time.sleep(0.1), print('late'))\n"
    "threading.Thread(target=late).start()",
    "writes": "import os\nos.write(1, b'one')\nos.system('echo two')",
}


@pytest.mark.parametrize("name", ENDS)
def test_code_ends_as_in_a_new_python(python, tmp_path, name):
    words = ["-c", ENDS[name], "a word", "--flag=1"]
    environment = os.environ | {"A_NAME": "its value"}
    new = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=tmp_path,
        env=environment,
    )
    done = python(*words, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stdout) == (new.returncode, new.stdout)
    assert done.stderr.splitlines()[-1:] == new.stderr.splitlines()[-1:]


def test_a_script_and_a_module_run_as_in_a_new_python(python, tmp_path):
    (tmp_path / "beside.py").write_text("WORD = 'beside'")
    code = "import sys, beside\nprint(__name__, __file__, sys.argv, beside.WORD)"
    (tmp_path / "script.py").write_text(code)
    for words in ([tmp_path / "script.py", "1"], ["-m", "script", "1"]):
        new = subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, cwd=tmp_path
        )
        assert new.stdout.startswith("__main__ ")
        assert python(*words, cwd=tmp_path).stdout == new.stdout


def test_tensorflow_is_there_and_v1keras_is_not(python):
    code = "import sys; print('tensorflow' in sys.modules, 'v1keras' in sys.modules)"
    assert python("-c", code).stdout == "True False\n"

"""What users get wrong is answered in one line that says how to mend it, and nothing is
written.
"""

import ctypes
import errno
import os
import re
import shutil
import sys

import pytest
from wrong_uses import QUICK, SLOW, train

from v1keras import cli as commands
from v1keras import zoo
from v1keras.io.atomic import sha256

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # as in linux/prctl.h and linux/capability.h


def contents(folder):
    return {
        path: sha256(path) if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_bad_input_gets_one_line_and_writes_nothing(tiny, command, tmp_path, name):
    make, message = (QUICK | SLOW)[name]
    line = make(tiny, tmp_path)
    before = contents(tmp_path)
    done = command(*line, cwd=tmp_path)
    assert done.returncode == 1, done
    *warned, error = done.stderr.splitlines()
    assert error.startswith("error: ") and all(
        text.startswith("warning: ") for text in warned
    ), done.stderr
    assert re.search(message, error), error
    assert contents(tmp_path) == before


def test_forbidden_folders_are_answered_with_the_fix(capsys):
    """What the system says of a folder that is not the user's, or of a disk that is
    mounted to be read (the tests may run as root).
    """

    def main(_):
        raise OSError(number, os.strerror(number), "there/run")

    for number in (errno.EACCES, errno.EROFS):
        with pytest.raises(SystemExit) as ended:
            commands._guarded(main, False, ["command"])
        message = capsys.readouterr().err
        assert ended.value.code == 1 and message.count("\n") == 1
        assert re.fullmatch(
            r"error: .*'there/run': name another file or folder, or change its"
            r" permissions\n",
            message,
        ), message


def powerless():
    """As any user: root, as which tests may run, may write everywhere."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="root is restrained as Linux does it"
)
@pytest.mark.parametrize(
    "name",
    [
        "data",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("evaluate", "invert", "train")
        ),
    ],
)
def test_no_permission_to_write(tiny, command, tmp_path, name):
    (tmp_path / "theirs").mkdir(mode=0o555)
    line = {
        "train": train(tiny, tmp_path / "theirs"),
        "evaluate": [
            "evaluate",
            f"--model={tiny.workdir}",
            f"--out={tmp_path / 'theirs'}",
        ],
        "invert": [
            "invert",
            f"--model={tiny.workdir}",
            "--neurons=0",
            f"--out={tmp_path / 'theirs' / 'out'}",
        ],
        "data": [
            "data",
            "simulate",
            "--train_images=20",
            "--test_images=5",
            f"--out={tmp_path / 'theirs' / 'out.h5'}",
        ],
    }[name]
    done = command(*line, preexec_fn=powerless)
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: .*Permission denied.*theirs.*: name another file or folder, or change"
        r" its permissions\n",
        done.stderr,
    ), done.stderr


@pytest.mark.slow
def test_no_network(command, tmp_path):
    nowhere = {
        "V1KERAS_DATA": "",
        "XDG_CACHE_HOME": str(tmp_path),
        "https_proxy": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    done = command(
        "data",
        "convert",
        "kindel2019",
        f"--out={tmp_path / 'out.h5'}",
        variables=nowhere,
    )
    assert done.returncode == 1 and not (tmp_path / "out.h5").exists()
    assert re.fullmatch(
        r"error: could not download https://\S+ to \S+ \(.*\); set V1KERAS_DATA to a"
        r" folder with kindel2019/\S+\n",
        done.stderr,
    ), done.stderr


@pytest.mark.slow
def test_a_model_far_from_its_recording(tiny, command, tmp_path):
    """A training whose recording was named by a path from the checkout is evaluated
    elsewhere.
    """
    shutil.copytree(tiny.workdir, tmp_path / "run")
    path = tmp_path / "run" / "preset"
    zoo.update_metadata(
        path,
        {
            "config": (
                zoo.info(path)["config"]
                | {
                    "data": (
                        zoo.info(path)["config"]["data"] | {"recording": "runs/gone.h5"}
                    )
                }
            )
        },
    )
    done = command(
        "evaluate", f"--model={tmp_path / 'run'}", f"--out={tmp_path}", cwd=tmp_path
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: no recording 'runs/gone.h5': .*; say which with --recording\n",
        done.stderr,
    ), done.stderr

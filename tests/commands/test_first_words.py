"""What a command answers before it imports TensorFlow."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from v1keras.commands import COMMANDS

ROOT = pathlib.Path(__file__).parents[2]
WRONG = {
    "trian": "found 'trian'; expected .* COMMAND one of data, train,",
    "train run": "--workdir is missing; see --help",
    "train run --workdir=run": "found 'run'; this command takes flags only",
    "train --config=tyni --workdir=run": "no configuration 'tyni'",
    "evaluate --modle=x": "Unknown command line flag 'modle'",
    "invert --model=x --out=y --images=noise": "images=noise",
    "data nonsense": "found 'nonsense'; expected `list`",
    "zoo nonsense": "found 'nonsense'; expected `list`",
}


@pytest.fixture
def v1keras(tmp_path):
    """Run `v1keras *words` where TensorFlow can't be imported."""
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('imported')")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])

    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "v1keras", *words],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_answered_at_once(v1keras, line):
    done = v1keras(*line.split())
    assert done.returncode == 1 and done.stdout == ""
    assert re.match(f"error: .*{WRONG[line]}", done.stderr), done.stderr
    assert done.stderr.count("\n") == 1


def test_help_lists_every_command_and_each_lists_its_flags(v1keras):
    text = v1keras("--help").stdout
    for command, (module, purpose) in COMMANDS.items():
        assert re.search(rf"^    {command} +{purpose}$", text, re.M), module
    for command in ("train", "evaluate", "invert"):
        text = v1keras(command, "--help").stdout
        assert "(default: " in text and "\n  --pdb" not in text


@pytest.mark.parametrize(
    "words, expected",
    [
        ("v1keras ev", "evaluate"),
        ("v1keras train --work", "--workdir="),
        ("v1keras train --config = quick", "quickstart"),
        ("v1keras train --config.data.prot", "--config.data.protocol="),
        ("v1keras evaluate --model = simulated_f", "simulated_factorized"),
        ("v1keras train --resume --overw", "--overwrite"),
        ("v1keras data conv", "convert"),
        ("v1keras train --workdir = kin", ""),
    ],
)
def test_the_shell_completes_words(completion, words, expected):
    body = """
        compopt() { :; }
        source "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _v1keras
        echo "${COMPREPLY[@]}"
    """
    line = ["bash", "-c", body, "bash", completion, *words.split()]
    done = subprocess.run(line, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (expected, "")


@pytest.fixture(scope="module")
def completion(tmp_path_factory, command):
    path = tmp_path_factory.mktemp("completion") / "script"
    path.write_text(command("completion").stdout)
    return path


def test_the_flag_names_every_parametrization():
    from v1keras import invert
    from v1keras.workflows.invert import PARAMETRIZATIONS

    assert invert._PARAMETRIZATIONS == tuple(PARAMETRIZATIONS)

"""What the commands look like at a terminal."""

import configparser
import importlib
import os
import pathlib
import pty
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def test_every_console_script_is_there():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    scripts = dict(
        line.split(" = ")
        for line in setup["options.entry_points"]["console_scripts"].strip().split("\n")
    )
    assert sorted(scripts) == [
        "v1keras",
        *(
            f"v1keras-{name}"
            for name in "data evaluate experiment invert train tune zoo".split()
        ),
    ]
    for target in scripts.values():
        module, function = target.split(":")
        assert callable(getattr(importlib.import_module(module), function))


def at_a_terminal(*words, **variables):
    """What a command writes to a terminal, and its exit status."""
    keeper, terminal = pty.openpty()
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("TF") and key != "NO_COLOR"
    }
    with subprocess.Popen(
        [sys.executable, "-m", *words],
        stdout=terminal,
        stderr=terminal,
        env=kept | variables,
        cwd=ROOT,
    ) as process:
        os.close(terminal)
        written = b""
        while True:
            try:
                block = os.read(keeper, 65536)
            except OSError:  # it has ended
                break
            written += block
            if not block:
                break
    os.close(keeper)
    return written.decode(), process.returncode


@pytest.mark.slow
def test_colour_is_for_terminals_alone(command):
    line = ["--recording=no.h5", "--model=gone"]
    red = "\033[1;31merror:\033[0m no model 'gone'"
    written, status = at_a_terminal("v1keras.evaluate", *line)
    assert status == 1 and written.startswith(red), written
    written, status = at_a_terminal("v1keras.evaluate", *line, NO_COLOR="1")
    assert status == 1 and written.startswith("error: no model 'gone'")
    assert "\033" not in command("evaluate", *line).stderr


@pytest.mark.slow
def test_the_progress_bar_is_one_line_of_a_terminal(tiny, tmp_path):
    line = [*tiny.config, "--config.training.max_epochs=5", f"--workdir={tmp_path}"]
    written, status = at_a_terminal("v1keras.train", *line)
    assert status == 0
    bar, *table = written.replace("\r\n", "\n").split("\n")
    steps = bar.strip("\r").split("\r")
    assert len(steps) == 6 and all(
        step.startswith(f"epoch {min(i + 1, 5)}/5 [") for i, step in enumerate(steps)
    ), steps
    assert (
        all("left" in step for step in steps[:5])
        and "took" in steps[5]
        and max(map(len, steps)) <= 80
    )
    assert max(map(len, table)) <= 80 or len(str(tmp_path)) > 60


@pytest.mark.slow
def test_what_is_printed_fits_80_columns(tiny, command, tmp_path):
    told = [
        tiny.trained.stdout,
        command("zoo", "list").stdout,
        command(
            "invert", f"--model={tiny.workdir}", "--neurons=0,1", f"--out={tmp_path}"
        ).stdout,
    ]
    for text in told:
        lines = [
            line for line in text.splitlines() if not line.startswith("report: ")
        ]  # whose path is the user's
        assert lines and max(map(len, lines)) <= 80, max(lines, key=len)

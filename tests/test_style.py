"""The code as `ruff` wants it; the rules are in pyproject.toml."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("what", [["check"], ["format", "--diff"]], ids=" ".join)
def test_style(what):
    done = subprocess.run([sys.executable, "-m", "ruff", *what, "--no-cache", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

"""SIGKILL at random moments leaves what was there, or what was to be there."""

import json
import os
import pathlib
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_what_killed_commands_leave_is_whole(tmp_path):
    """`V1KERAS_KILLS=60` kills more often than the once that each command gets here."""
    kills = int(os.environ.get("V1KERAS_KILLS", 9))
    script = pathlib.Path(__file__).parent / "killed_commands.py"
    done = subprocess.run(
        [sys.executable, script, tmp_path, str(kills)],
        capture_output=True,
        text=True,
        timeout=7200,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["killed"] == kills, counts

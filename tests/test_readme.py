"""What the README shows runs."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_blocks_run(block, tmp_path):
    done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "zoo.load" not in block or 0.5 < float(done.stdout) <= 1
    assert "save(" not in block or (tmp_path / "mine.h5").stat().st_size > 0


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) > 4
    for link in links:
        assert link.startswith("https://") or (ROOT / link).exists(), link


@pytest.mark.parametrize("line", re.findall(r"python -m v1keras\.\w+ [^`\n]*", README))
def test_commands_name_flags_and_files_that_exist(line):
    _, _, module, *arguments = line.split()
    known = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, cwd=ROOT).stdout
    for argument in arguments:
        if argument.startswith("--config."):
            continue
        if argument.startswith("--"):
            assert f"--{argument[2:].split('=')[0]}:" in known, argument
        if argument.startswith("--config="):
            assert (ROOT / argument.split("=")[1]).exists(), argument

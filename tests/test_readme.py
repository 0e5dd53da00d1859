"""What the README shows runs; its links and commands are in test_docs.py."""

import json
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_blocks_run(python, block, tmp_path):
    done = python("-c", block, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "evaluate(" not in block or 0.5 < float(done.stdout) <= 1
    if "mine.h5" in block:  # and the command that comes after it
        line = (
            f"-m v1keras.train --config={ROOT}/configs/default.py"
            " --config.data.recording=mine.h5 --config.data.protocol=paper"
        )
        line += " --config.training.max_epochs=1 --workdir=mine"
        done = python(*line.split(), cwd=tmp_path)
        assert done.returncode == 0 and (tmp_path / "mine" / "metrics.json").exists(), (
            done.stderr
        )


def test_the_table_is_what_was_measured():
    measured = json.loads((ROOT / "docs" / "results.json").read_text())["grouped"][
        "models"
    ]
    rows = re.findall(
        r"^\| ([^|]+) \| (0\.\d{3}) \| (0\.\d{3}) \| (\d+) % \|$", README, re.MULTILINE
    )
    assert len(rows) == 4
    for name, correlation, cc_norm, near in rows:
        found = measured[name]["reported"]
        values = (
            found["correlation"]["mean"],
            found["cc_norm"]["mean"],
            found["fraction_near_limit"],
        )
        assert (correlation, cc_norm, near) == (
            f"{values[0]:.3f}",
            f"{values[1]:.3f}",
            f"{100 * values[2]:.0f}",
        ), name

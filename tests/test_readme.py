"""The README's examples run; its links and commands are in test_docs.py."""

import json
import os
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def is_example(block):
    """Return whether a block needs recordings that only some machines have."""
    return 'load_recording("kindel2019"' in block


@pytest.fixture
def run(python):
    def run(*arguments, cwd):
        done = python(*arguments, cwd=cwd)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.slow
@pytest.mark.skipif(
    "V1KERAS_DATA" not in os.environ,
    reason="V1KERAS_DATA is not set: the example of kindel2019 has no recordings here",
)
def test_the_example_runs(run, tmp_path):
    (block,) = filter(is_example, BLOCKS)
    (tmp_path / "example.py").write_text(block + "print(scores.mean('correlation'))\n")
    printed = run("example.py", cwd=tmp_path)
    assert float(printed.splitlines()[-1]) > 0.5
    assert (tmp_path / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_the_simulated_example_runs(run, tmp_path):
    (block,) = (block for block in BLOCKS if "simulate_recording" in block)
    printed = run("-c", block, cwd=tmp_path)
    assert printed.startswith("100 test images; ceiling from repeats")
    *shape, cc_norm = re.findall(r"[\d.]+", printed.splitlines()[-1])
    assert shape == ["2", "32", "32"] and 0.5 < float(cc_norm) <= 1


def test_the_own_recording_trains(run, tmp_path):
    (block,) = (block for block in BLOCKS if "mine.h5" in block)
    run("-c", block, cwd=tmp_path)
    (command,) = re.findall(r"`python (-m v1keras.train --config.data.*?)`", README)
    quick = ["--config.training.max_epochs=1", "--quiet"]
    run(*command.split(), *quick, cwd=tmp_path)
    assert (tmp_path / "runs" / "mine" / "metrics.json").exists()


def test_the_preset_loads(run, tmp_path):
    (block,) = (block for block in BLOCKS if "load_model(" in block.splitlines()[2])
    run("-c", block, cwd=tmp_path)
    assert (tmp_path / "session_03.keras").exists()


def test_every_block_has_its_test():
    assert len(BLOCKS) == 4


def test_the_table_is_what_was_measured():
    results = json.loads((ROOT / "docs" / "results.json").read_text())
    measured = results["paper"]["models"]
    rows = re.findall(
        r"^\| ([^|]+) \| (0\.\d{3}) \| (0\.\d{3}) \| (\d+) % \|$", README, re.MULTILINE
    )
    assert len(rows) == 6
    for name, *values in rows:
        group = measured[name]["reported"]
        assert values == [
            f"{group['correlation']['mean']:.3f}",
            f"{group['cc_norm']['mean']:.3f}",
            f"{100 * group['fraction_near_limit']:.0f}",
        ], name


def test_the_speed_is_what_was_measured():
    page = (ROOT / "docs" / "benchmarks" / "train.md").read_text()
    ratios = re.findall(r"best in float32: \*\*([\d.]+)\*\*", page)
    stated = re.search(r"trains ([\d.]+) times .* and ([\d.]+) times", README)
    assert list(stated.groups()) == ratios[-2:]

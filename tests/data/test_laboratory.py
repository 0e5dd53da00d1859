"""The example of docs/recording.md: from a laboratory's files to the report."""

import json
import os
import pathlib
import re
import subprocess
import sys

import laboratory
import numpy as np
import pytest

from v1keras.data import Recording

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "recording.md"


@pytest.mark.slow
def test_the_example_goes_from_the_files_to_the_report(tmp_path):
    laboratory.make(tmp_path)
    text = PAGE.read_text().split("### Example: MATLAB structs")[1]
    script = re.search(r"```sh\n(.*?)```", text, re.DOTALL)[1]
    folder = pathlib.Path(sys.executable).parent
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("img1.png -> ")
    recording = Recording.load(tmp_path / "session2.h5")
    assert recording.repeats.shape == (480, 8, 8)
    assert 0.1 < np.isnan(recording.repeats).mean() < 0.14
    assert recording.repeat_covariates["eye"].shape == (480, 8, 2)
    names = [f"img{i + 1}.png" for i in range(480)]
    assert recording.covariates["picture"].tolist() == names
    assert (tmp_path / "lab" / "report.html").stat().st_size > 10_000
    metrics = json.loads((tmp_path / "lab" / "metrics.json").read_text())
    correlations = {}
    for name in ("session1", "session2", "session3"):
        group = metrics["groups"][f"{name}: reported"]
        correlations[name] = group["correlation"]["mean"]
    assert min(correlations.values()) > 0.6, correlations

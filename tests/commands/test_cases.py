"""Small inputs that others' files and settings were like, with the right answer.

`V1KERAS_CASES` names a script that writes them, with `cases.json`, into the folder
that it is given; the kinds of trouble have tests of their own beside what is tested.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from v1keras.data import Recording

SCRIPT = os.environ.get("V1KERAS_CASES")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SCRIPT, reason="V1KERAS_CASES names no script"),
]
LIKE_PLAIN = 0.02  # difference of the mean correlations
# What each case gives: its exit status, and what it prints.
CASES = {
    "plain": (0, r"reported +12"),
    "one-element attributes": (0, r"ceilings \(CC_max, from means\): mean 0\.9"),
    "no neuron above 5 Hz": (0, r"above 5 Hz +0 +-"),
    "all neurons kept for tuning": (0, r"reported +0 +-"),
    "silent test responses": (0, r"reported +12 +-"),
    "one validation image": (None, r"1 validation image"),
    "Hz are Hz": (0, r"rates: mean \d\d?\.\d+.* Hz"),
    "repeats that agree": (0, r"from repeats\): mean 0\.9"),
    "repeats of the image beside": (1, "those of the images 1 later"),
    "repeats in another unit": (1, "the responses are in another unit"),
    "trials first": (1, "--repeats_axes=trials,images,neurons"),
    "uneven repeats": (0, r"from repeats\): mean 0\.\d+, .* to (0\.\d+|1\.00),"),
    "sessions in another order": (0, r"reported +12"),
    "pictures img1 ... img240": (0, r"img1\.png -> .*\n.*\n.*\nimg240\.png -> "),
    "flattened images": (1, "256 pixels may be 16 x 16.*--images_shape=16x16"),
    "height x width x n": (1, r"hwn\.npy: images: .*say --images_axes=hwn"),
    "MATLAB cells and structs": (0, "240 images, 8 neurons"),
    "MATLAB sparse": (0, "240 images, 12 neurons"),
    "a CSV as a spreadsheet writes it": (0, "240 images, 2 neurons"),
    "HDF5 paths": (0, "240 images, 12 neurons"),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    subprocess.run([sys.executable, SCRIPT, folder], check=True, capture_output=True)
    found = {}
    for case in json.loads((folder / "cases.json").read_text()):
        found[case["id"]] = case["command"]
    return folder, found


def run(folder, line):
    programs = pathlib.Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        line,
        shell=True,
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )


def correlation(workdir):
    metrics = json.loads((workdir / "metrics.json").read_text())
    return metrics["groups"]["reported"]["correlation"]["mean"]


@pytest.mark.parametrize("case", CASES)
def test_a_case_gives_its_answer(cases, case):
    folder, lines = cases
    status, told = CASES[case]
    done = run(folder, lines[case])
    assert "Traceback" not in done.stderr
    assert status in (None, done.returncode), done.stderr
    assert re.search(told, done.stdout + done.stderr), done.stdout + done.stderr


def test_any_name_trains_as_the_plain_one(cases):
    folder, lines = cases
    expected = trained(folder, lines["plain"])
    names = [case for case in lines if case.startswith("name: ")]
    assert len(names) == 5
    for name in names:
        assert trained(folder, lines[name]) == pytest.approx(expected, abs=LIKE_PLAIN)


@pytest.mark.parametrize("unit", ["in thousands of spikes", "in Hz"])
def test_other_units_train_as_counts_do(cases, unit):
    folder, lines = cases
    expected = trained(folder, lines["plain"])
    assert trained(folder, lines[unit]) == pytest.approx(expected, abs=LIKE_PLAIN)


@pytest.mark.parametrize("unit", ["z-scored", "dF/F-like"])
def test_other_signs_train_as_gaussian_counts_do(cases, unit):
    folder, lines = cases
    line = lines["plain"].replace("w_plain", "w_gaussian")
    line += " --config.training.likelihood=gaussian"
    expected = trained(folder, line)
    assert trained(folder, lines[unit]) == pytest.approx(expected, abs=LIKE_PLAIN)


def trained(folder, line):
    """The mean correlation of a training, done once."""
    workdir = folder / re.search(r"--workdir=(\w+)", line)[1]
    if not (workdir / "metrics.json").exists():
        done = run(folder, line)
        assert done.returncode == 0, done.stderr
    return correlation(workdir)


def test_what_is_converted_is_the_plain_recording(cases):
    folder, lines = cases
    plain = Recording.load(folder / "plain.h5")
    half = Recording.load(folder / "sessions_ab.h5").responses
    expected = {"lab": half[:, 4:], "excel": plain.responses[:, :2].copy()}
    expected["excel"][5, 1] = np.nan
    for name in ("pictures", "lab", "sparse", "excel", "theirs_v1"):
        line = next(line for line in lines.values() if f"--out={name}.h5" in line)
        assert run(folder, line).returncode == 0
        found = Recording.load(folder / f"{name}.h5")
        np.testing.assert_array_equal(found.images, plain.images)
        responses = expected.get(name, plain.responses)
        np.testing.assert_allclose(found.responses, responses, atol=6e-4)
    assert found.neurons == {}
    found = Recording.load(folder / "excel.h5")
    assert found.neurons["name"].tolist() == ["neuron 1", "neuron 2"]
    line = lines["flattened images"] + " --images_shape=16x16 --images_axes=nhw"
    assert run(folder, line).returncode == 0
    found = Recording.load(folder / "flat.h5")
    np.testing.assert_array_equal(found.images, plain.images)


def test_sessions_in_another_order_score_alike(cases):
    folder, lines = cases
    case = "sessions in another order"
    assert run(folder, lines[case].replace("w_ab", "w_abc")).returncode == 0
    first = (folder / "w_abc" / "neurons.csv").read_text().splitlines()
    second = (folder / "s_ba" / "neurons.csv").read_text().splitlines()
    assert len(first) == len(second) == 13
    column = first[0].split(",").index("correlation")
    for a, b in zip(first[1:], second[1:], strict=True):
        expected = float(a.split(",")[column])
        assert float(b.split(",")[column]) == pytest.approx(expected, abs=1e-4)

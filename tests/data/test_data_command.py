import pathlib
import re
import subprocess
import sys

import fake_datasets
import h5py
import numpy as np
import pytest

from v1keras.data import Recording, draw_split, simulate_recording
from v1keras.report.recording_page import triggered_averages


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    path = tmp_path_factory.mktemp("simulated") / "simulated.h5"
    simulate_recording(80, 40, neurons_per_kind=1, image_size=16, repeats=5).save(path)
    return path


def test_own_arrays_are_converted(tmp_path, command):
    rng = np.random.default_rng(0)
    images, responses = (
        rng.integers(0, 256, (30, 8, 9), dtype=np.uint8),
        rng.random((30, 2)),
    )
    np.save(tmp_path / "images.npy", images)
    fake_datasets.matlab_5(tmp_path / "responses.mat", {"y": responses})
    (tmp_path / "depth.csv").write_text("0.5\n1.5\n")
    line = [
        f"--images={tmp_path / 'images.npy'}",
        f"--responses={tmp_path / 'responses.mat'}:y",
        f"--column=neurons/depth={tmp_path / 'depth.csv'}",
    ]
    line += [
        "--attribute=units=spikes per presentation",
        "--attribute=window_s=0.1",
        "--attribute=presentations=10",
    ]
    done = command("data", "convert", "arrays", *line, f"--out={tmp_path / 'mine.h5'}")
    pairs = ""
    for i in (0, 1, 28, 29):
        first, second = responses[i]
        pairs += f"image {i} -> {first:.4g}, {second:.4g}\n"
    assert (done.returncode, done.stdout) == (
        0,
        pairs + f"{tmp_path / 'mine.h5'}: 30 images, 2 neurons\n",
    ), done.stderr
    recording = Recording.load(tmp_path / "mine.h5")
    np.testing.assert_array_equal(recording.images, images)
    np.testing.assert_array_equal(recording.responses, responses.astype(np.float32))
    assert recording.neurons["depth"].tolist() == [0.5, 1.5]
    assert recording.attributes == {
        "name": "mine",
        "units": "spikes per presentation",
        "window_s": 0.1,
        "presentations": 10,
    }


def test_foreign_file_is_converted_where_it_is_named(tmp_path, command):
    path = fake_datasets.zipped(
        tmp_path / "S1.zip", fake_datasets.antolik_files([fake_datasets.antolik()])
    )
    done = command(
        "data",
        "convert",
        "antolik2016_region1",
        f"--path={path}",
        f"--out={tmp_path / 'a.h5'}",
    )
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["repeats"].shape == (10, 6, 4)
    again = command(
        "data",
        "convert",
        "antolik2016_region1",
        f"--path={path}",
        f"--out={tmp_path / 'b.h5'}",
    )
    assert (
        again.returncode == 0
        and (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    )


def test_info_tells_rates_and_ceilings(simulated, command):
    recording = Recording.load(simulated)
    done = command("data", "info", simulated)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    rates = recording.responses.mean(axis=0) / 0.1
    low, middle, high = np.percentile(rates, [5, 50, 95])
    assert (
        lines["rates"]
        == f"mean {rates.mean():.2f}, median {middle:.2f}, 90 % within {low:.2f} to"
        f" {high:.2f} Hz"
    )
    single = recording.repeats.astype(float)
    power = (
        single.sum(axis=1).var(axis=0, ddof=1) - single.var(axis=0, ddof=1).sum(axis=0)
    ) / (5 * 4)
    ceiling = np.sqrt(np.maximum(power, 0) / single.mean(axis=1).var(axis=0, ddof=1))
    assert lines["ceilings (CC_max, from repeats)"].startswith(
        f"mean {ceiling.mean():.2f}, "
    )
    assert (
        lines["would spoil a score"]
        == "8 validation images: the correlation of a neuron has a standard error of"
        " about 0.45 there"
    )


INFO = """
import sys
sys.modules["tensorflow"] = None  # importing it fails
from v1keras.data.__main__ import run
run()
"""


def test_info_needs_no_tensorflow():
    # TensorFlow compares the checksums of shards of format 1, which state no sha256.
    path = pathlib.Path(__file__).parent / "format_1.h5"
    done = subprocess.run(
        [sys.executable, "-c", INFO, "info", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "covariates/pupil_center: (6, 2), float32" in done.stdout.splitlines()


def test_plot_makes_one_page(simulated, command, tmp_path):
    done = command("data", "plot", simulated, f"--out={tmp_path / 'page.html'}")
    assert (done.returncode, done.stdout) == (
        0,
        f"written: {tmp_path / 'page.html'}\n",
    ), done.stderr
    page = (tmp_path / "page.html").read_text()
    assert "Can this be trusted?" in page and page.count("<svg") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_split_is_drawn(simulated, command, tmp_path):
    done = command(
        "data",
        "split",
        simulated,
        "--protocol=paper",
        "--seed=3",
        "--parts=8,1,1",
        f"--out={tmp_path / 's.h5'}",
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(
        Recording.load(tmp_path / "s.h5").split, draw_split(120, 3, (8, 1, 1))
    )


QUICK = [
    (
        ["convert", "antolik2016_region1", "--path=gone.zip", "--out=a.h5"],
        r"no file or folder gone\.zip",
    ),
    (
        [
            "convert",
            "arrays",
            "--images=gone.npy",
            "--responses=gone.npy",
            "--out=a.h5",
        ],
        r"no file gone\.npy",
    ),
]
SLOW = [
    (["convert", "arrays", "--out=a.h5"], r"no --images=FILE"),
    (
        ["convert", "arrays", "--images=x.npy", "--attribute=window_s", "--out=a.h5"],
        r"expected --attribute=NAME=VALUE",
    ),
    (["plot", "gone.h5", "--out=a.html"], r"no recording 'gone\.h5'"),
    (
        ["split", "gone.h5", "--parts=a,b,c", "--out=a.h5"],
        r"--parts: found \['a', 'b', 'c'\], expected a tuple of 3 entries",
    ),
    (["split", "gone.h5"], r"no --out=FILE"),
]


@pytest.mark.parametrize(
    ("line", "message"),
    [*QUICK, *(pytest.param(*case, marks=pytest.mark.slow) for case in SLOW)],
)
def test_bad_input_gets_one_line(command, tmp_path, line, message):
    done = command("data", *line, cwd=tmp_path)
    assert (
        done.returncode == 1
        and re.search(message, done.stderr)
        and len(done.stderr.splitlines()) == 1
    ), done.stderr
    assert not list(tmp_path.iterdir())


def test_interrupted_conversion_leaves_nothing(tmp_path, command):
    files = fake_datasets.antolik_files([fake_datasets.antolik()])
    path = fake_datasets.zipped(
        tmp_path / "in" / "S1.zip",
        files | {"Data/region1/raw_validation_set.npy": b"nothing"},
    )
    done = command(
        "data",
        "convert",
        "antolik2016_region1",
        f"--path={path}",
        f"--out={tmp_path / 'out' / 'a.h5'}",
    )
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "S1.zip: Data/region1/raw_validation_set.npy" in done.stderr
    assert not (tmp_path / "out").exists()


def test_triggered_average_of_a_linear_neuron_is_its_filter():
    """White noise: E[(r - mean r) x] / mean r is the filter over the mean response."""
    rng = np.random.default_rng(1)
    images, kernel = rng.normal(size=(20_000, 5, 5)), rng.normal(size=(5, 5))
    responses = 30 + (images * kernel).sum(axis=(1, 2))
    responses = np.stack([responses, np.full(20_000, np.nan), responses], axis=1)
    responses[::3, 2] = np.nan
    averages = triggered_averages(images, responses)
    np.testing.assert_allclose(averages[0] * 30, kernel, atol=0.15)
    np.testing.assert_allclose(averages[2] * 30, kernel, atol=0.15)
    assert not averages[1].any()


def test_simulated_recording_is_described(tiny, command):
    assert tiny.made.returncode == 0
    assert tiny.made.stdout == f"{tiny.recording}: 100 images, 4 neurons\n"
    with h5py.File(tiny.recording) as file:
        mean = file["responses"][...].mean()
    done = command("data", "info", tiny.recording)
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert "images: (100, 16, 16), uint8, 0 to 255" in lines
    assert "split: 72 train, 8 validation, 20 test" in lines
    assert "neurons: 4 (4 reported)" in lines
    assert f"responses: mean {mean:.3f}, 0.0% missing" in lines
    assert "repeats: 20 of 20 images" in lines

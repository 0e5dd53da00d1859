import re
import shutil

import numpy as np
import pytest

from v1keras import simulate_recording
from v1keras.config import default
from v1keras.workflows import build, pages
from v1keras.workflows.score import score


def page_of(path):
    text = path.read_text()
    return (
        re.findall(r"<h2>(.*?)</h2>", text),
        re.findall(r'<img alt="(.+?)" src="data:', text),
        text,
    )


def test_a_training_leaves_a_page_that_says_what_was_run_and_how_good_it_is(tiny):
    headings, pictures, text = page_of(tiny.workdir / "report.html")
    assert headings == [
        "What was run",
        "Scores",
        "Against the limit",
        "Learning curves",
        "Single neurons",
        "Filters",
        "Readouts",
    ]
    assert len(pictures) == 5 and not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert (
        "command: python -m v1keras.train" in text
        and "recording: simulated" in text
        and "sessions (neurons): all (4)" in text
    )


def test_the_report_command_writes_the_page_anew(tiny, command, tmp_path):
    shutil.copytree(tiny.workdir, tmp_path / "run")
    (tmp_path / "run" / "report.html").unlink()
    done = command("report", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"report: {tmp_path / 'run' / 'report.html'}\n"
    assert (tmp_path / "run" / "report.html").read_text() == (
        tiny.workdir / "report.html"
    ).read_text()
    done = command(
        "evaluate", f"--model={tmp_path / 'run'}", f"--out={tmp_path / 'run'}"
    )  # which loses nothing of the page that is there
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "report.html").read_text() == (
        tiny.workdir / "report.html"
    ).read_text()
    for path in (tmp_path / "run" / "checkpoints" / "member_0").glob("*.h5"):
        path.write_bytes(b"damaged")
    done = command("report", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "Learning curves" not in page_of(tmp_path / "run" / "report.html")[0]
    done = command("report", tmp_path)
    assert done.returncode == 1
    assert (
        done.stderr
        == f"error: {tmp_path} is no workdir: it has no config.json; name the --workdir"
        " of a finished training\n"
    )
    assert (
        command("report").stderr
        == "error: expected one folder: python -m v1keras.report WORKDIR\n"
    )


def test_places_of_a_factorised_readout_are_the_centres_of_its_masks():
    recording, config = (
        simulate_recording(80, 20, neurons_per_kind=1, image_size=16),
        default(),
    )
    config.core.filters, config.core.kernel_sizes = (4,), (5,)
    model = build.build_model(recording, config)
    height, width = model.core.compute_output_shape((None, 16, 16, 1))[1:3]
    mask = np.zeros((height, width, 4), "float32")
    for neuron, (row, column) in enumerate(
        [(0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1)]
    ):
        mask[row, column, neuron] = -2.0 if neuron % 2 else 0.5  # only its size counts
    mask[0, width - 1, 0] = 0.5  # the first neuron's mask has two places
    model.readout.mask.assign(mask.reshape(-1, 4))
    expected = [[-1, 0], [-1, 1], [1, -1], [1, 1]]
    np.testing.assert_allclose(model.receptive_field_centers(), expected, atol=1e-6)


@pytest.mark.parametrize("readout", ["gaussian", "dense"])
def test_every_kind_of_model_has_a_page(readout, tmp_path):
    recording, config = (
        simulate_recording(80, 20, neurons_per_kind=1, image_size=16),
        default(),
    )
    config.core.filters, config.core.kernel_sizes, config.readout.kind = (
        (4,),
        (5,),
        readout,
    )
    model = build.build_model(recording, config)
    scores = score(model, recording)
    scores.ceiling = "none"
    scores.per_neuron["correlation"] = np.full(4, np.nan)
    facts = {
        "recording": {},
        "sessions": {"all": 4},
        "command": "none",
        "commit": None,
        "config": config.to_dict(),
    }
    pages.write_model_page(tmp_path / "page.html", model, recording, facts, [], scores)
    headings, _, text = page_of(tmp_path / "page.html")
    assert (
        headings
        == [
            "What was run",
            "Scores",
            "Filters",
            *["Readouts"] * (readout == "gaussian"),
        ]
        and "no checkout" in text
    )

import html
import json
import re
import shutil

import numpy as np
import pytest

from v1keras import simulate_recording
from v1keras.config import default
from v1keras.workflows import build
from v1keras.workflows.model_report import write_model_report
from v1keras.workflows.score import score


def page_of(path):
    text = path.read_text()
    return re.findall(r"<h2>(.*?)</h2>", text), text


def test_a_training_leaves_a_page_that_says_what_was_run_and_how_good_it_is(tiny):
    headings, text = page_of(tiny.workdir / "report.html")
    assert headings == [
        "Can this be trusted?",
        "Scores",
        "Against the limit",
        "Single neurons",
        "Learning curves",
        "Filters",
        "Readouts",
        "What was run",
    ]
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert text.count("<svg") == 8
    run = f"python -m v1keras.train {' '.join(tiny.config)} --workdir=WORKDIR"
    assert f"<dd><code>{html.escape(run)}</code></dd>" in text
    assert "<dt>recording</dt><dd>simulated</dd>" in text
    assert "<dt>sessions (neurons)</dt><dd>all (4)</dd>" in text
    metrics = json.loads((tiny.workdir / "metrics.json").read_text())
    group = metrics["groups"]["reported"]
    (row,) = re.findall("<tr><td>reported</td><td>4</td>(.*?)</tr>", text)
    for key in ("correlation", "cc_norm"):
        assert f"<td>{group[key]['mean']:.2f}" in row
    assert f"<td>{100 * group['estimated_near_limit']:.0f} %" in row
    assert f"counted {100 * group['fraction_near_limit']:.0f} %" in row
    assert f"<strong>{100 * group['cc_norm']['mean']:.0f} %</strong>" in text


def test_figures_for_a_paper_lie_beside_the_page(tiny, command, tmp_path):
    flags = [f"--model={tiny.workdir}", f"--out={tmp_path}", "--figures=svg"]
    done = command("evaluate", *flags)
    assert done.returncode == 0, done.stderr
    names = ["ceilings", "cc_norm", "prediction-best", "prediction-median"]
    names += ["prediction-worst", "loss", "validation", "filters", "readouts"]
    for name in names:
        assert f"report-{name}.svg" in done.stdout
        assert "<svg" in (tmp_path / f"report-{name}.svg").read_text()
    assert done.stderr == ""


def test_evaluate_writes_the_files_of_a_training_again(tiny, command, tmp_path):
    """With the workdir as both --model and --out; nothing that stood there is lost."""
    run = tmp_path / "run"
    shutil.copytree(tiny.workdir, run)
    names = ("report.html", "metrics.json", "neurons.csv")
    (run / "report.html").unlink()
    done = command("evaluate", f"--model={run}", f"--out={run}")
    assert done.returncode == 0, done.stderr
    written = "report.html; written beside it: metrics.json, neurons.csv"
    assert done.stdout.splitlines()[-1] == f"report: {run}/{written}"
    for name in names:
        assert (run / name).read_bytes() == (tiny.workdir / name).read_bytes(), name
    assert "validation" in json.loads((run / "metrics.json").read_text())
    for path in (run / "checkpoints" / "member_0").glob("*.h5"):
        path.write_bytes(b"damaged")
    done = command("evaluate", f"--model={run}", f"--out={run}")
    assert done.returncode == 0, done.stderr
    assert "Learning curves" not in page_of(run / "report.html")[0]


def test_evaluate_refuses_a_folder_without_a_model(command, tmp_path):
    out = tmp_path / "out"
    done = command("evaluate", f"--model={tmp_path}", f"--out={out}")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert str(tmp_path) in done.stderr and not out.exists()


def untrained(readout="factorized"):
    """A small model as it is before training, its recording and its configuration."""
    recording = simulate_recording(80, 20, neurons_per_kind=1, image_size=16)
    config = default()
    config.core.filters, config.core.kernel_sizes = (4,), (5,)
    config.readout.kind = readout
    return build.build_model(recording, config), recording, config


def write_page_of(path, model, recording, config):
    """Writes the page of an untrained model, which scores NaN everywhere."""
    scores = score(model, recording)
    scores.ceiling = "none"
    scores.per_neuron["correlation"] = np.full(4, np.nan)
    facts = {"recording": {}, "sessions": {"all": 4}, "command": "none"}
    facts |= {"commit": None, "config": config.to_dict()}
    write_model_report(path, model, [recording], facts, [], scores, [])


def look_at(model, places):
    """Puts the mask of each neuron on one place `(row, column)` of the features."""
    height, width = model.core.compute_output_shape((None, 16, 16, 1))[1:3]
    mask = np.zeros((height, width, 4), "float32")
    for neuron, (row, column) in enumerate(places):
        row, column = row % height, column % width
        mask[row, column, neuron] = -2.0 if neuron % 2 else 0.5  # only its size counts
    model.readout.mask.assign(mask.reshape(-1, 4))
    return mask


def test_places_of_a_factorised_readout_are_the_centres_of_its_masks():
    model = untrained()[0]
    mask = look_at(model, [(0, 0), (0, -1), (-1, 0), (-1, -1)])
    mask[0, -1, 0] = 0.5  # the first neuron's mask has two places
    model.readout.mask.assign(mask.reshape(-1, 4))
    expected = [[-1, 0], [-1, 1], [1, -1], [1, 1]]
    np.testing.assert_allclose(model.receptive_field_centers(), expected, atol=1e-6)


def test_the_page_shows_places_as_they_are_in_the_image(tmp_path):
    """All neurons look at the top, left of the middle, and so must the only dot."""
    model, recording, config = untrained()
    width = model.core.compute_output_shape((None, 16, 16, 1))[2]
    look_at(model, [(0, width // 4)] * 4)
    write_page_of(tmp_path / "page.html", model, recording, config)
    _, text = page_of(tmp_path / "page.html")
    drawn = text.split("<h2>Readouts</h2>")[1].split("</svg>")[0]
    dots = re.findall(
        r'<use [^>]*x="([\d.]+)" y="([\d.]+)" style="fill: var\(--c0', drawn
    )
    ((x, y),) = {(float(x), float(y)) for x, y in dots}
    lines = re.findall(
        r'd="M ([\d.]+) ([\d.]+)\s+L ([\d.]+) ([\d.]+)\s*" style="fill: none', drawn
    )
    left_line, bottom_line = np.array(lines, float)
    bottom, top = sorted(left_line[1::2], reverse=True)
    left, right = sorted(bottom_line[::2])
    row = 2.1 * (y - top) / (bottom - top) - 1.05
    column = 2.1 * (x - left) / (right - left) - 1.05
    expected = -1 + 2 * (width // 4) / (width - 1)
    np.testing.assert_allclose([row, column], [-1, expected], atol=0.03)


@pytest.mark.parametrize("readout", ["gaussian", "dense"])
def test_every_kind_of_model_has_a_page(readout, tmp_path):
    write_page_of(tmp_path / "page.html", *untrained(readout))
    headings, text = page_of(tmp_path / "page.html")
    expected = ["Can this be trusted?", "Scores", "Filters"]
    expected += ["Readouts"] * (readout == "gaussian")
    assert headings == [*expected, "What was run"] and "no checkout" in text

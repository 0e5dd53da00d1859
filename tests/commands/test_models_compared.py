"""Several models in one table, and their paired differences on the page."""

import json
import shutil

import numpy as np
import pytest
from written import table

from v1keras import score, zoo
from v1keras.data import Recording
from v1keras.workflows.compare import compare


@pytest.fixture(scope="module")
def another(tiny, tmp_path_factory):
    """A preset of the same neurons whose weights are a little different."""
    folder = tmp_path_factory.mktemp("another") / "another"
    model = zoo.load(str(tiny.workdir))
    for variable in model.trainable_variables:
        variable.assign(variable * 1.05)
    metadata = zoo.info(str(tiny.workdir))
    zoo.save(model, folder, metadata)
    return folder


def test_differences_are_drawn_on_the_page(tiny, another, command, tmp_path):
    models = f"--model={tiny.workdir},{another}"
    done = command("evaluate", models, f"--against={another}", f"--out={tmp_path}")
    assert done.returncode == 0, done.stderr
    rows = table(tmp_path / "neurons.csv")
    assert {row["model"] for row in rows} == {str(tiny.workdir), str(another)}
    own = [float(r["correlation"]) for r in rows if r["model"] == str(tiny.workdir)]
    other = [float(r["correlation"]) for r in rows if r["model"] == str(another)]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    stated = metrics["differences"][str(tiny.workdir)]["correlation"]["mean"]
    assert stated == pytest.approx(np.subtract(own, other).mean(), abs=1e-5)
    page = (tmp_path / "report.html").read_text()
    assert f"<h2>{tiny.workdir} minus {another}</h2>" in page
    assert f"report: {tmp_path / 'report.html'}" in done.stdout


def test_the_figure_shows_each_neuron_and_the_mean():
    """Points, mean and interval are the numbers that the comparison states."""
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (60, 8, 8))
    pixels = images[:, 2:5, 3] / 50
    recording = Recording(
        images, rng.poisson(pixels).astype("float32"), np.repeat([0, 1, 2], 20)
    )
    first = score(lambda shown: shown[:, 2:5, 3, 0], recording)
    second = score(lambda shown: shown[:, 2:5, 3, 0] + shown[:, 2:5, 4, 0], recording)
    comparison = compare(first, second)
    figure = comparison.figure(("a $b$", "b"))
    left, right = figure.axes
    points = left.lines[1].get_xydata()
    expected = [second.per_neuron["correlation"], first.per_neuron["correlation"]]
    np.testing.assert_allclose(points, np.transpose(expected))
    assert right.lines[1].get_xdata()[0] == comparison.mean
    band = right.patches[-1].get_extents()
    edges = right.transData.inverted().transform(band.get_points())[:, 0]
    np.testing.assert_allclose(edges, comparison.interval)
    figure.savefig("/dev/null", format="png")


def test_one_model_gets_the_differences_too(tiny, another, command, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(tiny.workdir, run)
    done = command("evaluate", f"--model={run}", f"--against={another}", f"--out={run}")
    assert done.returncode == 0, done.stderr
    page = (run / "report.html").read_text()
    assert f"<h2>{run} minus {another}</h2>" in page and "Learning curves" in page

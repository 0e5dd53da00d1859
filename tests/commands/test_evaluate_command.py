"""`python -m v1keras.evaluate`, and the scores that a training leaves."""

import json

import numpy as np
import pytest
from scipy import stats
from written import strict_json, table

from v1keras import characterize, preferred_stimuli, zoo
from v1keras.data import Recording
from v1keras.inversion import ContrastConstraint
from v1keras.workflows.reopen import open_model
from v1keras.workflows.score import score


def test_scores_are_the_models(tiny):
    """Each neuron's correlation and ceiling, computed from the preset's predictions and
    the recording.
    """
    recording, model = Recording.load(tiny.recording), zoo.load(str(tiny.workdir))
    test = np.flatnonzero(recording.split == 2)
    rates = model.predict(
        recording.images[test, ..., None].astype("float32"), verbose=0
    )
    rows = table(tiny.workdir / "neurons.csv")
    assert [row["kind"] for row in rows] == [
        "simple",
        "complex",
        "center_surround",
        "texture",
    ]
    for neuron, row in enumerate(rows):
        y = recording.responses[test, neuron]
        single = recording.repeats[..., neuron].astype(float)
        power = (single.sum(axis=1).var(ddof=1) - single.var(axis=0, ddof=1).sum()) / (
            20 * 19
        )
        ceiling = np.sqrt(power / single.mean(axis=1).var(ddof=1))
        r = stats.pearsonr(y, rates[:, neuron])[0]
        assert float(row["correlation"]) == pytest.approx(r, abs=1e-5)
        assert float(row["cc_max"]) == pytest.approx(ceiling, abs=1e-5)
        assert float(row["cc_norm"]) == pytest.approx(r / ceiling, abs=2e-5)
        assert float(row["mean_hz"]) == pytest.approx(
            recording.responses[:, neuron].mean() / 0.1, rel=1e-5
        )


def test_metrics_are_means_over_the_csv(tiny):
    metrics, rows = (
        strict_json(tiny.workdir / "metrics.json"),
        table(tiny.workdir / "neurons.csv"),
    )
    assert metrics["split"] == "test"
    assert metrics["images"] == 20
    assert metrics["ceiling"] == "repeats"
    groups = {
        "reported": rows,
        "above 5 Hz": [row for row in rows if float(row["mean_hz"]) > 5],
    }
    groups |= {f"kind {row['kind']}": [row] for row in rows}
    assert metrics["groups"].keys() == groups.keys()
    for name, members in groups.items():
        group = metrics["groups"][name]
        assert group["neurons"] == len(members)
        for key in ("correlation", "cc_max", "cc_norm", "feve"):
            values = np.array([float(row[key]) for row in members])
            averaged = np.clip(values, -1, 1) if key == "cc_norm" else values
            assert group[key]["mean"] == pytest.approx(averaged.mean(), abs=2e-6)
            assert group[key]["median"] == pytest.approx(np.median(values), abs=2e-6)
            assert group[key]["missing"] == 0
        assert group["fraction_near_limit"] == np.mean(
            [float(row["cc_norm"]) >= 0.9 for row in members]
        )


def test_evaluate_gives_the_trainings_scores(tiny, command, tmp_path):
    done = command("evaluate", f"--model={tiny.workdir}", f"--out={tmp_path}")
    assert done.returncode == 0, done.stderr
    for name in ("metrics.json", "neurons.csv"):
        assert (tmp_path / name).read_bytes() == (tiny.workdir / name).read_bytes()
    table = tiny.trained.stdout.splitlines()[:-1]
    lines = done.stdout.splitlines()
    assert lines[: len(table)] == table
    assert lines[len(table)].startswith("caution: ")


def test_images_in_other_units_are_warned_of_once(tiny, command, tmp_path):
    recording = Recording.load(tiny.recording)
    recording.images = recording.images / np.float32(255)
    recording.save(tmp_path / "unit.h5")
    done = command(
        "evaluate",
        f"--model={tiny.workdir}",
        f"--recording={tmp_path / 'unit.h5'}",
        f"--out={tmp_path}",
    )
    assert done.returncode == 0
    assert (
        done.stderr
        == "warning: simulated: pixels lie from 0 to 1, but the model's recording has 0"
        " to 255; are they to be scaled?\n"
    )


@pytest.mark.slow
def test_results_are_columns_that_a_table_takes(tiny):
    """As `pandas.DataFrame` wants them: arrays of one dimension and one length; and a
    dict that JSON knows.
    """
    model, _, recording = open_model(tiny.workdir)
    scores = score(model, recording)
    metrics, columns = scores.metrics(), scores.per_neuron
    contrast = ContrastConstraint(model.pixel_mean, 100.0, 0.0, 255.0)
    stimuli = preferred_stimuli(model, recording, [3, 0, 1], contrast, steps=3)
    described = characterize(model, recording, stimuli).table
    for found_columns, length in ((columns, 4), (described, 3)):
        assert len(found_columns) > 8
        for name, column in found_columns.items():
            assert (
                isinstance(name, str)
                and isinstance(column, np.ndarray)
                and column.shape == (length,)
                and column.dtype.kind in "biufU"
            ), name
    assert json.loads(json.dumps(metrics)) == metrics

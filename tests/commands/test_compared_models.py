"""`python -m v1keras.evaluate` of several models, and `--against` another."""

import numpy as np
import pytest
from scipy import stats
from written import strict_json, table

from v1keras import zoo
from v1keras.data import Recording


@pytest.fixture(scope="module")
def other(tiny, tmp_path_factory):
    """A preset of the same neurons, whose readout is another."""
    model, metadata = zoo.load(str(tiny.workdir)), zoo.info(str(tiny.workdir))
    rng = np.random.default_rng(0)
    for weight in model.readout.trainable_variables:
        value = np.array(weight)
        weight.assign(value + 0.3 * value.std() * rng.normal(size=value.shape))
    folder = tmp_path_factory.mktemp("presets") / "other"
    zoo.save(model, folder, metadata)
    return folder


def correlations(model, recording):
    test = np.flatnonzero(recording.split == 2)
    images = recording.images[test, ..., None].astype("float32")
    rates = model.predict(images, verbose=0)
    pairs = zip(recording.responses[test].T, rates.T, strict=True)
    return np.array([stats.pearsonr(y, rate)[0] for y, rate in pairs])


@pytest.mark.slow
def test_two_models_are_one_table_and_differ_by_what_they_predict(
    tiny, other, command, tmp_path
):
    models = f"--model={tiny.workdir},{other}"
    done = command("evaluate", models, f"--against={other}", f"--out={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").exists()
    recording = Recording.load(tiny.recording)
    expected = {
        str(name): correlations(zoo.load(str(name)), recording)
        for name in (tiny.workdir, other)
    }
    rows = table(tmp_path / "neurons.csv")
    assert [row["model"] for row in rows] == [name for name in expected for _ in "1234"]
    found = [float(row["correlation"]) for row in rows]
    np.testing.assert_allclose(found, np.concatenate([*expected.values()]), atol=1e-5)
    metrics = strict_json(tmp_path / "metrics.json")
    for name, values in expected.items():
        group = metrics["groups"][name]
        assert group["correlation"]["mean"] == pytest.approx(values.mean(), abs=1e-5)
    assert metrics["against"] == str(other)
    first, second = expected.values()
    assert list(metrics["differences"]) == [str(tiny.workdir)]
    difference = metrics["differences"][str(tiny.workdir)]["correlation"]
    mean = (first - second).mean()
    assert difference["mean"] == pytest.approx(mean, abs=1e-5)
    assert difference["neurons"] == 4
    low, high = difference["interval"]
    assert low < difference["mean"] < high
    line = f"{tiny.workdir} minus {other}: correlation: {difference['mean']:+.4f}"
    assert line in done.stdout


@pytest.mark.slow
def test_models_of_other_neurons_are_refused(tiny, command, tmp_path):
    done = command(
        "evaluate",
        f"--model={tiny.workdir}",
        "--against=simulated_factorized",
        f"--out={tmp_path / 'scores'}",
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "scores" / "metrics.json").exists()

"""The tools: all of them import and answer --help; the studies compute what they say.

Studies are what RESULTS.md is written by: the GLM, the neurons' selectivity, rows of
other seeds.
"""

import importlib.machinery
import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from tools.studies import (
    few_shot,
    known_cells,
    known_cells_page,
    l1_glm,
    raw_scores,
    results,
    selectivity,
)
from v1keras import Recording, simulate_recording
from v1keras.evaluation import image_selectivity

ROOT = pathlib.Path(__file__).parent.parent
SCRIPTS = ["benchmark", "picture", "publish_paper_network", "publish_preset"]
STUDIES = ["few_shot", "known_cells", "learning_curve", "reproduce_paper"]
# Its PyTorch is only there with the extra `benchmark`.
MODULES = sorted({*(ROOT / "tools").rglob("*.py")} - {*ROOT.rglob("torch_model.py")})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_modules_import(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    assert importlib.import_module(name).__doc__


@pytest.mark.parametrize("name", [*SCRIPTS, "launch_local"])
def test_scripts_import(name, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "tools" / name))
    script = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(name, loader)
    )
    loader.exec_module(script)
    assert callable(script.main)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        *[[f"tools/{name}"] for name in (*SCRIPTS, "launch_local", "notebook.py")],
        *[["-m", f"tools.studies.{name}"] for name in STUDIES],
    ],
    ids=" ".join,
)
def test_help_is_answered(command):
    done = subprocess.run(
        [sys.executable, *command, "--help"], capture_output=True, text=True, cwd=ROOT
    )
    assert "error" not in done.stderr and "Traceback" not in done.stderr
    assert f".venv/bin/python {' '.join(command)}" in done.stdout


def test_an_unknown_benchmark_is_one_line():
    done = subprocess.run(
        [sys.executable, "tools/benchmark", "nothing"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: found 'nothing'; expected one of train,")
    assert len(done.stderr.splitlines()) == 1


def test_written_pages_are_what_the_studies_write():
    """Numbers and text in the checkout are those of the programs that write them."""
    assert (ROOT / "RESULTS.md").read_text().startswith(results.HEAD)
    facts = json.loads((ROOT / "docs" / "known_cells.json").read_text())
    seed, spreads = facts.pop("seed"), facts.pop("phase_spread")
    page = known_cells_page.page(
        seed, known_cells.IMAGES, known_cells.PER_KIND, facts, spreads
    )
    assert (ROOT / "docs" / "known_cells.md").read_text() == page
    facts = json.loads((ROOT / "docs" / "few_shot.json").read_text())
    lines = [
        few_shot.row(count, session, counts[count])
        for count in ("45", "90", "180")
        for session, counts in facts.items()
    ]
    assert (ROOT / "docs" / "few_shot.md").read_text() == few_shot.page(lines) + "\n"


def test_known_cells_are_compared_with_the_truth():
    """Two cells of each kind: the second simple one is taken for a centre-surround."""
    kinds = np.repeat(["simple", "complex", "center_surround", "texture"], 2)
    truth = {
        "kind": kinds,
        "orientation_deg": np.full(8, 175.0),
        "frequency": np.full(8, 0.1),
        "row": np.zeros(8),
        "column": np.zeros(8),
    }
    images = np.arange(48.0).reshape(3, 4, 4)
    recording = Recording(images, np.arange(24.0).reshape(3, 8), neurons=truth)
    classes = np.repeat(["gabor", "gabor", "center-surround", "texture"], 2)
    classes[1] = "center-surround"
    columns = {
        "class": classes,
        "f1_f0": np.where(kinds == "simple", 1.5, 0.2),
        "gabor_row": np.full(8, 3.0),
        "gabor_column": np.full(8, 4.0),
        "gabor_orientation_deg": np.full(8, 5.0),  # 10 degrees off, across 180
        "grating_orientation_deg": np.full(8, 172.0),
        "gabor_frequency": np.full(8, 0.11),
        "grating_frequency": np.full(8, 0.2),
        "rate": np.full(8, 3.0),
        "best_gabor_rate": np.full(8, 2.0),
        "best_center_surround_rate": np.full(8, 1.0),
    }
    group = known_cells.compare(recording, columns, np.ones(8, bool))
    assert group["neurons"] == dict.fromkeys(known_cells.EXPECTED, 2)
    assert group["classes"]["simple"] == {
        "gabor": 1,
        "center-surround": 1,
        "texture": 0,
        "unclassified": 0,
    }
    assert group["agreeing"]["simple"] == 0.5 and group["agreeing"]["texture"] == 1
    assert group["orientation"]["complex, gabor"]["median"] == 10
    assert group["orientation"]["complex, grating"]["within"] == 1
    assert group["frequency"]["texture, gabor"]["within"] == 1
    assert group["frequency"]["texture, grating"]["median"] == 1
    assert group["simple_or_complex"] == {"simple": 1, "complex": 1}
    assert group["place_pixels"] == 5  # 3, 4 and 5
    assert group["rate_over_best_gabor"]["simple"] == 1.5


def test_the_glm_is_where_no_weight_can_improve():
    """The conditions of optimality (Karush-Kuhn-Tucker): the slope is -sign(w) l where
    w is not 0, else within l; in the bias it is 0.
    """
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 90))
    features -= features.mean(axis=0)
    responses = rng.poisson(
        np.logaddexp(0, features[:, :2] @ [[1.5, 0.0], [0.0, 2.0]] + 0.5)
    )
    weight, bias = l1_glm.solve(features, responses, 0.3, steps=3000)

    def slope(weight, bias):
        drive = features @ weight + bias
        return (1 - responses / np.logaddexp(0, drive)) / (1 + np.exp(-drive)) / 60

    strength = 0.3 * np.abs(
        features.T @ slope(np.zeros((90, 2)), np.log(np.expm1(responses.mean(axis=0))))
    ).max(axis=0)
    gradient = features.T @ slope(weight, bias)
    used = weight != 0
    assert 0 < used.sum() < 60 and used[0, 0] and used[1, 1]
    np.testing.assert_allclose(
        gradient[used], (-np.sign(weight) * strength)[used], atol=2e-4
    )
    assert (np.abs(gradient) <= strength + 2e-4).all()
    np.testing.assert_allclose(slope(weight, bias).sum(axis=0), 0, atol=2e-4)


def test_the_glm_on_a_recording_is_one_model_of_images():
    recording = simulate_recording(60, 20, neurons_per_kind=1, image_size=16)
    model = l1_glm.fit(recording, 0.2)
    images = recording.images[recording.indices("train")]
    rates = model.predict(images[..., None].astype("float32"), verbose=0)
    responses = recording.responses[recording.indices("train")]
    # The bias can't improve: the slope of softplus is 1 - exp(-rate).
    np.testing.assert_allclose(
        ((1 - responses / rates) * (1 - np.exp(-rates))).mean(axis=0), 0, atol=1e-3
    )
    assert all(np.corrcoef(rates[:, i], responses[:, i])[0, 1] > 0.5 for i in range(4))


def grating(angle, size=33):
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    return np.cos(0.6 * (columns * np.cos(angle) + rows * np.sin(angle)))


@pytest.mark.parametrize("degrees", [0, 30, 90, 150])
def test_the_orientation_of_a_grating_is_found(degrees):
    angle = np.radians(degrees)
    orientation = selectivity.orientations(grating(angle)[None])[0]
    assert np.abs(orientation - np.exp(2j * angle)) < 0.1
    assert (
        np.abs(
            selectivity.orientations(np.random.default_rng(0).normal(size=(1, 33, 33)))[
                0
            ]
        )
        < 0.2
    )


def test_orientation_selectivity_is_one_minus_circular_variance():
    """Neurons that answer by the orientation alone, by the photograph alone, and by
    chance; photographs are gratings in four rotations.
    """
    rng = np.random.default_rng(0)
    first = rng.uniform(0, np.pi, 60)
    angles = (first[:, None] + np.pi / 4 * np.arange(4)).ravel()
    images = np.stack([grating(angle) for angle in angles])
    tuned = 1 + 0.8 * np.cos(2 * (angles - 0.7))
    of_photograph, chance = np.repeat(rng.uniform(1, 5, 60), 4), rng.poisson(2.0, 240)
    alone = (
        rng.normal(size=(5, 33, 33)),
        rng.uniform(0, 9, (5, 3)),
    )  # images without rotations have no part in it
    recording = Recording(
        np.concatenate([images, alone[0]]),
        np.concatenate([np.stack([tuned, of_photograph, chance], axis=1), alone[1]]),
        image_group=np.concatenate([np.repeat(np.arange(60), 4), 60 + np.arange(5)]),
    )
    index, shuffled = selectivity.orientation_selectivity(recording)
    assert index[0] == pytest.approx(
        0.4, abs=0.03
    )  # the mean of (1 + 0.8 cos) cos is 0.4
    assert index[1] < 0.01 and index[2] < np.percentile(shuffled[:, 2], 99.9)
    assert index[0] > shuffled[:, 0].max() and shuffled.shape == (
        selectivity.SHUFFLES,
        3,
    )


def test_image_selectivity_is_its_formula():
    responses = np.random.default_rng(0).gamma(1.0, 2.0, (50, 3))
    responses[5:9, 1] = np.nan
    for neuron, selectivity_of_neuron in enumerate(image_selectivity(responses)):
        r = [value for value in responses[:, neuron] if value == value]
        expected = (
            1 - (sum(r) / len(r)) ** 2 / (sum(value**2 for value in r) / len(r))
        ) / (1 - 1 / len(r))
        assert selectivity_of_neuron == pytest.approx(expected)
    assert np.isnan(image_selectivity(np.zeros((4, 1)))).all()


def test_a_row_of_fewer_seeds_says_so_and_is_compared_over_these():
    def run(shift):
        facts = {
            "neuron": np.arange(30.0),
            "for_tuning": np.zeros(30),
            "mean_hz": np.full(30, 9.0),
            "session": np.array(["01"] * 30),
        }
        return facts | {
            name: np.full(30, 0.5 + shift)
            for name in ("correlation", "cc_max", "cc_norm", "feve")
        }

    models = {"one": {0: run(0.0), 1: run(0.2)}, "other": {1: run(0.3)}}
    scores = {
        name: {
            "reported": results.summarize(raw_scores.average(runs), np.ones(30, bool))
        }
        for name, runs in models.items()
    }
    scores = {
        name: groups | {"above 5 Hz": groups["reported"]}
        for name, groups in scores.items()
    }
    rows = results._table(scores, models, np.ones(30, bool), "one").splitlines()[2:]
    assert rows[0].startswith("| one | 0.600 ")
    assert rows[1].startswith("| other, seeds 1 | 0.800 ")
    assert "| +0.100 [+0.100, +0.100] |" in rows[1]

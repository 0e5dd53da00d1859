import json
import re
import runpy
import shutil
import subprocess
import types

import numpy as np
import pytest

from v1keras import Recording, simulate_recording, zoo
from v1keras.workflows import latency, provenance, publish, reopen, train
from v1keras.zoo import __main__, catalog

needs_git = pytest.mark.skipif(
    provenance.commit() is None, reason="no checkout with its git history"
)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A zoo that is empty."""
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "remote.json").write_text("{}")
    monkeypatch.setattr(catalog, "zoo_folder", lambda: tmp_path / "zoo")
    return tmp_path / "zoo"


@pytest.fixture
def workdir(tiny, tmp_path):
    shutil.copytree(tiny.workdir, tmp_path / "run")
    return tmp_path / "run"


def resave(workdir, **facts):
    zoo.save(zoo.load(workdir), workdir / "preset", zoo.info(workdir) | facts)


@pytest.mark.slow
@needs_git
def test_a_finished_training_becomes_a_preset(shelf, workdir, tiny, monkeypatch):
    publish.add(workdir, "tiny_factorized")
    metadata, metrics = (
        zoo.info("tiny_factorized"),
        json.loads((workdir / "metrics.json").read_text()),
    )
    assert zoo.names() == ["tiny_factorized"] and metadata["name"] == "tiny_factorized"
    recording = Recording.load(tiny.recording)
    assert metadata["pixels"]["mean"] == pytest.approx(
        recording.images[recording.split == 0].mean(), rel=1e-6
    )
    images = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 1)).astype("float32")
    np.testing.assert_array_equal(
        zoo.load("tiny_factorized", check=True)(images), zoo.load(workdir)(images)
    )
    row = next(
        row
        for row in metadata["own_scores"]
        if (row["split"], row["neurons"]) == ("test", "reported")
    )
    assert row["correlation"] == metrics["groups"]["reported"]["correlation"]["mean"]
    assert (shelf / "README.md").read_text() == zoo.table()
    assert (
        "[tiny_factorized](tiny_factorized/README.md) | reported (4) | file, 0 |"
        f" {row['correlation']:.3f}" in zoo.table()
    )
    card_text = (shelf / "tiny_factorized" / "README.md").read_text()
    assert "| test | reported (4) | file, 0 |" in card_text
    ways = re.findall(
        r"\| (the preset|its export), .* \| ([\d.]+) \| ([\d.]+) \|", card_text
    )
    assert [way for way, *_ in ways] == ["the preset", "its export"] and all(
        0 < float(a) <= float(b) for _, a, b in ways
    )
    assert "; so are 6 rows of scores" in publish.verify("tiny_factorized", scores=True)
    monkeypatch.setattr(
        latency,
        "measure_latency",
        lambda model, pixels: metadata["latency"] | {"load": 0.5, "calls": 7},
    )
    assert latency.remeasure_latency("tiny_factorized").startswith(
        "tiny_factorized: the preset, `model(image)`: "
    )
    anew = zoo.info("tiny_factorized")
    assert {key for key in anew if anew[key] != metadata[key]} == {"latency", "sha256"}
    assert (
        "7 calls after some first ones; the machine's load before it was 0.5."
        in (shelf / "tiny_factorized" / "README.md").read_text()
    )
    publish.verify("tiny_factorized")


@pytest.mark.slow
@needs_git
def test_a_model_of_several_recordings_becomes_a_preset(
    shelf, tmp_path, monkeypatch, capsys
):
    """Through the commands: one core, a readout for each recording, scored together."""
    for name, seed in (("monday", 1), ("tuesday", 2)):
        recording = simulate_recording(
            60, 20, neurons_per_kind=1, image_size=16, seed=seed
        )
        recording.attributes["name"] = name
        recording.save(tmp_path / f"{name}.h5")
    config = runpy.run_path(str(provenance.ROOT / "configs" / "tiny.py"))[
        "get_config"
    ]()
    config.data.recording = f"{tmp_path / 'monday.h5'},{tmp_path / 'tuesday.h5'}"
    model, scores = train.train_and_evaluate(
        config, tmp_path / "both", command_line="train --config=configs/tiny.py"
    )
    metrics = scores.metrics()
    flags = types.SimpleNamespace(name="tiny_sessions", scores=True, half=False)
    monkeypatch.setattr(__main__.flags, "FLAGS", flags)
    __main__.main(["zoo", "add", str(tmp_path / "both")])
    __main__.main(["zoo", "verify", "tiny_sessions"])
    assert (
        "tiny_sessions: files, names and golden outputs are as stated"
        in capsys.readouterr().out
    )
    metadata = zoo.info("tiny_sessions")
    assert metadata["sessions"] == {"monday": 4, "tuesday": 4}
    assert {
        name: len(rates[0]) for name, rates in metadata["golden"].items()
    } == metadata["sessions"]
    row = next(
        row
        for row in metadata["own_scores"]
        if (row["split"], row["neurons"]) == ("test", "reported")
    )
    assert (row["count"], row["correlation"]) == (
        8,
        metrics["groups"]["reported"]["correlation"]["mean"],
    )
    images = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 1)).astype("float32")
    for name, rates in zoo.load("tiny_sessions")(images).items():
        np.testing.assert_array_equal(rates, model(images)[name])
    with pytest.raises(
        ValueError,
        match=(
            "tiny_sessions is of the recordings monday, tuesday; say which with"
            " --recording"
        ),
    ):
        reopen.open_model("tiny_sessions")


@needs_git
def test_a_score_that_is_not_measured_again_is_found(shelf, workdir):
    publish.add(workdir, "tiny_factorized")
    metadata = zoo.info("tiny_factorized")
    metadata["own_scores"][-1]["correlation"] += 2e-4
    zoo.save(zoo.load(workdir), shelf / "tiny_factorized", metadata)
    assert publish.verify("tiny_factorized")
    with pytest.raises(
        ValueError,
        match=(
            "metadata.json: test images, above 5 Hz neurons: correlation is stated as"
            " .*, measured as"
        ),
    ):
        publish.verify("tiny_factorized", scores=True)


def edit_metrics(change):
    def edit(workdir):
        metrics = json.loads((workdir / "metrics.json").read_text())
        change(metrics)
        (workdir / "metrics.json").write_text(json.dumps(metrics))

    return edit


REFUSED = {
    "no metrics": (
        lambda w: (w / "metrics.json").unlink(),
        "has no metrics.json: only a finished training",
    ),
    "training images": (
        edit_metrics(lambda m: m.update(split="train")),
        "is of train images",
    ),
    "no config": (lambda w: resave(w, command="by hand"), "names no --config file"),
    "uncommitted config": (
        lambda w: resave(w, command="train --config=configs/mine.py"),
        "configs/mine.py is not committed",
    ),
    "others' metrics": (
        edit_metrics(
            lambda m: m["groups"]["reported"]["correlation"].update(mean=0.99)
        ),
        "states a correlation of 0.99, but the weights there have",
    ),
}


@needs_git
@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_could_trust_is_refused(shelf, workdir, name):
    change, message = REFUSED[name]
    change(workdir)
    with pytest.raises(ValueError, match=message):
        publish.add(workdir, "tiny_factorized")
    assert [path.name for path in shelf.iterdir()] == ["remote.json"]


def test_a_configuration_is_committed_when_git_says_so(tmp_path, monkeypatch):
    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    (tmp_path / "configs").mkdir()
    path = tmp_path / "configs" / "a.py"
    path.write_text("1")
    assert provenance.commit() is None
    with pytest.raises(
        ValueError, match="is not a checkout of v1keras with its git history"
    ):
        provenance.check_committed("configs/a.py")
    git("init")
    git("commit", "--allow-empty", "-m", "first")
    with pytest.raises(ValueError, match="configs/a.py is not committed"):
        provenance.check_committed("configs/a.py")
    git("add", ".")
    git("commit", "-m", "second")
    provenance.check_committed("configs/a.py")
    assert re.fullmatch("[0-9a-f]{40}", provenance.commit())
    path.write_text("2")
    with pytest.raises(
        ValueError, match="configs/a.py was changed since it was committed"
    ):
        provenance.check_committed("configs/a.py")
    assert re.fullmatch("[0-9a-f]{40} with changes not committed", provenance.commit())

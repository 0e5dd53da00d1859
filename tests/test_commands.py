import csv
import errno
import importlib.metadata
import json
import os
import re
import resource
import shutil

import h5py
import numpy as np
import pytest
from scipy import stats
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from v1keras import command as commands
from v1keras import workdir, zoo
from v1keras.data import Recording, simulate_recording
from v1keras.files import sha256


def strict_json(path):
    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_simulated_recording_is_described(tiny, command):
    assert tiny.made.returncode == 0 and tiny.made.stdout == f"{tiny.recording}: 100 images, 4 neurons\n"
    with h5py.File(tiny.recording) as file:
        mean = file["responses"][...].mean()
    told = command("data", "info", tiny.recording)
    assert told.returncode == 0 and told.stderr == ""
    lines = told.stdout.splitlines()
    assert "images: (100, 16, 16), uint8, 0 to 255" in lines
    assert "split: 72 train, 8 validation, 20 test" in lines
    assert "neurons: 4 (4 reported)" in lines
    assert f"responses: mean {mean:.3f}, 0.0% missing" in lines
    assert "repeats: 20 of 20 images" in lines


def test_training_leaves_a_workdir(tiny):
    assert tiny.trained.returncode == 0, tiny.trained.stderr
    files = [workdir.CONFIG, workdir.COMMIT, f"{workdir.CHECKPOINTS}/member_0/000000000012.h5", workdir.REPORT, "metrics.json", "neurons.csv"]
    files += ["preset/config.json", "preset/metadata.json", "preset/model.weights.h5", "preset/README.md"]
    found = {str(p.relative_to(tiny.workdir)) for p in tiny.workdir.rglob("*") if p.is_file()}
    events = {name for name in found if name.startswith(f"{workdir.TENSORBOARD}/member_0/events.out.tfevents")}
    assert found == set(files) | events and len(events) == 1
    config = strict_json(tiny.workdir / workdir.CONFIG)
    assert config["core"]["filters"] == [4, 4] and config["data"]["recording"] == str(tiny.recording)
    assert "reported" in tiny.trained.stdout and f"report: {tiny.workdir}/report.html" in tiny.trained.stdout


def test_scores_are_the_models(tiny):
    """Each neuron's correlation and ceiling, computed from the preset's predictions and the recording."""
    recording, model = Recording.load(tiny.recording), zoo.load(str(tiny.workdir))
    test = np.flatnonzero(recording.split == 2)
    rates = model.predict(recording.images[test, ..., None].astype("float32"), verbose=0)
    rows = table(tiny.workdir / "neurons.csv")
    assert [row["kind"] for row in rows] == ["simple", "complex", "center_surround", "texture"]
    for neuron, row in enumerate(rows):
        y = recording.responses[test, neuron]
        single = recording.repeats[..., neuron].astype(float)
        power = (single.sum(axis=1).var(ddof=1) - single.var(axis=0, ddof=1).sum()) / (20 * 19)
        ceiling = np.sqrt(power / single.mean(axis=1).var(ddof=1))
        r = stats.pearsonr(y, rates[:, neuron])[0]
        assert float(row["correlation"]) == pytest.approx(r, abs=1e-5)
        assert float(row["cc_max"]) == pytest.approx(ceiling, abs=1e-5)
        assert float(row["cc_norm"]) == pytest.approx(r / ceiling, abs=2e-5)
        assert float(row["mean_hz"]) == pytest.approx(recording.responses[:, neuron].mean() / 0.1, rel=1e-5)


def test_metrics_are_means_over_the_csv(tiny):
    metrics, rows = strict_json(tiny.workdir / "metrics.json"), table(tiny.workdir / "neurons.csv")
    assert metrics["split"] == "test" and metrics["images"] == 20 and metrics["ceiling"] == "repeats"
    groups = {"reported": rows, "above 5 Hz": [row for row in rows if float(row["mean_hz"]) > 5]}
    groups |= {f"kind {row['kind']}": [row] for row in rows}
    assert metrics["groups"].keys() == groups.keys()
    for name, members in groups.items():
        found = metrics["groups"][name]
        assert found["neurons"] == len(members)
        for key in ("correlation", "cc_max", "cc_norm", "feve"):
            values = np.array([float(row[key]) for row in members])
            averaged = np.clip(values, -1, 1) if key == "cc_norm" else values
            assert found[key]["mean"] == pytest.approx(averaged.mean(), abs=2e-6)
            assert found[key]["median"] == pytest.approx(np.median(values), abs=2e-6)
            assert found[key]["missing"] == 0
        assert found["fraction_near_limit"] == np.mean([float(row["cc_norm"]) >= 0.9 for row in members])


def test_evaluate_gives_the_trainings_scores(tiny, command, tmp_path):
    done = command("evaluate", f"--model={tiny.workdir}", f"--out={tmp_path}")
    assert done.returncode == 0, done.stderr
    for name in ("metrics.json", "neurons.csv"):
        assert (tmp_path / name).read_bytes() == (tiny.workdir / name).read_bytes()
    assert done.stdout.splitlines()[:-1] == tiny.trained.stdout.splitlines()[:-1]


def test_inverted_stimuli(tiny, command, tmp_path):
    done = command("invert", f"--model={tiny.workdir}", "--neurons=2,0", "--steps=20", f"--out={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"stimuli.h5", "cells.csv", "gallery.png", "tuning.png", "report.html", "tensorboard"}
    with h5py.File(tmp_path / "stimuli.h5") as file:
        found, facts = {name: file[name][...] for name in file}, dict(file.attrs)
    recording, model = Recording.load(tiny.recording), zoo.load(str(tiny.workdir))
    images = recording.images.astype("float32")
    grey = images[recording.split == 0].mean(dtype=float)
    norm = facts["norm"]
    median = np.median(np.linalg.norm((images - grey).reshape(100, -1), axis=1))
    assert facts["grey"] == pytest.approx(grey, rel=1e-6) and median / 10 < norm <= median
    stimuli = found["stimuli"]
    assert stimuli.shape == (2, 16, 16) and np.isfinite(stimuli).all()
    assert stimuli.min() >= images.min() - 1e-3 and stimuli.max() <= images.max() + 1e-3
    np.testing.assert_allclose(np.linalg.norm(stimuli - grey, axis=(1, 2)), norm, rtol=1e-4)
    assert found["neurons"].tolist() == [2, 0]
    rates = model.predict(stimuli[..., None], verbose=0)
    np.testing.assert_allclose(found["rates"], [rates[0, 2], rates[1, 0]], rtol=1e-5)
    shown = model.predict(images[..., None], verbose=0)[:, [2, 0]]
    with open(tmp_path / "cells.csv", newline="") as file:
        cells = list(csv.DictReader(file))
    column = lambda name: np.array([float(row[name]) for row in cells])
    np.testing.assert_allclose(column("best_image_rate"), shown.max(axis=0), rtol=1e-4)
    assert column("best_image").tolist() == shown.argmax(axis=0).tolist() and column("neuron").tolist() == [2, 0]
    fields = found["gradient_fields"]
    assert fields.shape == (2, 16, 16) and fields.min() >= 0 and found["trace"].shape == (2, 20)
    assert {row["class"] for row in cells} <= {"gabor", "center-surround", "texture", "unclassified"}
    page = (tmp_path / "report.html").read_text()
    assert all(f"stimulus of neuron {neuron}" in page for neuron in (2, 0)) and page.count("<svg") == 10
    nothing = model.predict(np.full((1, 16, 16, 1), grey, "float32"), verbose=0)[0, [2, 0]]
    assert (found["rates"] > nothing).all()


def test_tensorboard_shows_the_training(tiny):
    events = EventAccumulator(str(tiny.workdir / workdir.TENSORBOARD / "member_0"), size_guidance={"tensors": 0}).Reload()
    scalars = ["training/loss", "validation/correlation", "training/learning_rate", "training/images_per_second"]
    others = ["configuration", "validation/correlation_of_neurons", "filters/first_layer"]
    assert sorted(events.Tags()["tensors"]) == sorted(scalars + others)
    values = {tag: [float(np.frombuffer(e.tensor_proto.tensor_content, "<f4")[0]) for e in events.Tensors(tag)] for tag in scalars}
    assert [e.step for e in events.Tensors("training/loss")] == [1, 2, 3]
    assert np.isfinite(values["training/loss"]).all() and min(values["training/images_per_second"]) > 0
    assert values["training/learning_rate"] == pytest.approx([3e-3] * 3)
    with h5py.File(tiny.workdir / f"{workdir.CHECKPOINTS}/member_0/000000000012.h5") as file:
        progress = json.loads(file["facts"].asstr()[()])
    assert progress["best_score"] == pytest.approx(max(values["validation/correlation"]), abs=1e-6)
    text = events.Tensors("configuration")[0].tensor_proto.string_val[0].decode()
    assert '"max_epochs": 3' in text and str(tiny.recording) in text


@pytest.mark.slow
def test_several_recordings_from_the_command_line(tiny, command, tmp_path):
    """Trained together, scored together and one by one; a recording without a readout of its name is refused."""
    for name, source in (("monday", tiny.recording), ("tuesday", tiny.recording), ("wednesday", tiny.recording)):
        recording = Recording.load(source)
        recording.attributes["name"] = name
        recording.save(tmp_path / f"{name}.h5")
    both = f"{tmp_path / 'tuesday.h5'},{tmp_path / 'monday.h5'}"
    done = command("train", *tiny.config, f"--config.data.recording={both}", f"--workdir={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    assert command("evaluate", f"--model={tmp_path / 'run'}", f"--out={tmp_path / 'scores'}").returncode == 0
    for name in ("metrics.json", "neurons.csv"):
        assert (tmp_path / "scores" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()
    asked = [f"--model={tmp_path / 'run'}", f"--out={tmp_path / 'out'}", f"--recording={tmp_path / 'monday.h5'}"]
    assert command("evaluate", *asked).returncode == 0
    groups = strict_json(tmp_path / "run" / "metrics.json")["groups"]
    assert strict_json(tmp_path / "out" / "metrics.json")["groups"]["reported"] == groups["monday: reported"]
    inverted = command("invert", *asked, "--neurons=1", "--steps=5")
    assert inverted.returncode == 0, inverted.stderr
    refused = command("evaluate", *asked, f"--recording={tmp_path / 'wednesday.h5'}")
    assert refused.returncode == 1 and refused.stderr == "error: no session 'wednesday'; the model has tuesday, monday\n"


def weights(folder):
    return zoo.info(str(folder))["sha256"]["model.weights.h5"]


def test_training_again_gives_the_same_weights(tiny, command, tmp_path):
    """A second workdir; then going on with the finished run; then another seed in its place."""
    run = ["train", *tiny.config, f"--workdir={tmp_path}"]
    assert command(*run).returncode == 0
    assert weights(tmp_path) == weights(tiny.workdir)
    (tmp_path / "notes.txt").write_text("mine")
    resumed = command(*run, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert weights(tmp_path) == weights(tiny.workdir)
    assert (tmp_path / "metrics.json").read_bytes() == (tiny.workdir / "metrics.json").read_bytes()
    replaced = command(*run, "--overwrite", "--config.seed=1")
    assert replaced.returncode == 0, replaced.stderr
    assert weights(tmp_path) != weights(tiny.workdir)
    assert strict_json(tmp_path / workdir.CONFIG)["seed"] == 1
    assert len(list((tmp_path / workdir.TENSORBOARD).rglob("events*"))) == 1
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_neurons_that_say_nothing_are_kept_and_counted(tiny, command, tmp_path):
    path = shutil.copy(tiny.recording, tmp_path / "silent.h5")
    with h5py.File(path, "a") as file:
        file["responses"][:, 1] = np.nan
        file["repeats"][..., 1] = np.nan
        file["responses"][:, 3] = 2
        file["repeats"][..., 3] = 2
    done = command("train", *tiny.config, f"--config.data.recording={path}", f"--workdir={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    assert "warning: neurons 1 have no response at all: kept, but left out of every mean and counted" in done.stderr.splitlines()
    assert "warning: neurons 3 answer all images alike: nothing to predict; kept, left out of means" in done.stderr.splitlines()
    rows, reported = table(tmp_path / "out" / "neurons.csv"), strict_json(tmp_path / "out" / "metrics.json")["groups"]["reported"]
    assert reported["neurons"] == 4
    for key in ("correlation", "cc_norm", "feve"):
        assert [row[key] == "" for row in rows] == [False, True, False, True]
        assert reported[key]["missing"] == 2
        assert reported[key]["mean"] == pytest.approx((float(rows[0][key]) + float(rows[2][key])) / 2, abs=2e-6)
    assert zoo.load(str(tmp_path / "out")).output_shape == (None, 4)


def written(path, text):
    path.write_text(text)
    return path


def edited(tiny, folder, **datasets):
    """The recording with some datasets replaced; None takes one away."""
    path = folder / "edited.h5"
    shutil.copy(tiny.recording, path)
    with h5py.File(path, "a") as file:
        for name, value in datasets.items():
            del file[name]
            if value is not None:
                file[name] = value
    return path


def train(tiny, folder, *more):
    return ["train", *tiny.config, f"--workdir={folder / 'out'}", *more]


def train_on(tiny, folder, recording):
    return train(tiny, folder, f"--config.data.recording={recording}")


def train_with(tiny, folder, config):
    return ["train", f"--config={config}", f"--config.data.recording={tiny.recording}", f"--workdir={folder / 'out'}"]


def train_again(tiny, folder, *more):
    shutil.copytree(tiny.workdir, folder / "out")
    return train(tiny, folder, *more)


def evaluate_on(tiny, folder, **change):
    size = {"train_images": 80, "test_images": 20, "neurons_per_kind": 1, "image_size": 16}
    simulate_recording(**size | change).save(folder / "other.h5")
    return ["evaluate", f"--model={tiny.workdir}", f"--recording={folder / 'other.h5'}", f"--out={folder / 'out'}"]


def evaluate_preset(tiny, folder, file, change):
    shutil.copytree(tiny.workdir / "preset", folder / "preset")
    path = folder / "preset" / file
    path.write_bytes(change(path.read_bytes()))
    return ["evaluate", f"--model={folder / 'preset'}", f"--out={folder / 'out'}"]


def one_bit(content):
    return content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]


def better(content):
    return content.replace(b'"correlation": ', b'"correlation": 0.9, "was": ', 1)


def invert(tiny, folder, *more):
    return ["invert", f"--model={tiny.workdir}", f"--out={folder / 'out'}", *more]


QUICK = {
    "no HDF5": (lambda t, f: train_on(t, f, written(f / "a.h5", "text")), r"a\.h5 is no HDF5 file"),
    "unknown key": (lambda t, f: train(t, f, "--config.training.bacth_size=4"), r"Did you mean \"batch_size\""),
    "another run": (train_again, r"holds a run already; take another --workdir, --resume .* or --overwrite"),
    "changed weights": (lambda t, f: evaluate_preset(t, f, "model.weights.h5", one_bit), r"is not the file of this preset"),
    "no such neuron": (lambda t, f: invert(t, f, "--neurons=99"), r"there is no neuron 99; the model has neurons 0 to 3"),
}
SLOW = {
    "no responses": (lambda t, f: train_on(t, f, edited(t, f, responses=None)), r"edited\.h5: no dataset 'responses'"),
    "misshapen": (lambda t, f: train_on(t, f, edited(t, f, images=np.zeros((100, 16)))), r"images: found \(100, 16\)"),
    "lengths": (lambda t, f: train_on(t, f, edited(t, f, responses=np.ones((99, 4)))), r"responses: found \(99, 4\)"),
    "negative": (lambda t, f: train_on(t, f, edited(t, f, responses=-np.eye(100, 4))), r"4 neurons have negative .*poisson"),
    "no test images": (lambda t, f: train_on(t, f, edited(t, f, split=np.arange(100) % 2)), r"no test images .*'test': 0"),
    "no recording": (lambda t, f: train_on(t, f, "kindel"), r"no recording 'kindel': neither a file here nor"),
    "no config": (lambda t, f: train_with(t, f, f / "gone.py"), r"no configuration '.*gone\.py' in .*: name a file by its path"),
    "MATLAB": (lambda t, f: train_on(t, f, written(f / "a.mat", "MATLAB 5.0")), r"a\.mat is no HDF5 file; .* convert arrays .*\.mat"),
    "broken config": (lambda t, f: train_with(t, f, written(f / "a.py", "def get_config(:\n")), r"invalid syntax"),
    "no batch": (lambda t, f: train(t, f, "--config.training.batch_size=0"), r"batch_size"),
    "large batch": (lambda t, f: train(t, f, "--config.training.batch_size=73"), r"batch_size: found 73, expected 1 to 72"),
    "other config": (
        lambda t, f: train_again(t, f, "--resume", "--config.training.max_epochs=4"),
        r"--resume: .* has another configuration: training\.max_epochs \(there 3, here 4\)$",
    ),
    "both": (lambda t, f: train_again(t, f, "--resume", "--overwrite"), r"--resume and --overwrite exclude each other"),
    "below a file": (lambda t, f: train(t, f, f"--workdir={written(f / 'file', 'kept') / 'out'}"), r"Not a directory: .*file"),
    "no workdir": (lambda t, f: ["train", *t.config], r"--workdir"),
    "unknown flag": (lambda t, f: train(t, f, "--overwite"), r"Unknown command line flag 'overwite'. Did you mean: overwrite"),
    "stray word": (lambda t, f: train(t, f, "kindel2019"), r"kindel2019"),
    "changed metadata": (lambda t, f: evaluate_preset(t, f, "metadata.json", better), r"was changed after it was written"),
    "cut metadata": (lambda t, f: evaluate_preset(t, f, "metadata.json", lambda c: c[:200]), r"is not the metadata of a preset"),
    "no model": (lambda t, f: ["evaluate", f"--model={f / 'gone'}", f"--out={f / 'out'}"], r"no model .*gone': neither a preset"),
    "image size": (lambda t, f: evaluate_on(t, f, image_size=20), r"images of 20 x 20 pixels; the model takes 16 x 16"),
    "neurons": (lambda t, f: evaluate_on(t, f, neurons_per_kind=2), r"a recording of 8 neurons; the model predicts 4"),
    "large norm": (lambda t, f: invert(t, f, "--neurons=0", "--contrast_norm=1e6"), r"contrast norm 1e\+06 does not fit 256 pixels"),
    "no judge": (lambda t, f: invert(t, f, "--neurons=0", "--judges=gone"), r"no model 'gone': neither a preset"),
    "no number": (lambda t, f: invert(t, f, "--neurons=abc"), r"--neurons: found 'abc', expected all, near-limit or indices"),
}


def contents(folder):
    return {path: sha256(path) if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_bad_input_gets_one_line_and_writes_nothing(tiny, command, tmp_path, name):
    make, message = (QUICK | SLOW)[name]
    line = make(tiny, tmp_path)
    before = contents(tmp_path)
    done = command(*line, cwd=tmp_path)
    assert done.returncode == 1, done
    *warned, error = done.stderr.splitlines()
    assert error.startswith("error: ") and all(text.startswith("warning: ") for text in warned), done.stderr
    assert re.search(message, error), error
    assert contents(tmp_path) == before


def test_forbidden_folders_are_answered_with_the_fix(capsys):
    """What the system says of a folder that is not the user's, or of a disk that is mounted to be read (the tests may run as root)."""

    def main(_):
        raise OSError(number, os.strerror(number), "there/run")

    for number in (errno.EACCES, errno.EROFS):
        with pytest.raises(SystemExit) as ended:
            commands._guarded(main, False, ["command"])
        told = capsys.readouterr().err
        assert ended.value.code == 1 and told.count("\n") == 1
        assert re.fullmatch(r"error: .*'there/run': name another file or folder, or change its permissions\n", told), told


def test_images_in_other_units_are_warned_of_once(tiny, command, tmp_path):
    recording = Recording.load(tiny.recording)
    recording.images = recording.images / np.float32(255)
    recording.save(tmp_path / "unit.h5")
    done = command("evaluate", f"--model={tiny.workdir}", f"--recording={tmp_path / 'unit.h5'}", f"--out={tmp_path}")
    assert done.returncode == 0
    assert done.stderr == "warning: simulated: pixels lie from 0 to 1, but the model's recording has 0 to 255; are they to be scaled?\n"


@pytest.mark.slow
@pytest.mark.parametrize("limit", [300, 16_000])
def test_full_disk_leaves_no_half_file(tiny, command, tmp_path, limit):
    """No file may grow beyond so many bytes: too few for the configuration, too few for a checkpoint."""
    done = command(*train(tiny, tmp_path), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 1, done
    *before, error = done.stderr.splitlines()
    assert re.match(r"error: .*File too large", error), done.stderr
    assert not any(line and not line.startswith(("epoch", "warning: checkpoint not written")) for line in before), done.stderr
    found = {str(path.relative_to(tmp_path / "out")): path for path in tmp_path.rglob("*") if path.is_file()}
    for name in found:
        assert not name.startswith((".", workdir.REPORT)) and "/." not in name
    if workdir.CONFIG in found:
        assert found[workdir.CONFIG].read_bytes() == (tiny.workdir / workdir.CONFIG).read_bytes()


def test_every_console_script_is_there():
    scripts = [script for script in importlib.metadata.entry_points(group="console_scripts") if script.name.startswith("v1keras-")]
    assert sorted(script.name for script in scripts) == [f"v1keras-{name}" for name in ("data", "evaluate", "invert", "train", "zoo")]
    assert all(callable(script.load()) for script in scripts)

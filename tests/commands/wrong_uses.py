"""What users get wrong: name -> (the command line made, the error it gets)."""

import shutil

import h5py
import numpy as np

from v1keras.data import simulate_recording


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
    return [
        "train",
        f"--config={config}",
        f"--config.data.recording={tiny.recording}",
        f"--workdir={folder / 'out'}",
    ]


def train_again(tiny, folder, *more):
    shutil.copytree(tiny.workdir, folder / "out")
    return train(tiny, folder, *more)


def evaluate_on(tiny, folder, **change):
    size = {
        "train_images": 80,
        "test_images": 20,
        "neurons_per_kind": 1,
        "image_size": 16,
    }
    simulate_recording(**size | change).save(folder / "other.h5")
    return [
        "evaluate",
        f"--model={tiny.workdir}",
        f"--recording={folder / 'other.h5'}",
        f"--out={folder / 'out'}",
    ]


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


def convert(folder, images, responses):
    np.save(folder / "images.npy", images)
    np.save(folder / "responses.npy", responses)
    return [
        "data",
        "convert",
        "arrays",
        f"--images={folder / 'images.npy'}",
        f"--responses={folder / 'responses.npy'}",
        f"--out={folder / 'out.h5'}",
    ]


def predict(folder, images):
    np.save(folder / "images.npy", images)
    return ["zoo", "predict", "simulated_factorized", folder / "images.npy"]


QUICK = {
    "no HDF5": (
        lambda t, f: train_on(t, f, written(f / "a.h5", "text")),
        r"a\.h5 is not an HDF5 file",
    ),
    "unknown key": (
        lambda t, f: train(t, f, "--config.training.bacth_size=4"),
        r"Did you mean \"batch_size\"",
    ),
    "another run": (
        train_again,
        r"holds a run already; take another --workdir, --resume .* or --overwrite",
    ),
    "changed weights": (
        lambda t, f: evaluate_preset(t, f, "model.weights.h5", one_bit),
        r"is not the file of this preset",
    ),
    "no such neuron": (
        lambda t, f: invert(t, f, "--neurons=99"),
        r"there is no neuron 99; the model has neurons 0 to 3",
    ),
}


SLOW = {
    "colours": (
        lambda t, f: convert(f, np.ones((9, 8, 8, 3)), np.ones((9, 2))),
        r"images: found \(9, 8, 8, 3\), .*; average the colours",
    ),
    "colours for a model": (
        lambda t, f: predict(f, np.ones((9, 32, 32, 3))),
        r"images\.npy: found .*\(9, 32, 32, 3\), expected",
    ),
    "transposed": (
        lambda t, f: convert(f, np.ones((9, 8, 8)), np.ones((2, 9))),
        r"responses: .*\(2, 9\): say --responses_axes=neurons,images",
    ),
    "transposed in a recording": (
        lambda t, f: train_on(t, f, edited(t, f, responses=np.ones((4, 100)))),
        r"edited\.h5: responses: .*; transpose them",
    ),
    "outside the checkout": (
        lambda t, f: ["train", "--config=configs/quickstart.py", "--workdir=out"],
        r"no configuration 'configs/quickstart\.py': expected one of default, .*a file",
    ),
    "no responses": (
        lambda t, f: train_on(t, f, edited(t, f, responses=None)),
        r"edited\.h5: no dataset 'responses'",
    ),
    "misshapen": (
        lambda t, f: train_on(t, f, edited(t, f, images=np.zeros((100, 16)))),
        r"images: found \(100, 16\)",
    ),
    "lengths": (
        lambda t, f: train_on(t, f, edited(t, f, responses=np.ones((99, 4)))),
        r"responses: found \(99, 4\)",
    ),
    "negative": (
        lambda t, f: train_on(
            t,
            f,
            edited(t, f, responses=-np.eye(100, 4), repeats=None, repeat_images=None),
        ),
        r"4 neurons have negative .*poisson",
    ),
    "no test images": (
        lambda t, f: train_on(t, f, edited(t, f, split=np.arange(100) % 2)),
        r"no test images .*'test': 0",
    ),
    "no recording": (
        lambda t, f: train_on(t, f, "kindel"),
        r"no recording 'kindel': neither a file here nor",
    ),
    "no config": (
        lambda t, f: train_with(t, f, f / "gone.py"),
        r"no configuration '.*gone\.py': expected one of default, .*, or a file",
    ),
    "MATLAB": (
        lambda t, f: train_on(t, f, written(f / "a.mat", "MATLAB 5.0")),
        r"a\.mat is not an HDF5 file; .* convert arrays .*\.mat",
    ),
    "broken config": (
        lambda t, f: train_with(t, f, written(f / "a.py", "def get_config(:\n")),
        r"invalid syntax",
    ),
    "no batch": (
        lambda t, f: train(t, f, "--config.training.batch_size=0"),
        r"batch_size",
    ),
    "large batch": (
        lambda t, f: train(t, f, "--config.training.batch_size=73"),
        r"batch_size: found 73, expected 1 to 72",
    ),
    "other config": (
        lambda t, f: train_again(t, f, "--resume", "--config.training.max_epochs=4"),
        (
            r"--resume: .* has another configuration: training\.max_epochs \(there 3,"
            r" here 4\)$"
        ),
    ),
    "both": (
        lambda t, f: train_again(t, f, "--resume", "--overwrite"),
        r"--resume and --overwrite exclude each other",
    ),
    "below a file": (
        lambda t, f: train(t, f, f"--workdir={written(f / 'file', 'kept') / 'out'}"),
        r"Not a directory: .*file",
    ),
    "no workdir": (lambda t, f: ["train", *t.config], r"--workdir"),
    "unknown flag": (
        lambda t, f: train(t, f, "--overwite"),
        r"Unknown command line flag 'overwite'. Did you mean: overwrite",
    ),
    "stray word": (lambda t, f: train(t, f, "kindel2019"), r"kindel2019"),
    "changed metadata": (
        lambda t, f: evaluate_preset(t, f, "metadata.json", better),
        r"was changed after it was written",
    ),
    "cut metadata": (
        lambda t, f: evaluate_preset(t, f, "metadata.json", lambda c: c[:200]),
        r"is not the metadata of a preset",
    ),
    "no model": (
        lambda t, f: ["evaluate", f"--model={f / 'gone'}", f"--out={f / 'out'}"],
        r"no model .*gone': neither a preset",
    ),
    "image size": (
        lambda t, f: evaluate_on(t, f, image_size=20),
        r"images of 20 x 20 pixels; the model takes 16 x 16",
    ),
    "neurons": (
        lambda t, f: evaluate_on(t, f, neurons_per_kind=2),
        r"a recording of 8 neurons; the model predicts 4",
    ),
    "large norm": (
        lambda t, f: invert(t, f, "--neurons=0", "--contrast_norm=1e6"),
        r"contrast norm 1e\+06 does not fit 256 pixels",
    ),
    "no judge": (
        lambda t, f: invert(t, f, "--neurons=0", "--judges=gone"),
        r"no model 'gone': neither a preset",
    ),
    "no number": (
        lambda t, f: invert(t, f, "--neurons=abc"),
        r"--neurons: found 'abc', expected all, near-limit or indices",
    ),
}

"""Presets that an attacker made from good ones, with all hashes computed again.

Run as a script in an empty folder, it opens each of them and prints as JSON what came
of it: the error, and what the process did meanwhile.
"""

import contextlib
import copy
import json
import pathlib
import resource
import shutil
import sys
import time

import h5py
import keras
import numpy as np
from hostile_configs import CONFIGS, EVERYWHERE, FOREIGN, PLACES, TEXTS
from hostile_metadata import METADATA_CHANGES
from hostile_weights import WEIGHTS_FILES
from tree_changes import setting

from v1keras import models, zoo
from v1keras.io.atomic import sha256
from v1keras.zoo.metadata import digest_of, render

METADATA = {
    "recording": {"name": "made_up"},
    "pixels": {"minimum": 0.0, "maximum": 255.0},
    "sessions": {"all": 3},
    "neuron_sessions": [["all", 3]],
    "command": "none",
    "commit": None,
    "measured_by": "none",
    "ceiling": "none",
    "config": {"data": {"protocol": "file", "split_seed": 0}},
    "scores": [
        {
            "protocol": "file",
            "seeds": [0],
            "neurons": "reported",
            "count": 3,
            "correlation": None,
            "cc_norm": None,
            "fraction_near_limit": None,
        }
    ],
}
WEIGHTS = "model.weights.h5"


def network(name="v1model"):
    core, readout = models.StackedCore((4, 5), (5, 3)), models.FactorizedReadout(3)
    return models.V1Model(core, readout, (16, 16), 100.0, 50.0, name)


def behaving():
    readout = models.CovariateReadout(
        models.GaussianReadout(3),
        models.Shifter("pupil", [0.0, 0.0], [1.0, 1.0]),
        models.GainModulator(3, "running", [0.0], [1.0]),
    )
    return models.V1Model(models.StackedCore((4,), (5,)), readout, (16, 16))


def make_good():
    """Write good presets to make bad ones of."""
    two = models.MultiSessionModel(
        models.StackedCore((4,), (5,)),
        {n: models.FactorizedReadout(3, name=f"{n}_readout") for n in ("a", "b")},
        (16, 16),
    )
    good = {
        "network": network(),
        "ensemble": models.Ensemble([network("one"), network("two")]),
        "behaving": behaving(),
        "sessions": two,
    }
    for name, model in good.items():
        zoo.save(model, f"good/{name}", METADATA)
    with h5py.File("elsewhere.h5", "w") as file:
        file["bias"] = np.zeros(3, "float32")
    np.zeros(3, "float32").tofile("elsewhere.bin")
    pathlib.Path("evil.py").write_text("open('sentinel', 'w')\nclass Evil: pass\n")


def write(name, base, config=None, weights=None, metadata=None, content=None):
    """Write one hostile preset, with hashes that fit."""
    folder = pathlib.Path("bad") / name
    shutil.copytree(pathlib.Path("good") / base, folder)
    if config:
        tree = json.loads((folder / "config.json").read_text())
        config(tree)
        (folder / "config.json").write_text(json.dumps(tree))
    if content is not None:
        content = content if isinstance(content, bytes) else content.encode()
        (folder / "config.json").write_bytes(content)
    if weights:
        with h5py.File(folder / WEIGHTS, "r+") as file:
            weights(file)
    stated = json.loads((folder / "metadata.json").read_text())
    if metadata:
        metadata(stated)
    files = ("config.json", WEIGHTS, "README.md")
    stated["sha256"] = {file: sha256(folder / file) for file in files}
    stated["sha256"]["metadata.json"] = digest_of(stated)
    (folder / "metadata.json").write_text(render(stated))


def cases():
    """Return name -> arguments of `write`."""
    listed = {}
    for place, (base, path) in PLACES.items():
        for kind in FOREIGN if place == "core" else EVERYWHERE:
            change = setting(path, copy.deepcopy(FOREIGN[kind]))
            listed[f"{kind} as {place}"] = {"base": base, "config": change}
    for kind, (base, change) in CONFIGS.items():
        listed[kind] = {"base": base, "config": change}
    for kind, content in TEXTS.items():
        listed[f"config.json {kind}"] = {"base": "network", "content": content}
    for kind, change in WEIGHTS_FILES.items():
        listed[f"weights {kind}"] = {"base": "network", "weights": change}
    for kind, change in METADATA_CHANGES.items():
        listed[f"metadata {kind}"] = {"base": "network", "metadata": change}
    return listed


WATCHED = ("import", "open", "socket.", "subprocess.", "os.", "pickle.", "shutil.")
HARMLESS = ("os.listdir", "os.scandir", "os.putenv", "os.fspath")


class Watch:
    """What the process does while it opens a preset."""

    def __init__(self):
        self.folder, self.events = None, []
        sys.addaudithook(self.hear)

    def hear(self, event, arguments):
        if self.folder is None or not event.startswith(WATCHED) or event in HARMLESS:
            return
        inside = event == "open" and str(arguments[0]).startswith(str(self.folder))
        if not inside:
            self.events.append(f"{event} {arguments}"[:200])

    @contextlib.contextmanager
    def on(self, folder):
        self.folder, self.events = folder, []
        try:
            yield
        finally:
            self.folder = None


def main():
    sys.path.insert(0, ".")
    make_good()
    for name in pathlib.Path("good").iterdir():
        zoo.load(name, check=True)
    listed, watch, results = cases(), Watch(), {}
    with watch.on(pathlib.Path("bad")):
        pathlib.Path("elsewhere.bin").read_bytes()
    heard = watch.events
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for i, (name, arguments) in enumerate(listed.items()):
        write(f"{i}", **arguments)
        error, start = None, time.perf_counter()
        with watch.on(pathlib.Path("bad") / f"{i}"):
            try:
                zoo.load(f"bad/{i}", check=True)
            except Exception as caught:
                error = [type(caught).__name__, str(caught)]
        results[name] = {
            "error": error,
            "events": watch.events,
            "seconds": time.perf_counter() - start,
            "sentinel": pathlib.Path("sentinel").exists(),
        }
        shutil.rmtree(f"bad/{i}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    print(json.dumps({"results": results, "kilobytes": memory, "heard": heard}))


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    main()

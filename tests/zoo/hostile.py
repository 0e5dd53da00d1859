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
READOUT = "layers/factorized_readout/vars"


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


def at(config, path):
    for key in path:
        config = config[key]
    return config


def setting(path, value):
    """Return a change of one value in a config or in metadata."""

    def change(tree):
        at(tree, path[:-1])[path[-1]] = value

    return change


def removing(*path):
    return lambda tree: at(tree, path[:-1]).pop(path[-1])


def named(class_name, module="keras.layers", registered=None, **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered,
    }


CORE, READ = ("config", "core"), ("config", "readout")
FUNCTIONAL = {
    "name": "f",
    "trainable": True,
    "layers": [
        named("function", config="TFSMLayer")
        | {"name": "t", "inbound_nodes": [{"args": [], "kwargs": {}}]}
    ],
    "input_layers": [["i", 0, 0]],
    "output_layers": [["t", 0, 0]],
}
FOREIGN = {
    "popen": named("Popen", "subprocess", args=["touch", "sentinel"]),
    "system": named("system", "os", command="touch sentinel"),
    "own module": named("Evil", "evil"),
    "own module, ours by name": named("Evil", "evil", "v1keras>Evil"),
    "own module, registered as ours": named("Evil", "evil", "v1keras>StackedCore"),
    "ours without module": named("Evil", None, "v1keras>StackedCore"),
    "ours of a foreign module": named("StackedCore", "evil", "v1keras>StackedCore"),
    "ours of Keras": named("StackedCore", "keras.layers", "v1keras>StackedCore"),
    "module in a list": named("StackedCore", ["evil"], "v1keras>StackedCore"),
    "not registered": named("StackedCore", "v1keras.models.core"),
    "registered elsewhere": named(
        "StackedCore", "v1keras.models.core", "a>StackedCore"
    ),
    "lambda": named("Lambda", function="abs"),
    "lambda with code": named(
        "Lambda", function={"class_name": "__lambda__", "config": {"code": "4wEA"}}
    ),
    "saved model": named("TFSMLayer", filepath="saved"),
    "torch": named("TorchModuleWrapper", module="4wEA"),
    "jax": named("JaxLayer", call_fn="evil.Evil"),
    "flax": named("FlaxLayer", module="evil.Evil"),
    "function": named("function") | {"config": "TFSMLayer"},
    "function of builtins": named("function", "builtins") | {"config": "eval"},
    "functional": named("Functional", "keras.src.models.functional", **FUNCTIONAL),
    "functional, short": named("Functional", "keras", **FUNCTIONAL),
    "sequential": named("Sequential", "keras", layers=[named("Lambda")]),
    "plain Keras layer": named("Dense", units=3),
    "loading utility": named("load_model", "keras.saving", filepath="evil.keras"),
    "get_file": named("get_file", "keras.utils", origin="http://127.0.0.1:9/a"),
    "text": "keras.layers.Lambda",
    "null": None,
    "list": [named("Lambda")],
    "readout as core": named(
        "FactorizedReadout", "v1keras.models.readouts", "v1keras>FactorizedReadout"
    ),
}
# Those that are tried in every place, not as the core alone.
EVERYWHERE = ("popen", "own module", "function", "functional", "ours without module")
PLACES = {
    "core": ("network", CORE),
    "readout": ("network", READ),
    "dtype": ("network", (*CORE, "config", "dtype")),
    "member": ("ensemble", ("config", "members", 1)),
    "session": ("sessions", ("config", "readouts", "b")),
    "shifter": ("behaving", (*READ, "config", "shifter")),
    "inner readout": ("behaving", (*READ, "config", "readout")),
}


def transfer(**config):
    values = {"network": "VGG16", "layer": "block1_conv1", "weights": None, "scale": 1}
    name = "TransferCore"
    return named(name, "v1keras.models.transfer", f"v1keras>{name}", **values | config)


def with_transfer(config):
    config["config"] |= {"core": transfer(), "image_size": [32, 32]}


def nested(depth):
    def change(config):
        inner = copy.deepcopy(config)
        for _ in range(depth):
            inner = config | {"config": {"members": [inner, inner], "name": "n"}}
        config |= inner

    return change


def in_core(key, value):
    return setting((*CORE, "config", key), value)


CONFIGS = {
    "functional root": ("network", lambda c: c.update(FOREIGN["functional"])),
    "core as root": ("network", lambda c: c.update(at(c, CORE))),
    "compile_config": ("network", setting(("compile_config",), {"loss": "evil"})),
    "compile_config of a member": (
        "ensemble",
        setting(("config", "members", 0, "compile_config"), {"optimizer": "adam"}),
    ),
    "build_config of other keys": (
        "network",
        setting((*CORE, "build_config"), {"input_shape": [None, 16], "path": "evil"}),
    ),
    "build_config of huge sizes": (
        "network",
        setting((*CORE, "build_config"), {"input_shape": [None, 10**30]}),
    ),
    "build_config with a class": (
        "network",
        setting((*CORE, "build_config"), {"input_shape": FOREIGN["popen"]}),
    ),
    "shared_object_id": ("network", setting((*CORE, "shared_object_id"), 1)),
    "unknown key": ("network", in_core("kernel_regularizer", FOREIGN["lambda"])),
    "unknown key of the model": ("network", setting(("config", "inputs"), [])),
    "activation of a class": ("network", in_core("activation", FOREIGN["lambda"])),
    "activation by path": ("network", in_core("activation", "evil.Evil")),
    "activation of ours": ("network", in_core("activation", "v1keras>StackedCore")),
    "transfer, imagenet": ("network", setting(CORE, transfer(weights="imagenet"))),
    "transfer, file": ("network", setting(CORE, transfer(weights="elsewhere.h5"))),
    "transfer, address": (
        "network",
        setting(CORE, transfer(weights="http://127.0.0.1:9/a.weights.h5")),
    ),
    "transfer, other network": (
        "network",
        setting(CORE, transfer(network="MobileNet")),
    ),
    "transfer, huge scale": ("network", setting(CORE, transfer(scale=10**6))),
    "transfer larger than the file": ("network", with_transfer),
    "huge image": ("network", setting(("config", "image_size"), [10**9, 10**9])),
    "large image": ("network", setting(("config", "image_size"), [4096, 4096])),
    "negative image": ("network", setting(("config", "image_size"), [-16, 16])),
    "image of fractions": ("network", setting(("config", "image_size"), [16.5, 16])),
    "image of one side": ("network", setting(("config", "image_size"), [16])),
    "huge filters": ("network", in_core("filters", [4, 2**62])),
    "many filters": ("network", in_core("filters", [4096, 4096])),
    "negative filters": ("network", in_core("filters", [4, -5])),
    "filters of booleans": ("network", in_core("filters", [True, True])),
    "filters as text": ("network", in_core("filters", "45")),
    "a thousand layers": ("network", in_core("filters", [4] * 1000)),
    "more filters than kernels": ("network", in_core("filters", [4, 5, 5])),
    "huge kernels": ("network", in_core("kernel_sizes", [5, 255])),
    "dilation 0": ("network", in_core("dilation", 0)),
    "huge neurons": ("network", setting((*READ, "config", "neurons"), 10**15)),
    "many neurons": ("network", setting((*READ, "config", "neurons"), 10**6)),
    "no neurons": ("network", setting((*READ, "config", "neurons"), 0)),
    "pixel_std 0": ("network", setting(("config", "pixel_std"), 0)),
    "pixel_mean infinite": ("network", setting(("config", "pixel_mean"), 1e999)),
    "pixel_mean not a number": ("network", setting(("config", "pixel_mean"), np.nan)),
    "name with a path": ("network", setting(("config", "name"), "../../evil")),
    "name as a dict": ("network", setting(("config", "name"), {"a": 1})),
    "precision": ("network", in_core("dtype", "evil")),
    "no core": ("network", removing(*CORE)),
    "no config": ("network", removing("config")),
    "coordinates that don't fit": (
        "behaving",
        setting((*READ, "config", "readout", "config", "coordinates"), [[0.0], [1, 2]]),
    ),
    "huge hidden layer": (
        "behaving",
        setting((*READ, "config", "modulator", "config", "hidden"), [10**12]),
    ),
    "ensembles in ensembles": ("ensemble", nested(6)),
    "a thousand members": (
        "ensemble",
        lambda c: c["config"].update(members=c["config"]["members"] * 500),
    ),
    "members of one name": (
        "ensemble",
        lambda c: c["config"].update(members=[c["config"]["members"][0]] * 2),
    ),
}
TEXTS = {
    "deep lists": "[" * 200_000,
    "deep dicts": '{"config":' * 100_000,
    "cut off": '{"module": "v1keras.models.enc',
    "a number of many digits": "9" * 100_000,
    "not UTF-8": b"\xff\xfe{}",
    "empty": "",
}


def relink(kind):
    """Return a change of the weights file that puts another object for the bias."""

    def change(file):
        bias = f"{READOUT}/2"
        value = file[bias][...]
        del file[bias]
        if kind == "external link":
            file[bias] = h5py.ExternalLink("elsewhere.h5", "/bias")
        elif kind == "soft link":
            file["layers/copy"] = value
            file[bias] = h5py.SoftLink("/layers/copy")
        elif kind == "external storage":
            storage = [("elsewhere.bin", 0, h5py.h5f.UNLIMITED)]
            file.create_dataset(bias, (3,), "float32", external=storage)
        elif kind == "virtual dataset":
            layout = h5py.VirtualLayout((3,), "float32")
            layout[:] = h5py.VirtualSource("elsewhere.h5", "bias", (3,))
            file.create_virtual_dataset(bias, layout)
        elif kind == "hard link to another":
            file[bias] = file["layers/stacked_core/stages/batch_normalization/vars/0"]
        elif kind == "compressed":
            file.create_dataset(bias, (10**9,), "float32", chunks=(10**6,))
        elif kind == "never written":
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_layout(h5py.h5d.CONTIGUOUS)
            space = h5py.h5s.create_simple((10**12,))
            h5py.h5d.create(
                file[READOUT].id, b"2", h5py.h5t.IEEE_F32LE, space, dcpl=plist
            )
        elif kind == "text":
            file[bias] = ["a", "b", "c"]
        elif kind == "references":
            refs = [file.ref] * 3
            file.create_dataset(bias, data=refs, dtype=h5py.ref_dtype)
        elif kind == "type":
            file[bias] = np.dtype("float32")
        elif kind == "group":
            file.create_group(bias)
        elif kind == "other shape":
            file[bias] = np.zeros(4, "float32")
        elif kind == "other axes":
            file[bias] = np.zeros((3, 1), "float32")

    return change


def with_attribute(file):
    file[f"{READOUT}/2"].attrs["dtype"] = "evil"


def with_loop(file):
    file["layers/loop"] = file["/"]


def with_external_group(file):
    file["layers/more"] = h5py.ExternalLink("elsewhere.h5", "/")


WEIGHTS_FILES = {
    **{
        kind: relink(kind)
        for kind in (
            *("external link", "soft link", "external storage", "virtual dataset"),
            *("hard link to another", "compressed", "never written", "text"),
            *("references", "type", "group", "other shape", "other axes", "missing"),
        )
    },
    "attribute": with_attribute,
    "loop": with_loop,
    "extra group": lambda file: file.create_group("layers/extra"),
    "extra layer": lambda file: file.create_group("layers/extra/vars"),
    "extra values": lambda file: file.create_dataset("layers/extra", data=[1.0]),
    "extra weight": lambda file: file.create_dataset(f"{READOUT}/3", data=[1.0]),
    "deep groups": lambda file: file.create_group("/".join("a" * 500)),
    "external group": with_external_group,
}


def with_deep_attribute(metadata):
    for _ in range(400):
        metadata["recording"] = {"name": metadata["recording"]}


METADATA_CHANGES = {
    "of deep attributes": with_deep_attribute,
    "of a format_version in text": setting(("format_version",), "2"),
    "of scores in a dict": setting(("scores",), {"0": {}}),
    "recording as text": setting(("recording",), "kindel2019"),
    "no pixels": removing("pixels"),
    "pixels as text": setting(("pixels", "minimum"), "0"),
    "pixels upside down": setting(("pixels", "minimum"), 1e9),
    "sessions as a list": setting(("sessions",), ["all"]),
    "neurons of a session as text": setting(("sessions", "all"), "3"),
    "a billion neurons": setting(("neuron_sessions",), [["all", 10**9]]),
    "negative neurons": setting(("neuron_sessions",), [["all", -3]]),
    "command as a list": setting(("command",), ["rm", "-r"]),
    "no commit": removing("commit"),
    "ceiling unknown": setting(("ceiling",), "evil"),
    "config without data": setting(("config",), {}),
    "split_seed as text": setting(("config", "data", "split_seed"), "0"),
    "no scores": setting(("scores",), []),
    "a score as text": setting(("scores", 0, "correlation"), "1"),
    "a score that is infinite": setting(("scores", 0, "cc_norm"), 1e999),
    "format_version as a list": setting(("format_version",), [2]),
    "versions as text": setting(("versions",), "3"),
    "image_size huge": setting(("image_size",), [10**9, 10**9]),
    "image_size of another": setting(("image_size",), [17, 16]),
    "parameters of another": setting(("parameters",), 1),
    "golden as a list": setting(("golden",), []),
    "golden as text": setting(("golden", "rates"), "1"),
    "a latency of nothing": setting(("latency",), {}),
    "behavior as a list": setting(("behavior",), []),
    "name as a number": setting(("name",), 3),
}


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

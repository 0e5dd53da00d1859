"""What an attacker could write into a preset's config.json."""

import copy

import numpy as np
from tree_changes import at, removing, setting


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

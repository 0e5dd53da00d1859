"""Encoding models of primary visual cortex: train them, judge them, invert them.

Importing the package registers its layers and models with Keras. Everything else is loaded when it is first used.
"""

import importlib
import os

# TensorFlow's start-up notices would stand between a command and its one line of error.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from v1keras import models  # noqa: E402
from v1keras._version import __version__  # noqa: E402

_WHERE = {
    "Recording": "v1keras.data",
    "simulate_recording": "v1keras.data",
    "data": "v1keras.data",
    "training": "v1keras.training",
    "evaluation": "v1keras.evaluation",
    "inversion": "v1keras.inversion",
    "report": "v1keras.report",
    "zoo": "v1keras.zoo",
}

__all__ = ["models", "__version__", *_WHERE]


def __getattr__(name):
    if name not in _WHERE:
        raise AttributeError(f"module 'v1keras' has no attribute {name!r}; it has {', '.join(__all__)}")
    module = importlib.import_module(_WHERE[name])
    return module if _WHERE[name] == f"v1keras.{name}" else getattr(module, name)

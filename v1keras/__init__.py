"""Encoding models of primary visual cortex: train them, judge them, invert them.

Importing the package registers its layers, models, losses and metrics with Keras.
Everything else is loaded when it is first used.
"""

import contextlib
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any


@contextlib.contextmanager
def _silent_start():
    """Keeps TensorFlow's start-up notices from standing between a command and its one
    line of error.

    Some of them are written before TensorFlow knows its log level. Set
    TF_CPP_MIN_LOG_LEVEL to see all.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        del os.environ[
            "TF_CPP_MIN_LOG_LEVEL"
        ]  # a process of ours that starts another is not the user who asked


# What reads no model answers at once, without TensorFlow: `python -m v1keras.zoo list`
# and `show`, `v1keras --version`. And `v1keras doctor` has to be able to say that
# TensorFlow does not start.
_WITHOUT_MODELS = {
    ("v1keras.zoo", "list"),
    ("v1keras.zoo", "show"),
    ("v1keras", "--version"),
    ("v1keras", "doctor"),
}
_reads_models = not any(
    (os.path.basename(word).replace("-", "."), after) in _WITHOUT_MODELS
    for word, after in zip(sys.orig_argv, sys.orig_argv[1:])
)
if _reads_models:
    with _silent_start():
        importlib.import_module("v1keras.models")
        importlib.import_module("v1keras.training.losses")
        importlib.import_module("v1keras.evaluation.streaming")

from v1keras._version import __version__  # noqa: E402

if TYPE_CHECKING:  # what is loaded when it is first used, for editors and type checkers
    from v1keras import (
        characterization,
        data,
        evaluation,
        inversion,
        models,
        report,
        training,
        zoo,
    )
    from v1keras.data import Recording, load_recording, simulate_recording
    from v1keras.evaluation import streaming as metrics
    from v1keras.models import V1Model
    from v1keras.training import losses
    from v1keras.workflows.build import build_model
    from v1keras.workflows.compare import compare
    from v1keras.workflows.fit import fit
    from v1keras.workflows.invert import characterize, preferred_stimuli
    from v1keras.workflows.report import write_report
    from v1keras.workflows.score import score
    from v1keras.zoo import load as load_model

# Public name -> (module, name in it); None for the module itself.
_PUBLIC = {
    "load_recording": ("v1keras.data", "load_recording"),
    "load_model": ("v1keras.zoo", "load"),
    "build_model": ("v1keras.workflows.build", "build_model"),
    "fit": ("v1keras.workflows.fit", "fit"),
    "score": ("v1keras.workflows.score", "score"),
    "compare": ("v1keras.workflows.compare", "compare"),
    "preferred_stimuli": ("v1keras.workflows.invert", "preferred_stimuli"),
    "characterize": ("v1keras.workflows.invert", "characterize"),
    "write_report": ("v1keras.workflows.report", "write_report"),
    "simulate_recording": ("v1keras.data", "simulate_recording"),
    "Recording": ("v1keras.data", "Recording"),
    "V1Model": ("v1keras.models", "V1Model"),
    "losses": ("v1keras.training.losses", None),  # as Keras names them
    "metrics": ("v1keras.evaluation.streaming", None),
    "data": ("v1keras.data", None),
    "models": ("v1keras.models", None),
    "training": ("v1keras.training", None),
    "evaluation": ("v1keras.evaluation", None),
    "inversion": ("v1keras.inversion", None),
    "characterization": ("v1keras.characterization", None),
    "report": ("v1keras.report", None),
    "zoo": ("v1keras.zoo", None),
}
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(
            f"module 'v1keras' has no attribute {name!r}; it has {', '.join(__all__)}"
        )
    path, attribute = _PUBLIC[name]
    module = importlib.import_module(path)
    return module if attribute is None else getattr(module, attribute)


def __dir__() -> list[str]:
    return sorted(__all__)

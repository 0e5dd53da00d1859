"""Encoding models of primary visual cortex: train them, judge them, invert them.

Importing the package registers its layers, models, losses and metrics with Keras, as
soon as Keras is imported. Everything else is loaded when it is first used.
"""

import importlib
import importlib.abc
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from v1keras._version import __version__

if TYPE_CHECKING:  # what is loaded when it is first used, for editors and type checkers
    from v1keras import (
        characterization,
        data,
        evaluation,
        experiment,
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
    from v1keras.workflows.save_model import save_model
    from v1keras.workflows.score import score
    from v1keras.zoo import load as load_model

# Public name -> (module, name in it); None for the module itself.
_PUBLIC = {
    "load_recording": ("v1keras.data", "load_recording"),
    "load_model": ("v1keras.zoo", "load"),
    "save_model": ("v1keras.workflows.save_model", "save_model"),
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
    "experiment": ("v1keras.experiment", None),
    "zoo": ("v1keras.zoo", None),
}
__all__ = ["__version__", *_PUBLIC]

# Modules whose classes Keras is to know.
_REGISTERED = (
    "v1keras.models",
    "v1keras.training.losses",
    "v1keras.evaluation.streaming",
)


def _register() -> None:
    for name in _REGISTERED:
        importlib.import_module(name)


class _RegisterWithKeras(importlib.abc.MetaPathFinder):
    """Register the package's classes when Keras is imported.

    What needs no Keras, such as `v1keras.zoo.names()`, starts without it.
    """

    _searching = False

    def find_spec(self, name, path=None, target=None):
        if name != "keras" or self._searching:
            return None
        self._searching = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._searching = False
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_register(module):
            sys.meta_path.remove(self)
            execute(module)
            _register()

        spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec


if "keras" in sys.modules:
    _register()
else:
    sys.meta_path.insert(0, _RegisterWithKeras())


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

"""The examples in the docstrings run and print what they say."""

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import v1keras

MODULES = [
    m.name
    for m in pkgutil.walk_packages(v1keras.__path__, "v1keras.")
    if not m.name.endswith("__main__")
    and ".presets" not in m.name
    and ".configs" not in m.name
]
PACKAGES = [
    importlib.import_module(m.name)
    for m in pkgutil.iter_modules(v1keras.__path__, "v1keras.")
    if m.ispkg
]
STAGES = [package for package in PACKAGES if hasattr(package, "__all__")]
# What writes files, talks to a terminal or a cluster, or takes a trained model.
WITHOUT = {
    "v1keras": {
        "load_recording",
        "write_report",
    },
    "v1keras.data": {"load_recording", "open_recording"},
    "v1keras.training": {
        "Stopped",
        "TrainingHistory",
        "is_chief",
        "make_likelihood",
    },
    "v1keras.inversion": {
        "PreferredStimuli",
        "matched_contrast",
        "mean_rate",
        "population_rate",
        "rate",
        "response_distance",
        "set_distance",
        "shortfall",
        "total_variation",
    },
    "v1keras.characterization": {"best_center_surround"},
    "v1keras.experiment": {"StimulusSet", "open_set"},
    "v1keras.report": {
        "Profile",
        "ProgressBar",
        "TensorBoardLog",
        "write_cells",
        "Check",
        "log_test_scores",
        "Tile",
    },
    "v1keras.zoo": {"card", "check_golden", "find", "publish", "table"},
}


OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def slow_ones_marked(names):
    slow = {"v1keras.workflows.invert", "v1keras.inversion.sets"}
    marks = {name: pytest.mark.slow for name in slow}
    return [pytest.param(name, marks=marks.get(name, ())) for name in names]


@pytest.mark.parametrize("name", slow_ones_marked(MODULES))
def test_docstring_examples(name):
    module = importlib.import_module(name)
    names = vars(module) | {
        key: getattr(v1keras.models, key) for key in v1keras.models.__all__
    }
    result = doctest.testmod(module, extraglobs=names, optionflags=OPTIONS)
    assert result.failed == 0
    written = re.findall(r"^ *>>> ", inspect.getsource(module), re.MULTILINE)
    assert result.attempted == len(written), "an example that is never run"


@pytest.mark.parametrize("package", [v1keras, *STAGES], ids=lambda each: each.__name__)
def test_public_names_have_examples(package):
    """All but those listed, which lose their place in the list with their example."""
    without = set()
    for name in package.__all__:
        public = getattr(package, name)
        if inspect.isfunction(public) or inspect.isclass(public):
            found = doctest.DocTestFinder().find(public, name)
            if not any(test.examples for test in found):
                without.add(name)
    assert without == WITHOUT.get(package.__name__, set())

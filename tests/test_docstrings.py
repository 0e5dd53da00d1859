"""The examples in the docstrings run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import v1keras

MODULES = [
    m.name
    for m in pkgutil.walk_packages(v1keras.__path__, "v1keras.")
    if not m.name.endswith("__main__") and ".presets" not in m.name
]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name):
    module = importlib.import_module(name)
    names = vars(module) | {
        key: getattr(v1keras.models, key) for key in v1keras.models.__all__
    }
    result = doctest.testmod(
        module, extraglobs=names, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert result.failed == 0

import pathlib

import pytest


@pytest.fixture
def elsewhere(tmp_path_factory, monkeypatch):
    """A working directory of the test's own, in which nothing may be left."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    yield
    assert not any(pathlib.Path().iterdir())

"""A user whom the system does not know, without HOME, as in many containers."""

import pwd

import pytest

from v1keras.io.download import cache_folder
from v1keras.workflows import doctor


@pytest.fixture
def nobody(monkeypatch):
    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return monkeypatch


def test_the_cache_is_where_the_variable_says(nobody, tmp_path):
    nobody.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "v1keras"


def test_without_the_variable_its_name_is_told(nobody):
    with pytest.raises(OSError, match="is unknown here; set XDG_CACHE_HOME to a"):
        cache_folder()
    finding = doctor._cache()
    assert finding.found.startswith("no folder for downloads") and finding.fix

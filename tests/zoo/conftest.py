import pytest
from made_up_presets import FACTS, make

from v1keras import zoo


@pytest.fixture
def folder(tmp_path):
    """The folder of a preset made of `made_up_presets.make`."""
    zoo.save(make(), tmp_path / "made_up", FACTS)
    return tmp_path / "made_up"

import pytest
from made_up_presets import make

from v1keras import zoo


@pytest.fixture
def folder(tmp_path, preset_metadata):
    """The folder of a preset made of `made_up_presets.make`."""
    zoo.save(make(), tmp_path / "made_up", preset_metadata)
    return tmp_path / "made_up"

import fuzzing
import pytest

FORMATS = ["PRESET", "PRESET_WEIGHTS", "PRESET_CONFIG", "PRESET_METADATA"]
FORMATS += ["ARCHIVE", "ARCHIVE_STORED"]


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_damaged_presets_are_loaded_or_refused(name):
    fuzzing.check("preset_formats", name, 150)

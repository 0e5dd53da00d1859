import fuzzing
import pytest

FORMATS = ["RECORDING_LATEST", "EVERYTHING_EARLIEST", "EVERYTHING_LATEST"]
FORMATS += ["NWB_SESSION", "SHARDS"]


@pytest.mark.parametrize("name", ["RECORDING_EARLIEST", "MATLAB_73", "CHECKPOINT"])
def test_damaged_files_are_read_or_refused(name):
    fuzzing.check("hdf5_formats", name, 30)


@pytest.mark.slow
def test_many_damaged_files_for_pynwb():
    pytest.importorskip("pynwb")
    fuzzing.check("hdf5_formats", "PYNWB", 60)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_many_damaged_files_are_read_or_refused(name):
    fuzzing.check("hdf5_formats", name, 100)

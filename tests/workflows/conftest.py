import pytest

from v1keras import simulate_recording


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """The file of 72 training, 8 validation and 20 test images; four neurons."""
    path = tmp_path_factory.mktemp("data") / "tiny.h5"
    simulate_recording(80, 20, neurons_per_kind=1, image_size=16).save(path)
    return path

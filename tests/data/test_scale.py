import conversion_at_scale
import h5py
import numpy as np
import pytest


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_does_not_grow_with_the_recording(tmp_path, dtype):
    """800 MB of responses, and 1.6 GB that have to be brought to the format's type,
    take a quarter of a gigabyte more than 8 MB do.
    """
    taken = {}
    for images in (200, 20_000):
        folder = tmp_path / str(images)
        folder.mkdir()
        conversion_at_scale.make(folder, images, 10_000, dtype)
        taken[images] = conversion_at_scale.convert(folder)
    assert taken[20_000] - taken[200] < 256e6
    with h5py.File(folder / "out.h5") as file:
        expected = np.load(folder / "responses.npy", mmap_mode="r")
        for rows in (slice(0, 3), slice(12_345, 12_350), slice(19_990, None)):
            np.testing.assert_array_equal(file["responses"][rows], expected[rows])

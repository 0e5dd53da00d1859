import os
import stat

import numpy as np
import pytest

from v1keras import Recording


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o002])
def test_written_files_have_the_mode_of_the_users_other_files(umask, tmp_path):
    recording = Recording(np.zeros((3, 4, 4), "uint8"), [[1.0], [2.0], [3.0]])
    before = os.umask(umask)
    try:
        recording.save(tmp_path / "recording.h5")
    finally:
        os.umask(before)
    mode = stat.S_IMODE((tmp_path / "recording.h5").stat().st_mode)
    assert oct(mode) == oct(0o666 & ~umask)

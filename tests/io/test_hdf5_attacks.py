import pathlib
import subprocess
import sys
import tracemalloc

import h5py
import numpy as np
import pytest
from hdf5_attacks import ATTACKS, SECRET

from v1keras.data import Recording


def attacked(attack, folder):
    """Return the file of a recording whose images are replaced by an attack."""
    path = folder / "recording.h5"
    with h5py.File(path, "w") as file:
        file["responses"] = np.arange(18.0).reshape(6, 3)
        change = attack(file, folder)
    if change:
        path.write_bytes(change(path.read_bytes()))
    return path


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_refused_in_one_line(attack, tmp_path):
    path = attacked(attack, tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=ATTACKS[attack]) as refusal:
            Recording.load(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    message = str(refusal.value)
    assert message.startswith(str(path)) and "\n" not in message
    assert SECRET.decode() not in message
    assert most < 1 << 28

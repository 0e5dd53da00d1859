import struct
import tracemalloc

import h5py
import numpy as np
import pytest
from hdf5_attacks import ATTACKS, SECRET

from v1keras.data import Recording
from v1keras.io import hdf5_file


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


def test_groups_in_a_circle_end(tmp_path):
    path = tmp_path / "recording.h5"
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros((6, 5, 7), np.uint8)
        file["responses"] = np.arange(18.0).reshape(6, 3)
        file["neurons/up"] = file["/"]
        deep = file.create_group("deep")
        for _ in range(100):
            deep = deep.create_group("x")
    with hdf5_file.opened(path) as file:
        assert file["neurons/up/neurons/up/images"].shape == (6, 5, 7)
        with pytest.raises(ValueError, match="too deep in it"):
            file["/".join(["deep", *"x" * 100])]
    with pytest.raises(ValueError, match=r"/neurons/up: found a group"):
        Recording.load(path)


def test_datasets_that_share_their_bytes_are_refused(tmp_path):
    """Else a small file would give a large one's worth of arrays."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["0"] = np.arange(1000)
        first = struct.pack("<QQ", file["0"].id.get_offset(), 8000)
        for i in range(1, 40):  # never written, and so nowhere yet
            file.create_dataset(f"{i}", (1000,), int)
    nowhere = struct.pack("<QQ", 2**64 - 1, 8000)
    path.write_bytes(path.read_bytes().replace(nowhere, first))
    with hdf5_file.opened(path) as file:
        assert [file[f"{i}"][5:6].item() for i in range(2)] == [5, 5]
        with pytest.raises(ValueError, match="its datasets overlap"):
            for dataset in file.values():
                dataset[...]


@pytest.mark.parametrize("kind", ["external_link", "external_storage", "virtual"])
def test_a_file_for_another_library_leads_nowhere(kind, tmp_path):
    attack = next(attack for attack in ATTACKS if attack.__name__.startswith(kind))
    path = attacked(attack, tmp_path)
    with hdf5_file.opened(path) as file, pytest.raises(ValueError) as refusal:
        file.check_contained()
    assert str(refusal.value).startswith(f"{path}: images is ")

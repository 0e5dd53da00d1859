"""Damaged publishers' files: each gets one line that names the file, or reads as the
whole file does; nothing is executed, nothing left.
"""

import struct
import zipfile

import fake_datasets
import numpy as np
import pytest
from corrupted_files import damaged, refused, wrong_arrays

from v1keras.data import sources
from v1keras.data.sources import arrays, kindel2019, tang2018
from v1keras.io.archives import Folder

pytestmark = pytest.mark.usefixtures("elsewhere")

SCAN = fake_datasets.sensorium()
REGION = fake_datasets.antolik()


def npy_file(array):
    if isinstance(array, np.ndarray) and array.dtype == object:
        return fake_datasets.npy(array, allow_pickle=True)
    return fake_datasets.npy(array)


READERS = {
    "sensorium": (
        lambda path: sources.read("sensorium2022_21067-10-18", path),
        fake_datasets.sensorium_files(SCAN, "scan/"),
    ),
    "antolik": (
        lambda path: sources.read("antolik2016_region1", path),
        fake_datasets.antolik_files([REGION]),
    ),
}
SENSORIUM_FILES = {
    "tiers": "meta/trials/tiers",
    "frame_image_id": "meta/trials/frame_image_id",
    "cell_motor_coordinates": "meta/neurons/cell_motor_coordinates",
    "images": "data/images/4",
    "responses": "data/responses/4",
    "behavior": "data/behavior/4",
    "pupil_center": "data/pupil_center/4",
}
MEMBERS = [
    (
        "sensorium",
        f"scan/{file}.npy",
        (SCAN[name][4] if file.endswith("/4") else SCAN[name]),
    )
    for name, file in SENSORIUM_FILES.items()
]
ANTOLIK_FILES = (
    "training_inputs",
    "training_set",
    "validation_inputs",
    "raw_validation_set",
)
MEMBERS += [
    ("antolik", f"Data/region1/{name}.npy", REGION[name]) for name in ANTOLIK_FILES
]
CASES = [
    (reader, member, how)
    for reader, member, array in MEMBERS
    for how in ("missing", "cut", "no array", *wrong_arrays(array))
    # what the reader takes: a vector in whatever shape holds the same numbers; names
    # are compared as words
    if not (
        how == "one axis more"
        and member.split("/")[-2] in ("responses", "behavior", "pupil_center")
    )
    and not ("frame_image_id" in member and how in ("words", "complex"))
    and not (
        "raw_validation_set" in member and how == "first missing"
    )  # one presentation fewer of all images
]


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
@pytest.mark.parametrize(("reader", "member", "how"), CASES)
def test_member_that_does_not_fit(tmp_path, reader, member, how, packed):
    read, files = READERS[reader]
    files = dict(files)
    content = files.pop(member)
    array = next(array for r, m, array in MEMBERS if (r, m) == (reader, member))
    if how == "cut":
        files[member] = content[:-3]
    elif how == "no array":
        files[member] = b"nothing"
    elif how != "missing":
        files[member] = npy_file(wrong_arrays(array)[how])
    path = (
        fake_datasets.zipped(tmp_path / "d.zip", files)
        if packed
        else fake_datasets.unpacked(tmp_path / "d", files)
    )
    refused(read, path)


@pytest.mark.parametrize("reader", READERS)
def test_archive_that_is_damaged(tmp_path, reader):
    """Checksums tell every changed byte but those that say nothing, such as a date."""
    read, files = READERS[reader]
    path = fake_datasets.zipped(tmp_path / "whole.zip", files)
    whole = read(path)
    for content in damaged(path.read_bytes(), 1, 60):
        path.write_bytes(content)
        refused(read, path, whole)


@pytest.mark.parametrize(
    "name",
    ["../outside.npy", "/etc/outside.npy", "data/../../outside.npy", "..\\outside.npy"],
)
@pytest.mark.parametrize("reader", READERS)
def test_archive_that_leads_out_of_itself(tmp_path, reader, name):
    read, files = READERS[reader]
    path = fake_datasets.zipped(tmp_path / "d.zip", files | {name: b"x"})
    with pytest.raises(
        ValueError, match=r"d\.zip: the member .* leads out of the archive"
    ):
        read(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.zip"]


@pytest.mark.parametrize("reader", READERS)
def test_archive_that_declares_a_bomb(tmp_path, reader):
    """The largest member's size in the central directory says 3 GB."""
    read, files = READERS[reader]
    path = fake_datasets.zipped(tmp_path / "d.zip", files)
    content = bytearray(path.read_bytes())
    name = max(files, key=lambda n: len(files[n])).encode()
    entry = content.rindex(name) - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    content[entry + 24 : entry + 28] = struct.pack("<I", 3_000_000_000)
    path.write_bytes(content)
    assert zipfile.ZipFile(path).getinfo(name.decode()).file_size == 3_000_000_000
    with pytest.raises(ValueError, match=r"d\.zip: unpacks to more than"):
        read(path)


@pytest.mark.parametrize(
    "shape",
    ["(1000000000000,)", "(-1,)", "(3, 99999999999999999999)", "(2.5,)", "('a',)"],
)
def test_npy_that_declares_a_bomb(tmp_path, shape):
    header = (
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(
            117
        ).encode()
        + b"\n"
    )
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(64)
    files = fake_datasets.antolik_files([REGION]) | {
        "Data/region1/training_set.npy": content
    }
    refused(READERS["antolik"][0], fake_datasets.zipped(tmp_path / "d.zip", files))
    (tmp_path / "images.npy").write_bytes(content)
    refused(lambda path: arrays.read(path, path), tmp_path / "images.npy")


@pytest.mark.parametrize("name", ["kindel2019", "tang2018"])
def test_published_archive_with_another_content(tmp_path, name):
    path = tmp_path / "data.tar.gz"
    for content in damaged(fake_datasets.npy(np.arange(1000)), 3, 3):
        path.write_bytes(content)
        refused(lambda path: sources.read(name, path), path)
        refused(
            {"kindel2019": kindel2019, "tang2018": tang2018}[name].read_archive, path
        )


def test_folder_of_nothing(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone"):
        Folder(tmp_path / "gone")
    with (
        Folder(tmp_path) as folder,
        pytest.raises(
            ValueError, match=r"expected one a\.npy, found 0 \(it holds nothing"
        ),
    ):
        folder.find("a.npy")

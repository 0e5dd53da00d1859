"""Damaged publishers' files: each gets one line that names the file, or reads as the
whole file does; nothing is executed, nothing left.
"""

import pathlib
import struct
import zipfile

import fake_datasets
import numpy as np
import pytest
from corrupted_files import Executes, damaged, objects, refused, wrong_arrays
from PIL import Image

from v1keras.data import sources
from v1keras.data.sources import arrays, kindel2019, tang2018
from v1keras.io.archives import Folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    yield
    assert not any(pathlib.Path().iterdir())


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
    with pytest.raises(
        ValueError, match=r"d\.zip: \S+ declares 3000000000 bytes, expected at most"
    ):
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


def cadena_cases():
    content = fake_datasets.cadena()
    for key in (
        "images",
        "responses",
        "image_types",
        "image_numbers",
        "subject_id",
        "session_id",
        "unit_id",
        "repetitions",
    ):
        yield f"{key} missing", {k: v for k, v in content.items() if k != key}
        yield f"{key} too few", content | {key: content[key][1:]}
    for key in ("images", "responses"):
        yield f"{key} transposed", content | {key: content[key].T}
        yield f"{key} words", content | {key: content[key].astype(str)}
    yield "negative", content | {"responses": content["responses"] - 10}
    yield (
        "infinite",
        content
        | {
            "responses": np.where(
                content["responses"] == 2, np.inf, content["responses"]
            )
        },
    )
    yield "unknown type", content | {"image_types": np.full((40, 1), "conv9")}
    yield "a list", [content]
    yield "executes", content | {"images": Executes()}
    yield "executes in a cell", content | {"image_types": objects(40)}
    yield "is code", Executes()
    yield "a class", content | {"images": np.random.RandomState}
    yield "records", content | {"images": np.zeros(40, [("a", "f4")])}


@pytest.mark.parametrize(
    ("how", "content"),
    cadena_cases(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_cadena_content_that_does_not_fit(tmp_path, how, content):
    refused(
        lambda path: sources.read("cadena2019", path),
        fake_datasets.cadena_file(tmp_path / "cadena_ploscb_data.pkl", content),
    )


def test_cadena_file_that_is_damaged(tmp_path):
    """A pickle has no checksum: a changed byte in an array is a changed number. It is
    cut here, and changed where its instructions stand.
    """
    content = fake_datasets.cadena_file(
        tmp_path / "whole.pkl", fake_datasets.cadena()
    ).read_bytes()
    whole = sources.read("cadena2019", tmp_path / "whole.pkl")
    path = tmp_path / "cadena_ploscb_data.pkl"
    for share in np.linspace(0, 0.999, 25):
        path.write_bytes(content[: int(share * len(content))])
        refused(lambda path: sources.read("cadena2019", path), path)
    for position in range(2, 60):
        path.write_bytes(
            content[:position]
            + bytes([content[position] ^ 0x24])
            + content[position + 1 :]
        )
        refused(lambda path: sources.read("cadena2019", path), path, whole)


OWN = {
    "images": np.zeros((12, 6, 7), np.uint8) + np.arange(7, dtype=np.uint8),
    "responses": np.random.default_rng(0).random((12, 3)),
}


@pytest.mark.parametrize(
    "how",
    [
        "missing",
        "cut",
        "empty file",
        "no array",
        *wrong_arrays(OWN["images"]),
        "infinite",
    ],
)
@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("kind", ["npy", "npz", "mat"])
def test_own_array_that_does_not_fit(tmp_path, kind, name, how):
    content = dict(OWN)
    content[name] = (
        wrong_arrays(OWN[name]).get(how, OWN[name])
        if how != "infinite"
        else np.full(OWN[name].shape, np.inf)
    )
    if kind == "mat" and how in ("pickled", "complex", "one axis more", "empty"):
        content[name] = np.array(["x"])
    files = {}
    for key, value in content.items():
        files[key] = tmp_path / f"{key}.{kind}"
        if kind == "mat":
            fake_datasets.matlab_5(files[key], {"x": value})
        else:
            (np.save if kind == "npy" else np.savez)(
                files[key],
                **({"arr": value} if kind == "npy" else {"x": value}),
                allow_pickle=True,
            )
    content = files[name].read_bytes()
    if how == "missing":
        files[name].unlink()
    elif how in ("cut", "empty file", "no array"):
        files[name].write_bytes(
            {
                "cut": content[: -len(content) // 3],
                "empty file": b"",
                "no array": b"no array at all",
            }[how]
        )
    suffix = "" if kind == "npy" else ":x"
    refused(
        lambda _: arrays.read(
            f"{files['images']}{suffix}", f"{files['responses']}{suffix}"
        ),
        files[name],
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,2\n3\n",
        "a,b\n1,2\n",
        "1;2\n3;4\n",
        "x\n" * 12,
        "inf,1\n" * 12,
        "1,2\n" * 11,
    ],
)
def test_own_table_that_does_not_fit(tmp_path, text):
    np.save(tmp_path / "images.npy", OWN["images"])
    (tmp_path / "responses.csv").write_text(text)
    refused(
        lambda path: arrays.read(tmp_path / "images.npy", path),
        tmp_path / "responses.csv",
    )


@pytest.mark.parametrize("content", [b"", b"no picture", "cut", "small", "renamed"])
def test_own_picture_that_does_not_fit(tmp_path, content):
    np.save(tmp_path / "responses.npy", OWN["responses"])
    (tmp_path / "pictures").mkdir()
    for i, image in enumerate(OWN["images"]):
        Image.fromarray(image).save(tmp_path / "pictures" / f"{i}.png")
    path = tmp_path / "pictures" / "5.png"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "small":
        Image.fromarray(OWN["images"][0][:3]).save(path)
    elif content == "renamed":
        Image.fromarray(OWN["images"][0]).save(path, "GIF")
    else:
        path.write_bytes(path.read_bytes()[:40])
    refused(
        lambda _: arrays.read(tmp_path / "pictures", tmp_path / "responses.npy"), path
    )


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

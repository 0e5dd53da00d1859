import hashlib
import json
import pathlib
import zipfile

import numpy as np
import pytest

from v1keras import zoo
from v1keras.zoo import archive, catalog

NAME = "simulated_factorized"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "v1keras" / "zoo"


def pack(path, folder=f"{NAME}/", **more):
    """The archive of a preset, and its address."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        if folder:
            file.mkdir(folder)
        for source in sorted(zoo.find(NAME).iterdir()):
            file.writestr(folder + source.name, source.read_bytes())
        for name, content in more.items():
            file.writestr(name, content)
    return address(path)


def address(path, digest=None):
    digest = digest or hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{path.as_uri()}#sha256={digest}"


@pytest.mark.parametrize("folder", ["", f"{NAME}/"])
def test_an_address_loads_as_the_preset_does(tmp_path, folder):
    url = pack(tmp_path / "preset.zip", folder)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1)).astype("float32")
    expected = zoo.load(NAME)(images)
    np.testing.assert_array_equal(zoo.load(url, check=True)(images), expected)
    (tmp_path / "preset.zip").unlink()  # once is enough
    np.testing.assert_array_equal(zoo.load(url)(images), expected)
    assert zoo.info(url) == zoo.info(NAME)


def test_a_name_may_stand_for_an_address(tmp_path, monkeypatch):
    url = pack(tmp_path / "preset.zip")
    listed = {
        "large_one": dict(zip(("url", "sha256"), url.split("#sha256="), strict=True))
    }
    (tmp_path / "remote.json").write_text(json.dumps(listed))
    monkeypatch.setattr(catalog, "zoo_folder", lambda: tmp_path)
    assert zoo.names() == []
    assert zoo.load("large_one").image_size == (32, 32)
    assert f"[large_one]({listed['large_one']['url']})" in zoo.table()
    with pytest.raises(FileNotFoundError, match=r"neither a preset \(large_one\)"):
        zoo.load("small_one")


def test_a_changed_file_in_the_cache_is_removed_and_said_so(tmp_path, cache):
    url = pack(tmp_path / "preset.zip")
    zoo.load(url)
    (packed,) = cache.glob("*.zip")
    packed.write_bytes(b"changed")
    with pytest.warns(
        UserWarning,
        match=rf"{packed} was not what .* gave .*: removed, downloading again",
    ):
        zoo.load(url)
    weights = packed.with_suffix("") / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    with pytest.warns(
        UserWarning, match="was changed since it was unpacked: removed, unpacked anew"
    ):
        zoo.load(url, check=True)


def test_what_has_another_hash_is_removed(tmp_path, cache):
    pack(tmp_path / "preset.zip")
    with pytest.raises(
        ValueError, match="did not give the published file .*; removed what came"
    ):
        zoo.load(address(tmp_path / "preset.zip", "0" * 64))
    assert list(cache.iterdir()) == []
    with pytest.raises(OSError, match="could not download file://.*gone.zip"):
        zoo.load(f"{(tmp_path / 'gone.zip').as_uri()}#sha256={'0' * 64}")


@pytest.mark.parametrize(
    "member",
    [
        "../escaped",
        "/absolute/config.json",
        f"{NAME}/../../config.json",
        f"{NAME}/a/config.json",
        "setup.py",
    ],
)
def test_an_archive_of_other_files_is_refused_and_nothing_unpacked(
    tmp_path, cache, member
):
    url = pack(tmp_path / "preset.zip", **{member: b"x"})
    before = {path for path in tmp_path.rglob("*") if cache not in path.parents}
    with pytest.raises(
        ValueError,
        match=(
            "expected a preset's README.md, config.json, metadata.json,"
            " model.weights.h5"
        ),
    ):
        zoo.load(url)
    assert [path.suffix for path in cache.iterdir()] == [".zip"]
    assert {
        path for path in tmp_path.rglob("*") if cache not in path.parents
    } - before <= {cache, cache.parent, cache.parent.parent}
    assert not pathlib.Path("/absolute").exists()


def test_an_archive_too_large_unpacked_is_refused(tmp_path, monkeypatch):
    url = pack(tmp_path / "preset.zip")
    monkeypatch.setattr(archive, "LARGEST", 130_000)
    with pytest.raises(
        ValueError, match="unpacks to .* bytes; expected at most 130,000"
    ):
        zoo.load(url)


def test_no_archive_is_refused(tmp_path):
    (tmp_path / "preset.zip").write_bytes(b"PK but no zip")
    with pytest.raises(ValueError, match="preset.zip can.t be read .BadZipFile"):
        zoo.load(address(tmp_path / "preset.zip"))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.zip",
        "http://example.org/a.zip#sha256=" + "0" * 64,
        "file:///a.zip#sha256=12",
    ],
)
def test_an_address_without_its_hash_is_not_followed(url):
    with pytest.raises(ValueError, match="expected https://...zip#sha256="):
        zoo.load(url)


def test_a_member_without_a_name_is_refused(tmp_path):
    """zipfile itself raises an IndexError."""
    pack(tmp_path / "preset.zip", folder="", a=b"x")
    path = tmp_path / "preset.zip"
    content = path.read_bytes().replace(b"a" + b"PK\5\6", b"\0" + b"PK\5\6")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"preset\.zip"):
        zoo.load(address(path))

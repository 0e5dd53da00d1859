"""The archive of Kindel et al. (2019), in a small one of its layout."""

import io
import tarfile

import numpy as np
import pytest
import scipy.io

from v1keras.data import open_recording
from v1keras.data.sources.kindel2019 import read_archive
from v1keras.data.sources.locate import fetch_verified
from v1keras.io.atomic import sha256


def contents(neurons=(2, 3, 1)):
    """What the authors' .mat files hold, a dict a session; 18 images."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (18, 5, 5), dtype=np.uint8)
    return [
        {"images": images.copy(), "activity": rng.integers(0, 100, (18, n)) / 20}
        for n in neurons
    ]


def archive(path, sessions):
    """The authors' layout; not in order, as theirs."""
    with tarfile.open(path, "w:gz") as file:
        for number in reversed(range(len(sessions))):
            content = io.BytesIO()
            scipy.io.savemat(content, sessions[number])
            member = tarfile.TarInfo(
                f"data/{number + 1:02d}mean50ms_smallim_d2_crop.mat"
            )
            member.size = content.tell()
            content.seek(0)
            file.addfile(member, content)
    return path


def test_a_value_is_found_where_it_belongs(tmp_path):
    sessions = contents()
    sessions[1]["activity"][11, 2] = 7.35
    for session in sessions:
        session["images"][11, 4, 0] = 201
    recording = read_archive(archive(tmp_path / "data.tar.gz", sessions))
    assert recording.responses.shape == (18, 6)
    assert recording.responses[11, 2 + 2] == np.float32(7.35)
    assert recording.images[11, 4, 0] == 201
    np.testing.assert_array_equal(recording.images, sessions[0]["images"])
    np.testing.assert_array_equal(
        recording.responses,
        np.hstack([s["activity"] for s in sessions]).astype(np.float32),
    )
    assert recording.neuron_session.tolist() == ["01", "01", "02", "02", "02", "03"]
    assert recording.neurons["for_tuning"].tolist() == [0, 0, 1, 1, 1, 0]
    assert recording.included.tolist() == [True, True, False, False, False, True]
    assert recording.image_group.tolist() == [
        0,
        0,
        0,
        0,
        1,
        1,
        1,
        1,
        2,
        3,
        3,
        3,
        3,
        4,
        4,
        4,
        4,
        5,
    ]
    # 48 pixels are a degree, and every second is kept; 105 bins of 1 ms.
    assert recording.attributes["presentations"] == 20
    assert recording.attributes["window_s"] == 0.105
    assert recording.attributes["pixels_per_degree"] == 24
    assert set(recording.split) == {-1}


def test_archive_without_matlab_files(tmp_path):
    with pytest.raises(
        ValueError,
        match=r"data\.tar\.gz: found no \.mat file, expected data/NNmean50ms",
    ):
        read_archive(archive(tmp_path / "data.tar.gz", []))


@pytest.mark.parametrize("missing", ["images", "activity"])
def test_archive_with_a_variable_missing(tmp_path, missing):
    sessions = contents()
    del sessions[2][missing]
    with pytest.raises(
        ValueError,
        match=(
            r"data\.tar\.gz: data/03mean50ms\S* holds .*, expected images and activity"
        ),
    ):
        read_archive(archive(tmp_path / "data.tar.gz", sessions))


def test_archive_whose_sessions_saw_different_images(tmp_path):
    sessions = contents()
    sessions[1]["images"][3, 0, 0] ^= 1
    with pytest.raises(
        ValueError,
        match=r"data\.tar\.gz: the images of data/02\S* differ from those of data/01",
    ):
        read_archive(archive(tmp_path / "data.tar.gz", sessions))


def test_archive_with_too_few_responses(tmp_path):
    sessions = contents()
    for session in sessions:
        session["activity"] = session["activity"][:17]
    with pytest.raises(
        ValueError,
        match=r"activity of data/01.* is \(17, 2\), expected \(18, neurons\)",
    ):
        read_archive(archive(tmp_path / "data.tar.gz", sessions))


def test_fetch_takes_the_named_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("V1KERAS_DATA", str(tmp_path))
    with pytest.raises(
        FileNotFoundError, match=r"no \S*kindel2019/data\.tar\.gz: V1KERAS_DATA is set"
    ):
        open_recording("kindel2019")
    (tmp_path / "kindel2019").mkdir()
    path = archive(tmp_path / "kindel2019" / "data.tar.gz", contents())
    assert (
        fetch_verified(
            "kindel2019", "data.tar.gz", "https://example.org/", sha256(path)
        )
        == path
    )
    with pytest.raises(
        ValueError,
        match=(
            rf"is not the published file: its sha256 is {sha256(path)}, expected"
            r" b105467f"
        ),
    ):
        open_recording("kindel2019")

import hashlib
import http.server
import io
import os
import tarfile
import threading

import numpy as np
import pytest
import scipy.io
from scipy import ndimage

from v1keras.data import open_recording
from v1keras.data.sources.kindel2019 import read_archive
from v1keras.data.sources.locate import fetch_verified
from v1keras.io.atomic import sha256

SESSIONS = [26, 37, 34, 28, 44, 16, 36, 66, 29, 76]


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
    found = read_archive(archive(tmp_path / "data.tar.gz", sessions))
    assert found.responses.shape == (18, 6)
    assert found.responses[11, 2 + 2] == np.float32(7.35)
    assert found.images[11, 4, 0] == 201
    np.testing.assert_array_equal(found.images, sessions[0]["images"])
    np.testing.assert_array_equal(
        found.responses, np.hstack([s["activity"] for s in sessions]).astype(np.float32)
    )
    assert found.neuron_session.tolist() == ["01", "01", "02", "02", "02", "03"]
    assert found.neurons["for_tuning"].tolist() == [0, 0, 1, 1, 1, 0]
    assert found.included.tolist() == [True, True, False, False, False, True]
    assert found.image_group.tolist() == [
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
    assert found.attributes["presentations"] == 20
    assert found.attributes["window_s"] == 0.105
    assert found.attributes["pixels_per_degree"] == 24
    assert set(found.split) == {-1}


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


def test_fetch_downloads_once(tmp_path, monkeypatch):
    monkeypatch.delenv("V1KERAS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    published = tmp_path / "published"
    published.write_bytes(b"as published")
    digest = sha256(published)
    cached = tmp_path / "cache" / "v1keras" / "a" / "file"
    assert fetch_verified("a", "file", published.as_uri(), digest) == cached
    assert cached.read_bytes() == b"as published"
    published.unlink()
    assert fetch_verified("a", "file", published.as_uri(), digest) == cached


def test_fetch_refuses_what_was_not_published(tmp_path, monkeypatch):
    monkeypatch.delenv("V1KERAS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    served = tmp_path / "served"
    served.write_bytes(b"another")
    cached = tmp_path / "cache" / "v1keras" / "a" / "file"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"changed in the cache")
    with (
        pytest.raises(ValueError, match="did not give the published file"),
        pytest.warns(UserWarning, match="removed, downloading again"),
    ):
        fetch_verified("a", "file", served.as_uri(), "0" * 64)
    assert list(cached.parent.iterdir()) == []
    served.unlink()
    with pytest.raises(
        OSError, match="could not download .*; set V1KERAS_DATA to a folder with a/file"
    ):
        fetch_verified("a", "file", served.as_uri(), "0" * 64)


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `content`, from where it is asked to; breaks off after `limit` bytes of
    it.
    """

    content, limit, asked = bytes(range(256)) * 40, None, []

    def do_GET(self):
        begin = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        self.asked.append(begin)
        if begin >= len(self.content):
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(self.content) - begin))
        self.end_headers()
        self.wfile.write(self.content[begin : self.limit])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.delenv("V1KERAS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    Server.limit, Server.asked = None, []
    yield f"http://127.0.0.1:{found.server_port}/file"
    found.shutdown()
    found.server_close()


def test_download_goes_on_where_it_broke_off(server, tmp_path):
    digest = hashlib.sha256(Server.content).hexdigest()
    Server.limit = 4000
    with pytest.raises(
        OSError,
        match=(
            "broke off after 4000 of 10240 bytes; run it again to resume|IncompleteRead"
        ),
    ):
        fetch_verified("a", "file", server, digest)
    assert not (tmp_path / "v1keras" / "a" / "file").exists()
    Server.limit = None
    found = fetch_verified("a", "file", server, digest)
    assert found.read_bytes() == Server.content and Server.asked == [0, 4000]
    assert [p.name for p in found.parent.iterdir()] == ["file"]
    assert (
        fetch_verified("a", "file", server, digest) == found and len(Server.asked) == 2
    )


def test_download_of_which_all_was_there(server, tmp_path):
    begun = tmp_path / "v1keras" / "a" / "file.part"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(Server.content)
    assert (
        fetch_verified(
            "a", "file", server, hashlib.sha256(Server.content).hexdigest()
        ).read_bytes()
        == Server.content
    )


def test_download_without_a_noted_digest_tells_it(server):
    with pytest.warns(
        UserWarning,
        match=f"that of what came is {hashlib.sha256(Server.content).hexdigest()}",
    ):
        fetch_verified("a", "file", server, None)


@pytest.fixture(scope="module")
def published():
    if not os.environ.get("V1KERAS_DATA"):
        pytest.skip("V1KERAS_DATA is not set")
    return open_recording("kindel2019")


def test_published_sessions(published):
    assert (
        published.images.shape == (270, 33, 33) and published.images.dtype == np.uint8
    )
    sessions, counts = np.unique(published.neuron_session, return_counts=True)
    assert (
        sessions.tolist() == [f"{n:02d}" for n in range(1, 11)]
        and counts.tolist() == SESSIONS
    )


def test_published_responses(published):
    """Means of 20 counts; the paper has 355 neurons that fire 5.2 spikes a second."""
    np.testing.assert_allclose(
        published.responses * 20, np.round(published.responses * 20), atol=1e-4
    )
    reported = published.neuron_session != "02"
    assert published.included.tolist() == reported.tolist() and reported.sum() == 355
    assert published.responses[:, reported].mean() / 0.105 == pytest.approx(
        5.2, abs=0.05
    )


def likeness(image, other, degrees):
    """Correlation within the central disc, with the image turned; decimation may have
    moved it by one pixel.
    """
    turned = ndimage.rotate(image, degrees, reshape=False, order=1, mode="reflect")
    disc = np.hypot(*(np.mgrid[:33, :33] - 16)) < 11
    shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return max(
        np.corrcoef(np.roll(turned, shift, (0, 1))[disc], other[disc])[0, 1]
        for shift in shifts
    )


def test_published_groups_are_turned_photographs(published):
    """The third and fourth image of a photograph are its first and second turned by 90
    degrees; those two differ by 45 or 135.
    """
    images = published.images.astype(float)
    by_90, by_45, fake_datasets = [], [], []
    for nine in range(0, 270, 9):
        for first in (nine, nine + 4):
            assert len(set(published.image_group[first : first + 4])) == 1
            for a in (first, first + 1):
                by_90.append(
                    max(
                        likeness(images[a], images[a + 2], degrees)
                        for degrees in (90, 270)
                    )
                )
            by_45.append(
                max(
                    likeness(images[first], images[first + 1], degrees)
                    for degrees in (45, 135, 225, 315)
                )
            )
        degrees = range(0, 360, 45)
        fake_datasets += [
            max(likeness(images[nine + a], images[nine + b], d) for d in degrees)
            for a, b in ((0, 4), (0, 8), (4, 8))
        ]
        assert len(set(published.image_group[nine : nine + 9])) == 3
    assert min(by_90) > 0.999
    assert (
        min(by_45) > 0.6 and np.median(by_45) > 0.9
    )  # turned between the pixels, before the decimation
    assert np.median(fake_datasets) < 0.4
    assert len(set(published.image_group)) == 90

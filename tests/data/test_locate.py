"""Published files are looked up, downloaded and verified."""

import hashlib
import http.server
import threading

import pytest

from v1keras.data.sources.locate import fetch_verified
from v1keras.io.atomic import sha256


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
    http_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=http_server.serve_forever, daemon=True).start()
    Server.limit, Server.asked = None, []
    yield f"http://127.0.0.1:{http_server.server_port}/file"
    http_server.shutdown()
    http_server.server_close()


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
    path = fetch_verified("a", "file", server, digest)
    assert path.read_bytes() == Server.content and Server.asked == [0, 4000]
    assert [p.name for p in path.parent.iterdir()] == ["file"]
    assert fetch_verified("a", "file", server, digest) == path
    assert len(Server.asked) == 2


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

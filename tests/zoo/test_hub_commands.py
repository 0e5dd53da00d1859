"""Presets at hf://, by commands; HF_ENDPOINT names a server that answers as the hub."""

import os
import re

import pytest
from hub_server import TOKEN, Hub, forge

from v1keras import zoo

pytestmark = pytest.mark.slow
NAME, PLACE = "simulated_factorized", "someone/of-v1"


@pytest.fixture(scope="module")
def hub():
    hub = Hub()
    yield hub
    hub.shutdown()
    hub.server_close()


@pytest.fixture(scope="module")
def run(hub, start_python, tmp_path_factory):
    """Run `v1keras zoo *words` with an empty cache and, unless given, no token."""
    home = tmp_path_factory.mktemp("home")
    # The hub's client reads these where it is imported.
    variables = {"HF_ENDPOINT": hub.url, "HF_HOME": str(home)}
    python = start_python(**variables)
    environment = {key: value for key, value in os.environ.items() if key != "HF_TOKEN"}

    def run(*words, **more):
        cache = {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
        variables_here = environment | variables | cache | more
        return python("-m", "v1keras.zoo", *words, env=variables_here)

    return run


@pytest.fixture(scope="module")
def published(run):
    done = run("publish", NAME, f"--to=hf://{PLACE}", HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def address(published):
    return published.removeprefix("published: ").strip()


def refused(done):
    assert done.returncode == 1 and not done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_what_was_published_is_used_by_its_address(hub, run, address):
    assert re.fullmatch(rf"hf://{PLACE}@[0-9a-f]{{40}}#sha256=[0-9a-f]{{64}}", address)
    files = hub.repositories[PLACE]["main"]
    for file in ("config.json", "model.weights.h5"):
        assert files[file] == (zoo.find(NAME) / file).read_bytes()
    done = run("verify", address)
    assert done.returncode == 0, done.stderr
    assert "files, names and golden outputs are as stated" in done.stdout


def test_a_changed_byte_is_refused_in_one_line(hub, run, address):
    revision = address.partition("@")[2].partition("#")[0]
    files = hub.repositories[PLACE][revision]
    whole = files["model.weights.h5"]
    files["model.weights.h5"] = whole[:-1] + bytes([whole[-1] ^ 1])
    assert "model.weights.h5" in refused(run("verify", address))
    files["model.weights.h5"] = whole


def test_a_hostile_preset_is_refused_in_one_line(hub, run, address):
    line = refused(run("verify", forge(hub, address)))
    assert "config.json" in line and re.search("Lambda|core", line)


def test_no_token_is_one_line_and_nothing_is_sent(hub, run):
    before = len(hub.paths)
    line = refused(run("publish", NAME, f"--to=hf://{PLACE}"))
    assert "no token of the hub: log in with `hf auth login`" in line
    assert len(hub.paths) == before


def test_a_wrong_token_is_one_line_that_does_not_tell_it(run):
    words = ["publish", NAME, f"--to=hf://{PLACE}"]
    line = refused(run(*words, HF_TOKEN="hf_wrong"))
    assert "not published" in line and "401" in line and "hf_wrong" not in line

"""Presets at hf://, against a server that answers as the hub does."""

import re
import sys

import huggingface_hub
import numpy as np
import pytest
import yaml
from hub_server import TOKEN, Hub, forge
from huggingface_hub import constants

from v1keras import zoo
from v1keras.zoo import hub as hub_module

NAME = "simulated_factorized"
FILES = ("config.json", "model.weights.h5", "README.md", "metadata.json")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    hub = Hub()
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield hub
    hub.shutdown()
    hub.server_close()


def test_what_was_published_is_what_is_loaded(hub):
    address = zoo.publish(NAME, "hf://someone/of-v1")
    pattern = r"hf://someone/of-v1@[0-9a-f]{40}#sha256=[0-9a-f]{64}"
    assert re.fullmatch(pattern, address)
    folder = zoo.find(address)
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    published = hub.repositories["someone/of-v1"]["main"]
    for file in FILES:
        assert (folder / file).read_bytes() == published[file]
    for file in ("config.json", "model.weights.h5"):
        assert published[file] == (zoo.find(NAME) / file).read_bytes()
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1)).astype("float32")
    expected = zoo.load(NAME)(images)
    np.testing.assert_array_equal(zoo.load(address, check=True)(images), expected)
    asked = len(hub.paths)
    zoo.load(address)  # from the cache
    assert len(hub.paths) == asked


def test_the_card_is_one_that_the_hub_reads(hub):
    folder = zoo.find(zoo.publish(NAME, "hf://someone/of-v1"))
    _, header, text = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    said, info = yaml.safe_load(header), zoo.info(NAME)
    assert said["library_name"] == "keras" and "v1keras" in said["tags"]
    assert said["license"] == info["recording"]["license"].lower() == "apache-2.0"
    assert said["datasets"] == [info["recording"]["name"]]
    assert said["metrics"] == ["pearsonr"]
    results = said["model-index"][0]["results"]
    values = [m["value"] for result in results for m in result["metrics"]]
    assert info["scores"][0]["correlation"] in values
    assert text.strip() == (zoo.find(NAME) / "README.md").read_text("utf-8").strip()


@pytest.mark.parametrize("file", FILES)
def test_a_changed_byte_is_refused(hub, tmp_path, file):
    address = zoo.publish(NAME, "hf://someone/of-v1")
    name, revision = re.match(r"hf://(.+)@(\w+)#", address).groups()
    files = hub.repositories[name][revision]
    content = bytearray(files[file])
    content[len(content) // 2] ^= 1
    files[file] = bytes(content)
    with pytest.raises(ValueError, match="sha256"):
        zoo.load(address)
    assert not list((tmp_path / "cache" / "v1keras" / "zoo" / "hub").glob("*/*"))


def test_a_hostile_preset_is_refused_before_anything_is_built(hub):
    """Its hashes are right: only the list of what is allowed holds."""
    address = zoo.publish(NAME, "hf://someone/of-v1")
    hostile = forge(hub, address)
    with pytest.raises(ValueError, match=r"config\.json.*(Lambda|core)"):
        zoo.load(hostile)


def test_a_file_that_is_too_large_is_not_downloaded(hub, monkeypatch):
    address = zoo.publish(NAME, "hf://someone/of-v1")
    monkeypatch.setitem(hub_module._LARGEST, "model.weights.h5", 1000)
    with pytest.raises(ValueError, match=r"model\.weights\.h5 has .* at most 1,000"):
        zoo.load(address)


def test_no_token_is_one_line(hub, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    with pytest.raises(ValueError, match="no token of the hub: log in with `hf auth"):
        zoo.publish(NAME, "hf://someone/of-v1")
    assert hub.paths == []


def test_a_wrong_token_is_one_line(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(
        ValueError, match=r"hf://someone/of-v1: not published .*401"
    ) as raised:
        zoo.publish(NAME, "hf://someone/of-v1")
    assert "\n" not in str(raised.value) and "hf_wrong" not in str(raised.value)


def test_a_preset_that_is_not_there_is_one_line(hub):
    address = f"hf://someone/nothing@main#sha256={'0' * 64}"
    with pytest.raises(ValueError, match="someone/nothing") as raised:
        zoo.load(address)
    assert "\n" not in str(raised.value)


def test_a_preset_that_was_changed_here_is_not_published(hub, folder):
    (folder / "config.json").write_bytes(b"{}")
    with pytest.raises(ValueError, match="is not the file of this preset"):
        zoo.publish(folder, "hf://someone/of-v1")
    assert hub.paths == []


@pytest.mark.parametrize(
    "address",
    [
        "hf://someone/of-v1",
        "hf://someone/of-v1@main",
        f"hf://someone@main#sha256={'0' * 64}",
        f"hf://../../etc@main#sha256={'0' * 64}",
        f"hf://someone/of-v1@main#sha256={'0' * 63}",
    ],
)
def test_an_address_without_its_parts_is_refused(address):
    with pytest.raises(ValueError, match="expected hf://OWNER/NAME@REVISION#sha256="):
        zoo.find(address)


def test_to_another_address_and_without_the_extra(monkeypatch):
    with pytest.raises(ValueError, match="--to: found 'someone', expected hf://"):
        zoo.publish(NAME, "someone")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ValueError, match=r"`pip install v1keras\[hub\]`"):
        zoo.publish(NAME, "hf://someone/of-v1")

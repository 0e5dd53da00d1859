"""Every preset of the zoo: that it is whole, that its card is true, and that no change
to it goes unseen.
"""

import ast
import json
import os
import pathlib
import re
import runpy
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest

from v1keras import simulate_recording, zoo
from v1keras.data import open_recording
from v1keras.former_keys import renamed
from v1keras.workflows import publish

ROOT = pathlib.Path(__file__).parents[2]
FILES = ["README.md", "config.json", "metadata.json", "model.weights.h5"]
NAMES = zoo.names()
LARGEST = max(
    NAMES, key=lambda name: (zoo.find(name) / "model.weights.h5").stat().st_size
)


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_gives_its_golden_outputs_and_predicts(name):
    model, metadata = zoo.load(name, check=True), zoo.info(name)
    assert [np.shape(rates) for rates in metadata["golden"].values()] == [
        (5, sum(metadata["sessions"].values()))
    ]
    height, width = model.image_size
    rates = np.asarray(
        model(np.full((2, height, width, 1), model.pixel_mean, "float32"))
    )
    assert (
        rates.shape == (2, sum(metadata["sessions"].values()))
        and np.isfinite(rates).all()
        and (rates >= 0).all()
    )
    assert sum(count for _, count in metadata["neuron_sessions"]) == rates.shape[1]


def means_of(metadata):
    return {(row["protocol"], row["neurons"]): row for row in metadata["scores"]}


@pytest.mark.parametrize("name", NAMES)
def test_its_card_is_what_its_metadata_says(name):
    metadata = zoo.info(name)
    assert (
        metadata["name"] == name
        and sorted(p.name for p in zoo.find(name).iterdir()) == FILES
    )
    assert (zoo.find(name) / "README.md").read_text() == zoo.card(metadata)
    assert re.match("[0-9a-f]{40}$|[0-9a-f]{40} [(]", metadata["commit"]), (
        "trained with code that nobody can get"
    )
    assert {row["split"] for row in metadata["own_scores"]} == {
        "train",
        "validation",
        "test",
    }
    own = {
        (row["protocol"], row["neurons"]): row
        for row in metadata["own_scores"]
        if row["split"] == "test"
    }
    seeds = means_of(metadata)
    assert own and own.keys() <= seeds.keys()
    for key, row in own.items():
        # Of one seed, against the mean over the seeds, this one among them.
        assert set(row["seeds"]) <= set(seeds[key]["seeds"])
        assert row["count"] == seeds[key]["count"]
        assert row["correlation"] == pytest.approx(seeds[key]["correlation"], abs=0.05)
    for row in metadata["scores"] + metadata["own_scores"]:
        assert 0.4 < row["correlation"] < 1
        if row["cc_norm"] is None:
            assert metadata["ceiling"] == "none" and not row["fraction_near_limit"]
        else:
            assert row["correlation"] < row["cc_norm"] < 1
            assert 0 <= row["fraction_near_limit"] <= 1
    assert all(
        0 < way["median"] <= way["percentile_95"]
        for way in metadata["latency"]["ms"].values()
    )


def test_the_table_is_up_to_date_and_the_zoo_small_enough_for_a_wheel():
    text = (ROOT / "zoo" / "README.md").read_text()
    assert text == zoo.table()
    # Cell by cell from the files, without the code that writes the table.
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in text.splitlines()
        if line.startswith("| [")
    ]
    expected = []
    for path in sorted((ROOT / "zoo").glob("*/metadata.json")):
        preset = path.parent.name
        for row in json.loads(path.read_text())["scores"]:
            seeds = ", ".join(str(seed) for seed in row["seeds"])
            limits = ("none", "none")
            if row["cc_norm"] is not None:
                percent = f"{round(100 * row['fraction_near_limit'])}%"
                limits = (f"{row['cc_norm']:.3f}", percent)
            expected.append(
                (
                    f"[{preset}]({preset}/README.md)",
                    f"{row['neurons']} ({row['count']})",
                    f"{row['protocol']}, {seeds}",
                    f"{row['correlation']:.3f}",
                    *limits,
                )
            )
    assert rows == expected and len({row[0] for row in rows}) == len(NAMES) > 1
    assert sum(path.stat().st_size for path in (ROOT / "zoo").rglob("*")) < 40e6


@pytest.fixture(params=NAMES)
def copy(request, tmp_path):
    shutil.copytree(zoo.find(request.param), tmp_path / request.param)
    return tmp_path / request.param


def refused(folder, file, reason):
    with pytest.raises(
        (ValueError, FileNotFoundError),
        match=rf"{re.escape(str(folder / file))}.*({reason})",
    ):
        zoo.load(folder)


REASON = "sha256 is|was changed|cut off|format_version"


@pytest.mark.parametrize("file", FILES)
def test_a_flipped_byte_is_found(copy, file):
    whole = (copy / file).read_bytes()
    places = {0, len(whole) - 1, *np.random.RandomState(0).randint(0, len(whole), 20)}
    for i, place in enumerate(sorted(places)):
        content = bytearray(whole)
        content[place] ^= 1 << i % 8
        (copy / file).write_bytes(content)
        refused(copy, file, REASON)
    (copy / file).write_bytes(whole)
    zoo.load(copy, load_weights=False)


@pytest.mark.parametrize("file", FILES)
def test_a_file_cut_off_or_gone_is_found(copy, file):
    whole = (copy / file).read_bytes()
    for length in (0, len(whole) // 2, len(whole) - 1):
        (copy / file).write_bytes(whole[:length])
        refused(copy, file, REASON)
    (copy / file).unlink()
    with pytest.raises(
        FileNotFoundError, match=file if file != "metadata.json" else "no model"
    ):
        zoo.load(copy)


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_another_preset_is_found(copy, file):
    other = next(name for name in NAMES if name != copy.name)
    shutil.copy(zoo.find(other) / file, copy / file)
    # Another's metadata is whole in itself: the other files are not those it states.
    refused(copy, "config.json" if file == "metadata.json" else file, REASON)


def test_a_session_with_another_name_is_found(copy):
    metadata = json.loads((copy / "metadata.json").read_text())
    session = list(metadata["sessions"])[-1]
    whole = (copy / "metadata.json").read_text()
    (copy / "metadata.json").write_text(whole.replace(f'"{session}": ', '"other": '))
    refused(copy, "metadata.json", "was changed")
    (copy / "metadata.json").write_text(whole)
    architecture = (copy / "config.json").read_text()
    renamed = architecture.replace('readout",', 'other",')
    assert renamed != architecture
    (copy / "config.json").write_text(renamed)
    refused(copy, "config.json", "sha256 is")


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """A folder with the recordings that are made rather than published."""
    folder = tmp_path_factory.mktemp("recordings")
    simulate_recording().save(folder / "runs" / "simulated.h5")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_its_scores_are_measured_again(name, recordings, monkeypatch):
    monkeypatch.chdir(recordings)
    recording = zoo.info(name)["config"]["data"]["recording"]
    if "/" not in recording and not os.environ.get("V1KERAS_DATA"):
        pytest.skip(f"V1KERAS_DATA is not set: no {recording}")
    open_recording(recording)
    assert re.search(
        r"so are [1-9]\d* rows of scores", publish.verify(name, scores=True)
    )


@pytest.mark.slow
def test_the_largest_answers_in_less_time_than_tensorflow_takes_to_be_imported():
    # Both of the processor's time in one process: a busy or slow machine slows both.
    code = f"""
import time
start = time.process_time()
import tensorflow
import numpy as np
imported = time.process_time()
import v1keras
model = v1keras.zoo.load({LARGEST!r})
rates = model.predict(np.zeros((32, *model.image_size, 1), "float32"), verbose=0)
print(imported - start, time.process_time() - imported, rates.shape[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    importing, answering, images = done.stdout.split()
    assert float(answering) < 0.8 * float(importing) and images == "32"


def flat(config, prefix=""):
    entries = {}
    for key, value in config.items():
        entries |= (
            flat(value, f"{prefix}{key}.")
            if isinstance(value, dict)
            else {prefix + key: value}
        )
    return entries


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "--config=" in zoo.info(name)["command"]]
)
def test_every_presets_command_makes_this_preset(name):
    """The configuration in the card's command, with its overrides, is the one the
    preset was trained with.
    """
    metadata = zoo.info(name)
    path = re.search(r"--config=(\S+)", metadata["command"])[1]
    scope = runpy.run_path(str(ROOT / path))
    config = scope["get_config"]()
    for word in shlex.split(metadata["command"]):
        if not word.startswith("--config."):
            continue
        key, value = word.removeprefix("--config.").split("=")
        group, _, last = key.rpartition(".")
        kind = type(config.to_dict()[group][last] if group else config[last])
        typed = ast.literal_eval(value) if kind in (tuple, list) else kind(value)
        config.update_from_flattened_dict({key: typed})
    # Of an older preset, without the keys that are new since.
    stated = flat(renamed(metadata["config"]))
    expected = {
        key: value
        for key, value in flat(json.loads(json.dumps(config.to_dict()))).items()
        if key in stated
    }
    for key in ("data.protocol", "data.split_seed"):
        del stated[key], expected[key]
    assert stated == expected

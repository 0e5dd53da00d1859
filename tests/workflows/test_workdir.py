import json

import pytest

from v1keras.workflows import provenance, workdir

CONFIG = {"seed": 0, "data": {"split_seed": 1}}


def test_a_new_folder_gets_its_configuration(tmp_path):
    folder = workdir.prepare_workdir(tmp_path / "a" / "b", CONFIG)
    assert json.loads((folder / "config.json").read_text()) == CONFIG


@pytest.mark.parametrize(
    "left", ["config.json", "checkpoints", "preset", "metrics.json"]
)
def test_whatever_a_run_left_is_not_written_over(tmp_path, left):
    (tmp_path / left).mkdir() if "." not in left else (tmp_path / left).write_text("{}")
    with pytest.raises(
        ValueError,
        match="holds a run already; take another --workdir, --resume .* or --overwrite",
    ):
        workdir.prepare_workdir(tmp_path, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == [left]


def test_overwriting_takes_a_run_away_and_leaves_the_rest(tmp_path):
    workdir.prepare_workdir(tmp_path, CONFIG)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "member_0.h5").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    workdir.prepare_workdir(tmp_path, CONFIG | {"seed": 1}, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "commit.txt",
        "config.json",
        "notes.txt",
    ]
    assert json.loads((tmp_path / "config.json").read_text())["seed"] == 1


def test_resuming_takes_the_same_configuration_alone(tmp_path):
    workdir.prepare_workdir(tmp_path, CONFIG)
    workdir.prepare_workdir(tmp_path, CONFIG, resume=True)
    with pytest.raises(
        ValueError,
        match=(
            r"another configuration: data.split_seed \(there 1, here 2\), seed \(there"
            r" 0, here 5\)"
        ),
    ):
        workdir.prepare_workdir(
            tmp_path, {"seed": 5, "data": {"split_seed": 2}}, resume=True
        )
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="config.json is not JSON"):
        workdir.prepare_workdir(tmp_path, CONFIG, resume=True)
    with pytest.raises(ValueError, match="exclude each other"):
        workdir.prepare_workdir(tmp_path, CONFIG, resume=True, overwrite=True)


def test_the_commit_is_that_of_the_beginning(tmp_path, monkeypatch):
    workdir.prepare_workdir(tmp_path, CONFIG)
    first = workdir.commit_of(tmp_path)
    assert first == (provenance.commit() or "no checkout")
    monkeypatch.setattr(provenance, "commit", lambda: "a later one")
    workdir.prepare_workdir(tmp_path, CONFIG, resume=True)
    assert workdir.commit_of(tmp_path) == first
    workdir.prepare_workdir(tmp_path, CONFIG, overwrite=True)
    assert workdir.commit_of(tmp_path) == "a later one"

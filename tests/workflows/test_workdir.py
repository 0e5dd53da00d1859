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


def files(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


def test_a_run_is_there_until_the_one_that_replaces_it_has_ended(tmp_path):
    workdir.prepare_workdir(tmp_path, CONFIG)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "member_0.h5").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    old = files(tmp_path)
    other = CONFIG | {"seed": 1}
    run = workdir.prepare_workdir(tmp_path, other, overwrite=True)
    (run / "metrics.json").write_text("{}")
    assert files(tmp_path) == old | {
        f"unfinished/{name}": text for name, text in files(run).items()
    }
    # It is what --resume resumes, and the old run is that of nobody any more.
    assert workdir.prepare_workdir(tmp_path, other, resume=True) == run
    with pytest.raises(ValueError, match="another configuration: seed"):
        workdir.prepare_workdir(tmp_path, CONFIG, resume=True)
    with pytest.raises(ValueError, match="holds a run already"):
        workdir.prepare_workdir(tmp_path, other)
    new = files(run)
    workdir.finish_run(tmp_path)
    assert files(tmp_path) == new | {"notes.txt": "mine"}
    assert json.loads((tmp_path / "config.json").read_text())["seed"] == 1
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_an_interrupted_replacement_is_replaced(tmp_path):
    workdir.prepare_workdir(tmp_path, CONFIG)
    for seed in (1, 2):
        other = CONFIG | {"seed": seed}
        run = workdir.prepare_workdir(tmp_path, other, overwrite=True)
        assert json.loads((run / "config.json").read_text())["seed"] == seed
        assert not (run / "checkpoints" / "member_0").exists()
        (run / "checkpoints" / "member_0").mkdir()
    assert json.loads((tmp_path / "config.json").read_text()) == CONFIG


@pytest.mark.parametrize("name", ["report.html", "config.json"])
def test_what_can_not_be_replaced_is_refused_at_the_start(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match=f"{name} is a folder; expected a file"):
        workdir.prepare_workdir(tmp_path, CONFIG, overwrite=True)


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
    for damaged in (b"{", b"[]", b"\xff{}", b"[" * 100_000, b"", b'{"seed": 0'):
        (tmp_path / "config.json").write_bytes(damaged)
        with pytest.raises(ValueError, match="config.json is damaged: remove it, and"):
            workdir.prepare_workdir(tmp_path, CONFIG, resume=True)
    (tmp_path / "config.json").unlink()
    workdir.prepare_workdir(tmp_path, CONFIG, resume=True)
    assert json.loads((tmp_path / "config.json").read_text()) == CONFIG
    with pytest.raises(ValueError, match="exclude each other"):
        workdir.prepare_workdir(tmp_path, CONFIG, resume=True, overwrite=True)


def test_the_commit_is_that_of_the_beginning(tmp_path, monkeypatch):
    workdir.prepare_workdir(tmp_path, CONFIG)
    first = workdir.commit_of(tmp_path)
    assert first == (provenance.commit() or "no checkout")
    monkeypatch.setattr(provenance, "commit", lambda: "a later one")
    workdir.prepare_workdir(tmp_path, CONFIG, resume=True)
    assert workdir.commit_of(tmp_path) == first
    run = workdir.prepare_workdir(tmp_path, CONFIG, overwrite=True)
    assert workdir.commit_of(run) == "a later one"

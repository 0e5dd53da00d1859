import types

import pytest

SCREEN = ["--screen=400,300", "--width_cm=40", "--distance_cm=57", "--degrees=6"]


@pytest.fixture(scope="session")
def designed(tiny, command, tmp_path_factory):
    """A set for the neurons of the tiny model."""
    folder = tmp_path_factory.mktemp("designed") / "set"
    words = [f"--model={tiny.workdir}", "--neurons=all", *SCREEN, "--gamma=2.2"]
    words += ["--position=2,-1", "--repeats=6"]
    done = command("experiment", "design", *words, f"--out={folder}")
    return types.SimpleNamespace(folder=folder, words=words, done=done)

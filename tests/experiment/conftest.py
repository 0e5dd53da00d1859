import types

import numpy as np
import pytest

from v1keras.experiment import open_set

SCREEN = ["--screen=400,300", "--width_cm=40", "--distance_cm=57", "--degrees=6"]


@pytest.fixture(scope="session")
def designed(tiny, command, tmp_path_factory):
    """A set for the neurons of the tiny model."""
    folder = tmp_path_factory.mktemp("designed") / "set"
    words = [f"--model={tiny.workdir}", "--neurons=all", *SCREEN, "--gamma=2.2"]
    words += ["--position=2,-1", "--repeats=6"]
    done = command("experiment", "design", *words, f"--out={folder}")
    return types.SimpleNamespace(folder=folder, words=words, done=done)


@pytest.fixture(scope="session")
def made(designed):
    """That set, opened."""
    assert designed.done.returncode == 0, designed.done.stderr
    return open_set(designed.folder)


@pytest.fixture(scope="session")
def first_day_rates(made):
    """Rates `(stimuli, 1, neurons of the first day)`: predicted, or 2."""
    rates = np.full((len(made.names), made.neuron_count), 2.0)
    rates[:, made.neurons] = made.predictions.rates
    return rates[:, None]

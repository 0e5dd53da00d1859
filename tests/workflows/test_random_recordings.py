"""No training is lost at its end: every valid recording gives a preset, or a refusal.

`V1KERAS_RANDOM_RECORDINGS=200 pytest -m slow tests/workflows/test_random_recordings.py`
draws more of them.
"""

import json
import os
import warnings

import numpy as np
import pytest

import v1keras
from v1keras import zoo
from v1keras.config import default
from v1keras.training import LIKELIHOODS
from v1keras.workflows.train import train_and_evaluate

COUNT = int(os.environ.get("V1KERAS_RANDOM_RECORDINGS", "8"))
NAMES = ["mouse 1", "2024/05/01", "", "🐭", "..", "a:b|<c>", "long " * 60]
UNITS = ["spikes per presentation", "Hz", "a.u.", "dF/F", "z", "$\\alpha$"]


def drawn(rng):
    """Return a recording of random size, sparsity, split, name and unit."""
    count, neurons = int(rng.integers(12, 60)), int(rng.integers(1, 7))
    size = rng.integers(8, 18, 2)
    images = rng.integers(0, 256, (count, *size), dtype="uint8")
    if rng.random() < 0.2:
        images = rng.normal(size=images.shape).astype("float32")
    if rng.random() < 0.2:
        images[rng.integers(count)] = images[0]
    rates = rng.gamma(rng.uniform(0.05, 2), rng.uniform(0.1, 5), (count, neurons))
    trials = int(rng.integers(2, 6))
    repeats = rng.poisson(rates[:, None], (count, trials, neurons)).astype("float32")
    scale, offset = float(10 ** rng.uniform(-4, 3)), float(rng.choice([0, 0, 0, -1]))
    repeats = scale * (repeats + offset)
    if rng.random() < 0.3:
        repeats[rng.random(repeats.shape) < rng.uniform(0, 0.6)] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        responses = np.nanmean(repeats, axis=1)
    parts = rng.dirichlet([6, rng.uniform(0.1, 2), rng.uniform(0.1, 2)])
    split = rng.choice(3, count, p=parts)
    if rng.random() < 0.9:  # else a side may be empty
        split[:6] = [0, 0, 1, 1, 2, 2]
    side = rng.integers(3)
    if rng.random() < 0.2:  # silent on one side
        responses[split == side] = repeats[split == side] = 0.0
    columns = {"for_tuning": (rng.random(neurons) < rng.choice([0, 0, 0.5, 1]))}
    columns["for_tuning"] = columns["for_tuning"].astype("uint8")
    attributes = {"name": str(rng.choice(NAMES)), "units": str(rng.choice(UNITS))}
    if rng.random() < 0.5:
        attributes["window_s"] = float(rng.uniform(0.01, 1))
    if rng.random() < 0.5:
        attributes["presentations"] = trials
    options = {}
    if rng.random() < 0.5:
        options = {"repeats": repeats, "repeat_images": np.arange(count)}
    if rng.random() < 0.3:
        options["neuron_session"] = rng.choice(NAMES, neurons)
    return v1keras.Recording(
        *(images, responses, split), neurons=columns, attributes=attributes, **options
    )


def configured(rng, path):
    config = default()
    config.data.recording = str(path)
    if rng.random() < 0.3:
        config.data.protocol = "paper"
    config.core.filters, config.core.kernel_sizes = (2, 2), (5, 3)
    config.readout.kind = str(rng.choice(["factorized", "gaussian", "dense"]))
    likelihoods = [*LIKELIHOODS, "gaussian", "gaussian"]
    config.training.likelihood = str(rng.choice(likelihoods))
    config.training.batch_size = int(rng.choice([4, 8]))
    config.training.max_epochs = 2
    config.ridge.share = float(rng.choice([0, 0, 0, 0.5, 1]))
    config.training.rate_weighting = float(rng.choice([0, 0.5, 1]))
    return config


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(COUNT))
@pytest.mark.filterwarnings("ignore")
def test_a_training_ends_with_a_preset_or_does_not_start(seed, tmp_path):
    rng = np.random.default_rng(seed)
    drawn(rng).save(tmp_path / "drawn.h5")
    config = configured(rng, tmp_path / "drawn.h5")
    try:
        _, scores = train_and_evaluate(config, tmp_path / "run")
    except ValueError as refusal:
        assert "\n" not in str(refusal), refusal
        assert not (tmp_path / "run").exists(), refusal
        print("refused:", refusal)
        return
    zoo.load(tmp_path / "run", check=True)
    stated = json.loads((tmp_path / "run" / "metrics.json").read_text())["groups"]
    assert stated == json.loads(json.dumps(scores.groups))
    assert (tmp_path / "run" / "report.html").exists()

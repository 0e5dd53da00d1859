"""From an NWB file to the stimuli that its neurons prefer, by commands alone."""

import json

import h5py
import numpy as np
import pytest

nwb_files = pytest.importorskip("nwb_files", exc_type=ImportError)

from v1keras import simulate_recording  # noqa: E402

pytestmark = pytest.mark.slow
DURATION = 0.2


def test_from_spike_times_to_preferred_stimuli(tmp_path, command):
    simulated = simulate_recording(1200, 60, neurons_per_kind=2, image_size=20)
    simple = np.flatnonzero(simulated.neurons["kind"] == "simple")
    rng = np.random.default_rng(0)
    shown = np.append(np.arange(1260), np.repeat(np.arange(1200, 1260), 7))
    shown = rng.permutation(shown)
    onsets = 10 + np.cumsum(rng.uniform(0.25, 0.35, len(shown)))
    trains = []
    for rates in simulated.neurons["true_rate"]:
        # All spikes of a presentation fall into the window from 70 ms after its onset.
        counts = rng.poisson(rates[shown])
        starts = np.repeat(onsets, counts) + 0.07
        trains.append(starts + rng.uniform(0, DURATION, counts.sum()))
    file = nwb_files.session()
    nwb_files.add_templates(file, simulated.images)
    nwb_files.add_table(file, shown, onsets, DURATION)
    nwb_files.add_units(file, trains)
    path = nwb_files.write(file, tmp_path / "a.nwb")

    def done(*words):
        told = command(*words)
        assert told.returncode == 0, told.stderr
        return told.stdout

    converted = tmp_path / "a.h5"
    told = done("data", "convert", "nwb", path, "--latency=0.07", f"--out={converted}")
    assert "1260 images, 8 neurons" in told
    split = ["--config.data.protocol=paper", "--config.data.split_parts=(8,1,1)"]
    done(
        "train",
        f"--config.data.recording={converted}",
        f"--workdir={tmp_path / 'run'}",
        "--config.core.filters=(16,16)",
        "--config.core.kernel_sizes=(11,3)",
        "--config.training.max_epochs=30",
        *split,
    )
    done("evaluate", f"--model={tmp_path / 'run'}", f"--out={tmp_path / 'run'}")
    scores = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert scores["groups"]["reported"]["correlation"]["mean"] > 0.5
    out = tmp_path / "stimuli"
    neurons = ",".join(map(str, simple))
    done(
        "invert", f"--model={tmp_path / 'run'}", f"--neurons={neurons}", f"--out={out}"
    )
    with h5py.File(out / "stimuli.h5") as stimuli:
        patterns = stimuli["stimuli"][...]
    for pattern, neuron in zip(patterns, simple, strict=True):
        pattern = pattern.squeeze() - pattern.mean()
        truth = simulated.neurons["filter"][neuron]
        cosine = np.sum(pattern * truth) / np.linalg.norm(pattern)
        assert abs(cosine) > 0.7

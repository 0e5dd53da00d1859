"""Seconds to the accuracy of the paper's network on its own recordings.

Its full recipe and ours are run one after the other.
"""

import pathlib
import tempfile

import numpy as np

from tools.benchmarks.machine import Watch, processors
from tools.studies import paper_network
from v1keras.config import resolve
from v1keras.data import load_recording
from v1keras.evaluation import correlation
from v1keras.workflows.train import train_and_evaluate

_SEED = 0


def measure():
    """Return (dict for the JSON, Markdown)."""
    config = resolve("kindel2019_factorized")
    config.data.split_seed = _SEED
    data = config.data
    recording = load_recording(data.recording, data.protocol, _SEED, data.split_parts)
    recording = recording.select_neurons(recording.included)
    images, responses = recording.arrays("test")

    def score(model):
        rates = np.asarray(model(images, training=False))
        return float(np.nanmean(correlation(responses, rates)))

    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        recording.save(folder / "recording.h5")
        config.data.recording = str(folder / "recording.h5")
        config.data.protocol = "file"
        with Watch() as watch:
            model, _ = train_and_evaluate(config, folder / "ours")
        row = vars(watch) | {"correlation": score(model)}
        rows["configs/kindel2019_factorized.py, whole training"] = row
        with Watch() as watch:
            model = paper_network.networks(recording, 2019, _SEED, folder / "paper")
        row = vars(watch) | {"correlation": score(model)}
        rows["the paper's network, 60,000 steps per session"] = row
    ours, paper = rows.values()
    if ours["correlation"] < paper["correlation"]:
        raise ValueError(
            f"ours gives {ours['correlation']:.3f}, the paper's network"
            f" {paper['correlation']:.3f}: nothing to compare"
        )
    lines = [
        f"The paper's network takes **{paper['seconds'] / ours['seconds']:.0f}** times"
        f" as long. Protocol paper, seed {_SEED}; ours includes building, compiling,"
        " scoring and the report.",
        "",
        "| | seconds | processors busy | test correlation, mean of 355 neurons |",
        "|---|---|---|---|",
    ]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {row['seconds']:.0f} | {row['busy']:.1f} of {processors()} |"
            f" {row['correlation']:.3f} |"
        )
    return rows, "\n".join(lines) + "\n"

"""Seconds to the accuracy of the paper's network on its own recordings, by its full
recipe and by ours, one after the other.
"""

import pathlib
import tempfile

import numpy as np

from configs import kindel2019_factorized
from tools import paper_network
from tools.benchmarks.machine import Watch, processors
from v1keras import train
from v1keras.data import open_recording, split_by_protocol
from v1keras.evaluation import correlation

_SEED = 0


def measure():
    """(dict for the JSON, Markdown)."""
    config = kindel2019_factorized.get_config()
    config.data.split_seed = _SEED
    recording = split_by_protocol(
        open_recording(config.data.recording),
        config.data.protocol,
        _SEED,
        config.data.split_parts,
    )
    recording = recording.of_neurons(recording.included)
    test = recording.indices("test")

    def score(model):
        rates = np.asarray(
            model(recording.images[test, ..., None].astype("float32"), training=False)
        )
        return float(np.nanmean(correlation(recording.responses[test], rates)))

    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        recording.save(folder / "recording.h5")
        config.data.recording, config.data.protocol = (
            str(folder / "recording.h5"),
            "file",
        )
        with Watch() as watch:
            model, *_ = train.train_and_evaluate(config, folder / "ours")
        rows["configs/kindel2019_factorized.py, whole training"] = vars(watch) | {
            "correlation": score(model)
        }
        with Watch() as watch:
            model = paper_network.networks(recording, 2019, _SEED, folder / "paper")
        rows["the paper's network, 60,000 steps a session"] = vars(watch) | {
            "correlation": score(model)
        }
    ours, paper = rows.values()
    if ours["correlation"] < paper["correlation"]:
        raise ValueError(
            f"ours gives {ours['correlation']:.3f}, the paper's network"
            f" {paper['correlation']:.3f}: nothing to compare"
        )
    lines = [
        "| | seconds | processors busy | test correlation, mean of 355 neurons |",
        "|---|---|---|---|",
    ]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {row['seconds']:.0f} | {row['busy']:.1f} of {processors()} |"
            f" {row['correlation']:.3f} |"
        )
    text = (
        f"The paper's network takes **{paper['seconds'] / ours['seconds']:.0f}** times"
        f" as long. Protocol paper, seed {_SEED}; "
    )
    text += "ours with building, compiling, scoring and the report.\n\n"
    return rows, text + "\n".join(lines) + "\n"

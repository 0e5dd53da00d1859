"""Each neuron's correlation in every split: what RESULTS.md is computed from.

They are kept in docs/scores.npz, an array `(neurons,)` per protocol, model and seed,
named PROTOCOL/MODEL/SEED; where the folds of a protocol are scored together, the seed
is "pooled". PROTOCOL/MODEL/near limit FANO is each neuron's probability of being near
its limit, over all seeds.
"""

import numpy as np

from tools.studies import ROOT
from v1keras.evaluation import SCORES, average_over_seeds, cc_max_from_means
from v1keras.evaluation.groups import neuron_columns
from v1keras.io.atomic import atomic_write

FILE = ROOT / "docs" / "scores.npz"
POOLED = "pooled"


def read():
    """Return the arrays of the file, a dict that is empty where there is none."""
    if not FILE.exists():
        return {}
    with np.load(FILE, allow_pickle=False) as arrays:
        return dict(arrays)


def write(arrays):
    """Write the file anew."""
    in_order = {name: arrays[name].astype("float32") for name in sorted(arrays)}
    with atomic_write(FILE) as path, open(path, "wb") as file:
        np.savez_compressed(file, **in_order)


def runs(arrays, protocol, model):
    """Return the correlations of a model, a dict seed -> `(neurons,)`."""
    chosen = {}
    for name, values in arrays.items():
        own_protocol, own_model, seed = name.split("/")
        if (own_protocol, own_model) == (protocol, model) and " " not in seed:
            chosen[seed if seed == POOLED else int(seed)] = values.astype(float)
    return {seed: chosen[seed] for seed in sorted(chosen)}


def columns(recording, correlation, fano=1.0):
    """Return the `(neurons,)` columns that scores are summarized from.

    Args:
        recording: `Recording` with mean responses.
        correlation: `(neurons,)`.
        fano: Float, Fano factor of the ceiling.
    """
    presentations = recording.attributes["presentations"]
    ceiling = cc_max_from_means(recording.responses, presentations, fano)
    norm = correlation / np.where(ceiling > 0, ceiling, np.nan)
    scores = {"correlation": correlation, "cc_max": ceiling, "cc_norm": norm}
    return neuron_columns(recording) | scores


def average(runs, seeds=None):
    """Return each neuron's scores averaged over some of the seeds, or all."""
    chosen = [runs[seed] for seed in seeds or runs]
    names = [name for name in SCORES if name in chosen[0]]
    return average_over_seeds([{name: run[name] for name in names} for run in chosen])

"""Score every model on the recordings of Kindel et al. 2019, and write RESULTS.md.

    .venv/bin/python -m tools.studies.reproduce_paper

Three protocols are scored. In kfold every photograph is tested once, and a neuron's
score is that of all its test images together. Trainings and their rates are kept in
runs/reproduce, each neuron's scores in docs/scores.npz: what is there is not measured
again, so that an interrupted run resumes. --protocols, --seeds and --models do a part.
RESULTS.md is written from all scores there are, and states their seeds; a model without
any keeps its row of docs/results.json. The section on kinds of cells comes from
runs/cells, which the command named there writes. The paper's own network takes 48
minutes of one core per split: it is trained at its full 60,000 steps on the seeds that
--paper_seeds names, never shortened.
"""

import numpy as np
from absl import flags

from tools.studies import ROOT
from v1keras import cli
from v1keras.config import resolve
from v1keras.io.atomic import atomic_write
from v1keras.io.quiet import quiet_start

with quiet_start():
    import keras

    from tools.studies import l1_glm, paper_network, raw_scores, results
    from v1keras.data import load_recording, open_recording
    from v1keras.data.splits import FOLDS
    from v1keras.evaluation.scores import average_scores, score_rates
    from v1keras.workflows.build import fit_ridge
    from v1keras.workflows.score import predicted_rates
    from v1keras.workflows.train import train_and_evaluate

_RUNS = ROOT / "runs" / "reproduce"
_MEMBERS = 5
# Weight of the ridge, by validation correlation of one network with it, which is flat
# from 0.3 to 0.4.
RIDGE_SHARE = 0.3
FANO_FACTORS = (1.0, 1.2)
# What each baseline changes; penalties chosen by validation correlation.
_BASELINES = {
    "LN": {
        "core.kind": "identity",
        "readout.kind": "dense",
        "readout.l1": 0.0,
        "readout.l2": 1.0,
    },
    "LNLN-250": {
        "core.filters": (250,),
        "core.kernel_sizes": (33,),
        "core.first_activation": "relu",
        "core.pool_size": 1,
        "readout.kind": "dense",
        "readout.l1": 0.0,
        "readout.l2": 0.1,
    },
    "one network, Gaussian readout": {"readout.kind": "gaussian"},
}
_PAPER, _GLM, _REFERENCE = "the paper's CNN (2019)", "L1 Poisson GLM", "one network"
# Fraction of the penalty that keeps all weights at 0, by validation correlation on
# seeds 0 and 1 of the paper's protocol: 0.560 at 0.1, 0.575 at 0.2, 0.567 at 0.35; on
# pixels 0.252 at 0.1, 0.283 at 0.3.
_GLM_PENALTY = 0.2
_NETWORKS = [f"network {i}" for i in range(_MEMBERS)]
_RIDGE, _RIDGE_TRAIN = "ridge on Gabor energies", "ridge on training images"


def _mean(parts, ridge=0.0):
    """Return the weight of each part of an average of networks and the ridge."""
    weights = {part: (1 - ridge) / len(parts) for part in parts}
    return weights | ({_RIDGE: ridge} if ridge else {})


# Model -> the weight of each of its parts, whose rates are averaged.
MODELS = {
    _PAPER: {_PAPER: 1.0},
    **{name: {name: 1.0} for name in list(_BASELINES)[:2]},
    _GLM: {_GLM: 1.0},
    _RIDGE_TRAIN: {_RIDGE_TRAIN: 1.0},
    _RIDGE: {_RIDGE: 1.0},
    "one network, Gaussian readout": {"one network, Gaussian readout": 1.0},
    _REFERENCE: _mean(_NETWORKS[:1]),
    "one network + ridge": _mean(_NETWORKS[:1], RIDGE_SHARE),
    f"{_MEMBERS} networks": _mean(_NETWORKS),
    f"{_MEMBERS} networks + ridge": _mean(_NETWORKS, RIDGE_SHARE),
}


def configuration(protocol, seed, changes=()):
    """Return the configuration of one model on one split."""
    config = resolve(ROOT / "configs" / "kindel2019_factorized.py")
    config.update_from_flattened_dict(
        {"data.protocol": protocol, "data.split_seed": seed, **dict(changes)}
    )
    return config


def split_of(protocol, seed):
    """Return the recording, divided."""
    data = configuration(protocol, seed).data
    return load_recording(data.recording, protocol, seed, data.split_parts)


def trained(name, config):
    """Return the model of a configuration, trained unless that is done."""
    folder = _RUNS / name / f"{config.data.protocol}-{config.data.split_seed}"
    return train_and_evaluate(config, folder, resume=True)[0]


def paper_network_of(protocol, seed, recording):
    """Return the paper's nine networks as one callable, images -> rates of all neurons.

    The rates of the tuning session's neurons are 0.
    """
    included = recording.included
    model = paper_network.networks(
        recording.select_neurons(included),
        2019,
        seed,
        _RUNS / _PAPER / f"{protocol}-{seed}",
    )

    def rates(images):
        padded = np.zeros((len(images), recording.neuron_count), np.float32)
        padded[:, included] = model(images, training=False)
        return padded

    return rates


def fitted(part, protocol, seed, recording):
    """Return a part of the models and its name, or several at once, as a dict."""
    if part == _PAPER:
        return {part: paper_network_of(protocol, seed, recording)}
    if part == _GLM:
        return {part: l1_glm.fit(recording, _GLM_PENALTY)}
    if part in _BASELINES:
        config = configuration(protocol, seed, _BASELINES[part])
        return {part: trained(part, config)}
    if part == _RIDGE_TRAIN:
        return {part: fit_ridge(recording, ["train"])}
    if part == _RIDGE:
        return {part: fit_ridge(recording)}
    changes = {"ensemble": _MEMBERS, "ridge.share": RIDGE_SHARE}
    ensemble = trained("networks", configuration(protocol, seed, changes))
    return dict(zip([*_NETWORKS, _RIDGE], ensemble.members, strict=True))


def rates_of(part, protocol, seed, recording):
    """Return the `(images, neurons)` rates that a part predicts for the test images."""
    folder = _RUNS / "rates" / f"{protocol}-{seed}"
    if not (folder / f"{part}.npy").exists():
        keras.backend.clear_session()
        test = recording.indices("test")
        for name, model in fitted(part, protocol, seed, recording).items():
            with atomic_write(folder / f"{name}.npy") as path, open(path, "wb") as file:
                np.save(file, predicted_rates(model, recording, test))
    return np.load(folder / f"{part}.npy")


def predictions(model, protocol, seed):
    """Return the test images of a split, and the rates that a model predicts."""
    recording = split_of(protocol, seed)
    rates = 0.0
    for part, weight in MODELS[model].items():
        rates = rates + weight * rates_of(part, protocol, seed, recording)
    return recording.indices("test"), rates


def measured(model, protocol, seeds):
    """Return the arrays of `raw_scores` of one model, measured over the seeds."""
    recording = open_recording(configuration(protocol, 0).data.recording)
    tested = {seed: predictions(model, protocol, seed) for seed in seeds}
    if protocol == "kfold":
        images = np.concatenate([images for images, _ in tested.values()])
        rates = np.concatenate([rates for _, rates in tested.values()])
        tested = {raw_scores.POOLED: (images, rates)}
    arrays = {}
    for fano in FANO_FACTORS:
        runs = []
        for seed, (images, rates) in tested.items():
            scores = score_rates(recording, images, rates, "test", fano=fano)
            arrays[f"{protocol}/{model}/{seed}"] = scores.per_neuron["correlation"]
            runs.append(scores)
        probability = average_scores(runs).per_neuron["near_limit"]
        arrays[f"{protocol}/{model}/near limit {fano:g}"] = probability
    means = [run.mean("correlation") for run in runs]
    print(f"{protocol} {model}: {np.mean(means):.4f}", flush=True)
    return arrays


def main(_):
    values = flags.FLAGS
    for protocol in values.protocols:
        for model in MODELS if values.models is None else values.models:
            seeds = [int(seed) for seed in values.seeds]
            if protocol == "kfold":
                seeds = list(range(FOLDS))
            elif model == _PAPER:
                seeds = [seed for seed in seeds if str(seed) in values.paper_seeds]
            if model == _PAPER and (protocol == "kfold" or not seeds):
                continue
            known = raw_scores.runs(raw_scores.read(), protocol, model)
            if raw_scores.POOLED in known or set(seeds) <= set(known):
                continue
            seeds = sorted({*seeds, *known})
            new = measured(model, protocol, seeds)
            raw_scores.write(raw_scores.read() | new)
    arrays = raw_scores.read()
    if not arrays:
        raise ValueError("nothing is scored yet: name a protocol and a seed")
    recording = open_recording(configuration("paper", 0).data.recording)
    results.write(ROOT, arrays, list(MODELS), _REFERENCE, recording)
    print(f"written: {ROOT / 'RESULTS.md'}")


if __name__ == "__main__":
    protocols = ["kfold", "grouped", "paper"]
    flags.DEFINE_list("protocols", protocols, "Protocols of the split.")
    flags.DEFINE_list("seeds", [str(seed) for seed in range(7)], "Seeds of the split.")
    flags.DEFINE_list("models", None, "Rows of RESULTS.md; all where left out.")
    flags.DEFINE_list(
        "paper_seeds",
        ["0", "1"],
        "Seeds on which the paper's network is trained, at its full length.",
    )
    cli.run(main)

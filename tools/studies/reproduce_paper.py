"""Score every model on the recordings of Kindel et al. 2019, and write RESULTS.md.

    .venv/bin/python -m tools.studies.reproduce_paper

Both protocols are scored. Trainings and scores are kept in runs/reproduce; an
interrupted run resumes. --protocols and --seeds do a part. RESULTS.md is written from
all scores there are, and states their seeds; its section on kinds of cells comes from
runs/cells, which the command named there writes. The paper's own network takes 48
minutes of one core per split: it is trained at its full 60,000 steps on the seeds that
--paper_seeds names, never shortened.
"""

import csv

import numpy as np
from absl import flags

from tools.studies import ROOT
from v1keras import cli
from v1keras.config import resolve
from v1keras.io.quiet import quiet_start

with quiet_start():
    import keras

    from tools.studies import l1_glm, paper_network, results
    from v1keras.data import load_recording, open_recording
    from v1keras.models import Ensemble
    from v1keras.workflows.build import fit_ridge
    from v1keras.workflows.score import score_by
    from v1keras.workflows.train import train_and_evaluate

_RUNS = ROOT / "runs" / "reproduce"
_MEMBERS = 5
# Weights of the ridge, by validation correlation of one network with it: flat from 0.3
# to 0.6.
_RIDGE_WITH_ONE, _RIDGE_WITH_MANY = 0.5, 0.4
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
_MODELS = [
    _PAPER,
    *list(_BASELINES)[:2],
    _GLM,
    "ridge on Gabor energies",
    "one network, Gaussian readout",
    "one network",
    "one network + ridge",
    f"{_MEMBERS} networks",
    f"{_MEMBERS} networks + ridge",
]


def configuration(protocol, seed, changes=()):
    """Return the configuration of one model on one split."""
    config = resolve("kindel2019_factorized")
    config.update_from_flattened_dict(
        {"data.protocol": protocol, "data.split_seed": seed, **dict(changes)}
    )
    return config


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


def models(protocol, seed, recording, missing):
    """Yield the name and the model of each row that has no scores yet."""
    if _PAPER in missing:
        yield _PAPER, paper_network_of(protocol, seed, recording)
    if _GLM in missing:
        yield _GLM, l1_glm.fit(recording, _GLM_PENALTY)
    for name, changes in _BASELINES.items():
        if name in missing:
            yield name, trained(name, configuration(protocol, seed, changes))
    if not missing - set(_BASELINES) - {_PAPER, _GLM}:
        return
    config = configuration(protocol, seed, {"ensemble": _MEMBERS})
    networks = trained(f"{_MEMBERS} networks", config)
    first, *others = networks.members
    yield "one network", first
    yield f"{_MEMBERS} networks", networks
    ridge = fit_ridge(configuration(protocol, seed), recording)
    yield "ridge on Gabor energies", ridge
    weights = [1 - _RIDGE_WITH_ONE, _RIDGE_WITH_ONE]
    yield "one network + ridge", Ensemble([first, ridge], weights)
    ridges = fit_ridge(config, recording)
    weights = [(1 - _RIDGE_WITH_MANY) / _MEMBERS] * _MEMBERS + [_RIDGE_WITH_MANY]
    yield f"{_MEMBERS} networks + ridge", Ensemble([first, *others, ridges], weights)


def score_split(protocol, seed):
    """Score every row on one split, unless that is done."""
    folder = _RUNS / "scores" / f"{protocol}-{seed}"
    rows = set(_MODELS)
    if str(seed) not in flags.FLAGS.paper_seeds:
        rows.remove(_PAPER)
    missing = {name for name in rows if not (folder / name / "neurons.csv").exists()}
    if not missing:
        return
    keras.backend.clear_session()
    config = configuration(protocol, seed)
    data = config.data
    recording = load_recording(data.recording, protocol, seed, data.split_parts)
    for name, model in models(protocol, seed, recording, missing):
        scores = score_by(config.evaluation, model, [recording])
        scores.save(folder / name)
        correlation = scores.mean("correlation")
        print(f"{protocol} {seed} {name}: {correlation:.3f}", flush=True)


def read(name, protocol, seed):
    """Return the columns of a row's neurons.csv, or None where there is none."""
    path = _RUNS / "scores" / f"{protocol}-{seed}" / name / "neurons.csv"
    if not path.exists():
        return None
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for key in rows[0]:
        values = [row[key] for row in rows]
        if key != "session":
            values = [float(value or "nan") for value in values]
        columns[key] = np.array(values)
    return columns


def read_all(protocol):
    """Return every score of a protocol: model -> seed -> columns."""
    folders = (_RUNS / "scores").glob(f"{protocol}-*")
    seeds = sorted(int(folder.name.split("-")[1]) for folder in folders)
    # Models are compared with the reference on its seeds alone.
    seeds = [seed for seed in seeds if read(_REFERENCE, protocol, seed)]
    scores = {}
    for name in _MODELS:
        runs = {seed: read(name, protocol, seed) for seed in seeds}
        runs = {seed: columns for seed, columns in runs.items() if columns}
        if runs:
            scores[name] = runs
    return scores


def main(_):
    values = flags.FLAGS
    for seed in map(int, values.seeds):
        for protocol in values.protocols:
            score_split(protocol, seed)
    scores = {protocol: read_all(protocol) for protocol in ("paper", "grouped")}
    scores = {protocol: rows for protocol, rows in scores.items() if rows}
    if not scores:
        raise ValueError("nothing is scored yet: name a protocol and a seed")
    recording = open_recording(configuration("paper", 0).data.recording)
    results.write(ROOT, scores, _REFERENCE, recording)
    print(f"written: {ROOT / 'RESULTS.md'}")


if __name__ == "__main__":
    flags.DEFINE_list("protocols", ["paper", "grouped"], "Protocols of the split.")
    flags.DEFINE_list("seeds", [str(seed) for seed in range(7)], "Seeds of the split.")
    flags.DEFINE_list(
        "paper_seeds",
        ["0", "1"],
        "Seeds on which the paper's network is trained, at its full length.",
    )
    cli.run(main)

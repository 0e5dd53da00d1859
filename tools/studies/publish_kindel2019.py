"""Put the networks of RESULTS.md into the zoo.

    .venv/bin/python -m tools.studies.publish_kindel2019

Seed 0 of the protocol grouped becomes kindel2019_factorized (one network) and
kindel2019_ensemble (five networks and the ridge). Their cards have the scores of
docs/results.json, which `tools.studies.reproduce_paper` measured with all splits.
"""

import json

from tools.studies import ROOT
from v1keras import cli
from v1keras.io.quiet import quiet_start

with quiet_start():
    from tools.studies import reproduce_paper
    from v1keras.data.splits import FOLDS
    from v1keras.workflows import publish
    from v1keras.workflows.metadata import score_row
    from v1keras.workflows.train import train_and_evaluate

_MEASURED_BY = ".venv/bin/python -m tools.studies.reproduce_paper"
_COMMAND = (
    "python -m v1keras.train --config=configs/kindel2019_factorized.py"
    " --config.data.protocol=grouped"
)
_SHARE = reproduce_paper.RIDGE_SHARE
# Preset -> row of RESULTS.md, folder of the training, and what it changes.
_PRESETS = {
    "kindel2019_factorized": ("one network", "one network", {}),
    "kindel2019_ensemble": (
        "5 networks + ridge",
        "networks",
        {"ensemble": 5, "ridge.share": _SHARE},
    ),
}


def rows_of(model):
    """Return the rows of a card from those of RESULTS.md."""
    rows = []
    facts = json.loads((ROOT / "docs" / "results.json").read_text())
    for protocol, measured in facts.items():
        groups = measured["models"].get(model)
        if not groups:
            continue
        seeds = list(range(FOLDS)) if protocol == "kfold" else groups["seeds"]
        for name in ("reported", "above 5 Hz"):
            rows.append(score_row(protocol, seeds, name, groups[name]))
    return rows


def main(_):
    for preset, (model, folder, changes) in _PRESETS.items():
        config = reproduce_paper.configuration("grouped", 0, changes)
        command = _COMMAND
        for key, value in changes.items():
            command += f" --config.{key}={value}"
        command += f" --workdir=runs/{preset}"
        workdir = ROOT / "runs" / "reproduce" / folder / "grouped-0"
        _, scores = train_and_evaluate(
            config, workdir, resume=True, command_line=command
        )
        print(f"{preset}\n{scores}", flush=True)
        publish.add(workdir, preset, rows_of(model), _MEASURED_BY, half=True)


if __name__ == "__main__":
    cli.run(main)

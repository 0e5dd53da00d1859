"""Train configurations on recordings of different kinds; write which is best where.

    .venv/bin/python -m tools.studies.configurations

Each candidate is trained once on each recording: two simulated populations of many
families (`v1keras.data.simulated_cells`), kindel2019 and tang2018. A ridge, fitted to
the training images alone, joins it with several shares. What is best is chosen by the
correlation on the validation images; correlation and CC_norm on the test images stand
beside it. Writes docs/configurations.md; what docs/configurations.json holds already is
kept.
"""

import json
import time

import keras

from tools.studies import ROOT
from v1keras import cli
from v1keras.config import resolve
from v1keras.io.atomic import atomic_write
from v1keras.io.quiet import quiet_start

with quiet_start():
    import v1keras
    from v1keras.data.simulated_cells import FAMILIES, simulate_families
    from v1keras.models import Ensemble
    from v1keras.workflows.build import fit_ridge

_SCORES = ROOT / "docs" / "configurations.json"
_COSINE = {"lr_schedule": "cosine", "max_epochs": 60, "ema_momentum": 0.9}
_COSINE["rate_weighting"] = 0.5
_ON_OFF = {"first_activation": "on_off", "kernel_sizes": (11, 3, 3)}
_WIDE = {"filters": (64, 128, 128)}
# What is changed in `default`, by branch of the configuration.
_NETWORKS = {
    "default": {},
    "cosine": {"training": _COSINE},
    "on_off": {"core": _ON_OFF},
    "on_off, cosine": {"core": _ON_OFF, "training": _COSINE},
    "on_off, cosine, wide": {"core": _ON_OFF | _WIDE, "training": _COSINE},
}
_SHARES = (0.0, 0.3, 0.5)  # of the ridge
_RECORDINGS = (
    "families, 2,000 images once",
    "families, 180 images 20 times",
    "kindel2019, grouped",
    "tang2018",
)


def recording_of(name):
    """Return a recording with a split, and the likelihood that its unit allows."""
    if name == "tang2018":
        recording = v1keras.load_recording(
            name, protocol="paper", split_parts=(70, 20, 10)
        )
        return recording, "gaussian"
    if name.startswith("kindel2019"):
        return v1keras.load_recording("kindel2019", protocol="grouped"), "poisson"
    families = [family for family, one in FAMILIES.items() if not one.judging]
    images, presentations = (2200, 1) if "once" in name else (216, 20)
    recording, _, _ = simulate_families(
        families, 4, images, presentations=presentations, seed=1
    )
    return recording, "poisson"


def train(recording, likelihood, changes):
    """Return a trained network, and the seconds it took."""
    config = resolve("default")
    for branch, values in changes.items():
        config[branch].update(values)
    config.training.likelihood = likelihood
    started = time.monotonic()
    model = v1keras.build_model(recording, config)
    v1keras.fit(model, recording, config)
    return model, time.monotonic() - started


def scores_of(model, recording):
    """Return the mean correlation of both sides, and CC_norm of the test images."""
    scores = {}
    for split in ("validation", "test"):
        found = v1keras.score(model, recording, split=split)
        scores[split] = found.mean("correlation")
    return scores | {"cc_norm": found.mean("cc_norm")}


def measure(name, kept, keep):
    """Train what is not yet among the scores kept of a recording."""
    if len(kept) == len(_NETWORKS) * len(_SHARES) + 1:
        return
    recording, likelihood = recording_of(name)
    ridge = fit_ridge(recording, ["train"])
    kept["ridge alone"] = scores_of(ridge, recording)
    for label, changes in _NETWORKS.items():
        rows = [f"{label} + {share} ridge" if share else label for share in _SHARES]
        if rows[-1] in kept:
            continue
        network, seconds = train(recording, likelihood, changes)
        for row, share in zip(rows, _SHARES, strict=True):
            model = Ensemble([network, ridge], [1 - share, share]) if share else network
            kept[row] = scores_of(model, recording) | {"seconds": seconds}
        keep()
        print(name, label, kept[rows[0]], flush=True)


def page(scores):
    """Return docs/configurations.md."""
    lines = [
        "# Which configuration for which recording",
        "",
        (
            "Each network was trained once on each recording, a ridge on Gabor energies"
            " (`ridge.share`) was fitted to the training images. Bold: the best one by"
            " the correlation on the **validation** images; the numbers are those of"
            " the test images, correlation / CC_norm. `on_off`:"
            " `core.first_activation=on_off` and `core.kernel_sizes=(11, 3, 3)`;"
            " `cosine`: `training.lr_schedule=cosine`, 60 epochs,"
            " `training.ema_momentum=0.9`, `training.rate_weighting=0.5`; `wide`:"
            " `core.filters=(64, 128, 128)`. Written by"
            " `.venv/bin/python -m tools.studies.configurations`."
        ),
        "",
        "| configuration | " + " | ".join(scores) + " |",
        "|" + "---|" * (1 + len(scores)),
    ]
    best = {
        name: max(rows, key=lambda row: rows[row]["validation"])
        for name, rows in scores.items()
    }
    for row in next(iter(scores.values())):
        cells = [row]
        for name, rows in scores.items():
            text = f"{rows[row]['test']:.3f} / {rows[row]['cc_norm']:.3f}"
            cells.append(f"**{text}**" if row == best[name] else text)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(_):
    keras.config.disable_interactive_logging()
    scores = json.loads(_SCORES.read_text()) if _SCORES.exists() else {}

    def keep():
        with atomic_write(_SCORES) as path:
            path.write_text(json.dumps(scores, indent=1) + "\n")

    for name in _RECORDINGS:
        measure(name, scores.setdefault(name, {}), keep)
    with atomic_write(ROOT / "docs" / "configurations.md") as path:
        path.write_text(page(scores))


if __name__ == "__main__":
    cli.run(main)

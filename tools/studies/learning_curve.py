"""Measure CC_norm over the number of training images, for two cores.

    .venv/bin/python -m tools.studies.learning_curve

The plain and the rotation-equivariant core are trained on the simulated population.
Writes docs/learning_curve.json, from which `tools.studies.reproduce_paper` takes its
section of RESULTS.md. Trainings are kept in runs/learning_curve; an interrupted run
resumes.
"""

import json

from tools.studies import ROOT
from v1keras import cli
from v1keras.config import resolve
from v1keras.io.atomic import atomic_write
from v1keras.io.quiet import quiet_start

with quiet_start():
    from v1keras.data import simulate_recording
    from v1keras.workflows.train import train_and_evaluate

_RUNS = ROOT / "runs" / "learning_curve"
_IMAGES = (250, 500, 1000, 2000, 4000)
# Eight kernels in eight orientations have as many parameters in the first layer as a
# quarter of the plain core's 32.
_CORES = {
    "stacked": {},
    "rotation_equivariant": {
        "core.kind": "rotation_equivariant",
        "core.filters": (8, 8, 8),
    },
}


def measure(name, count):
    """Return the score of one core trained on so many images."""
    recording = _RUNS / f"simulated-{count}.h5"
    if not recording.exists():
        simulate_recording(count).save(recording)
    config = resolve("quickstart")
    config.update_from_flattened_dict(
        {"data.recording": str(recording.relative_to(ROOT)), **_CORES[name]}
    )
    _, scores = train_and_evaluate(config, _RUNS / f"{name}-{count}", resume=True)
    score = scores.groups["reported"]["cc_norm"]
    return {"images": count, "cc_norm": score["mean"], "interval": score["interval"]}


def main(_):
    curves = {name: [] for name in _CORES}
    for count in _IMAGES:
        for name, curve in curves.items():
            curve.append(measure(name, count))
            print(name, curve[-1], flush=True)
            with atomic_write(ROOT / "docs" / "learning_curve.json") as path:
                path.write_text(json.dumps(curves, indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)

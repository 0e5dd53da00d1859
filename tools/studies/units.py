r"""Train on one recording in several units and signs; write the table of scores.

    python -m tools.studies.units --out=docs/units.json

kindel2019 as it is, in thousands of spikes, in Hz, z-scored, as a dF/F and negated: the
correlation on the test images should not depend on it. Every noise model that the sign
allows is trained. `--likelihoods` and `--units` name some; what the file holds already
is kept.
"""

import json
import pathlib

import keras
import numpy as np
from absl import app, flags

import v1keras
from v1keras.config import resolve
from v1keras.io.atomic import atomic_write
from v1keras.training import LIKELIHOODS

flags.DEFINE_string("out", "docs/units.json", "File of the scores.")
flags.DEFINE_string("config", "kindel2019_factorized", "Configuration.")
flags.DEFINE_integer("max_epochs", 0, "Epochs of each training; 0: configuration's.")
flags.DEFINE_list("likelihoods", list(LIKELIHOODS), "Noise models to train.")
flags.DEFINE_list("units", [], "Units to train on; empty: all.")


def units(counts):
    """Return the responses in each unit, and the unit's name."""
    z_scores = (counts - counts.mean(axis=0)) / counts.std(axis=0)
    return {
        "counts": (counts, "spikes per presentation"),
        "counts / 1000": (counts / 1000, "a.u."),
        "Hz": (counts / 0.105, "Hz"),
        "z-scored": (z_scores, "z"),
        "dF/F": (0.02 * (counts - 1), "dF/F"),
        "negated": (-counts, "a.u."),
    }


def train(recording, likelihood):
    """Return the mean correlation on the test images after a training."""
    values = flags.FLAGS
    config = resolve(values.config)
    training = {"likelihood": likelihood}
    if values.max_epochs:
        training["max_epochs"] = values.max_epochs
    model = v1keras.build_model(recording, config, training=training)
    v1keras.fit(model, recording, config, **training)
    return v1keras.score(model, recording).mean("correlation")


def main(_):
    keras.config.disable_interactive_logging()
    values, path = flags.FLAGS, pathlib.Path(flags.FLAGS.out)
    scores = json.loads(path.read_text()) if path.exists() else {}
    recording = v1keras.load_recording("kindel2019", protocol="paper")
    for unit, (responses, name) in units(recording.responses).items():
        for likelihood in values.likelihoods:
            chosen = not values.units or unit in values.units
            if not chosen or (likelihood != "gaussian" and responses.min() < 0):
                continue
            other = v1keras.Recording(
                recording.images,
                np.asarray(responses, "float32"),
                recording.split,
                image_group=recording.image_group,
                neuron_session=recording.neuron_session,
                neurons=recording.neurons,
                attributes=recording.attributes | {"units": name},
            )
            correlation = train(other, likelihood)
            print(f"{unit:<15} {likelihood:<20} {correlation:.4f}", flush=True)
            scores.setdefault(unit, {})[likelihood] = correlation
            with atomic_write(path) as part:
                part.write_text(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    app.run(main)

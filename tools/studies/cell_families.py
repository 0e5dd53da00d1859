"""Classify simulated cells of 28 families, on some of which no rule was chosen.

    .venv/bin/python -m tools.studies.cell_families

For the families that the rule of `v1keras.characterization.classify` was chosen on, and
for those it is judged on, cells are simulated and inverted: their true rates, a model
of 2,000 single presentations, and a model of 180 images with means of 20 presentations.
Writes docs/cell_families.md. Trainings are kept in runs/cell_families.
"""

import numpy as np
from absl import flags

from tools.studies import ROOT
from v1keras import cli
from v1keras.config import resolve
from v1keras.io.atomic import atomic_write
from v1keras.io.quiet import quiet_start

with quiet_start():
    import tensorflow as tf

    import v1keras
    from tools.studies.true_rates import TrueRates
    from v1keras.characterization import CLASSES
    from v1keras.characterization.characterize import describe_cells
    from v1keras.data.simulated_cells import FAMILIES, simulate_families
    from v1keras.inversion import GradientAscent, RestartedAscent, matched_contrast
    from v1keras.inversion.weaker import unclipped_patterns
    from v1keras.workflows.train import train_and_evaluate

_RUNS = ROOT / "runs" / "cell_families"
_NEAR_LIMIT = 0.9
_SETS = {
    "The rule was judged on": (True, 3),
    "The rule was chosen on": (False, 1),
}
_CONDITIONS = {
    "true rates": {},
    "2,000 single presentations": {
        "train_images": 2200,
        "presentations": 1,
        "config": "quickstart",
        "ridge.share": 0.0,
    },
    "180 images, means of 20": {
        "train_images": 216,
        "presentations": 20,
        "config": "kindel2019_factorized",
        "ridge.share": 0.5,
    },
}


def of_true_rates(families, seed, cells_per_family):
    """Return families, classes, CC_norm and fits of cells whose rates are known."""
    recording, cells, scales = simulate_families(
        families, cells_per_family, 250, seed=seed
    )
    rates = TrueRates(cells, scales)
    contrast = matched_contrast(rates, recording.images)
    ascent = RestartedAscent(GradientAscent(rates, contrast), recording.images)
    stimuli = ascent.run(np.arange(len(cells)))
    image = tf.TensorSpec((None, *rates.image_size, 1))
    compiled = tf.function(rates, input_signature=[image])
    shapes, _ = unclipped_patterns(rates, stimuli)
    cc_norm = np.ones(len(scales))
    cells = describe_cells(
        compiled, recording.images, stimuli, shapes=shapes, scores={"cc_norm": cc_norm}
    )
    return recording, stimuli.neurons, cc_norm, cells.table


def of_a_model(families, seed, cells_per_family, condition):
    """Return the same of a model that is trained on the cells' spikes."""
    recording, _, _ = simulate_families(
        [*families, "noisy"],
        cells_per_family,
        condition["train_images"],
        presentations=condition["presentations"],
        seed=seed,
    )
    name = f"{seed}-{condition['train_images']}"
    path = _RUNS / f"{name}.h5"
    recording.save(path)
    config = resolve(condition["config"])
    config.data.recording = str(path)
    config.data.protocol = "file"
    config.ridge.share = condition["ridge.share"]
    model, scores = train_and_evaluate(config, _RUNS / name, resume=True)
    stimuli = v1keras.preferred_stimuli(model, recording)
    table = v1keras.characterize(model, recording, stimuli, scores=scores).table
    return recording, stimuli.neurons, table["cc_norm"], table


def confusion(recording, neurons, cc_norm, table):
    """Return rows of a Markdown table, a family per row, and the totals."""
    kinds = recording.neurons["kind"][neurons]
    heads = ["family", "expected", "cells", *CLASSES, "agree", "near limit", "agree"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    near = np.nan_to_num(cc_norm) >= _NEAR_LIMIT
    expected = np.array(["unclassified"] * len(kinds), dtype=object)
    for name in dict.fromkeys(kinds):
        members = kinds == name
        if name in FAMILIES:
            expected[members] = FAMILIES[name].expected_class
        counts = [int((table["class"][members] == kind).sum()) for kind in CLASSES]
        right = table["class"] == expected
        row = [name, expected[members][0], int(members.sum()), *counts]
        row += [_share(right[members]), int((near & members).sum())]
        row.append(_share(right[near & members]))
        lines.append(f"| {' | '.join(map(str, row))} |")
    right = table["class"] == expected
    odd = expected == "unclassified"
    texture, called = expected == "texture", table["class"] == "texture"
    lines += [
        "",
        f"Agree but for odd cells: {_share(right[~odd])}, near the limit"
        f" {_share(right[~odd & near])}. Odd cells unclassified: {_share(right[odd])},"
        f" near the limit {_share(right[odd & near])}. Texture: precision"
        f" {_share(texture[called])}, recall {_share(called[texture])}.",
        "",
        _fits(recording, neurons, table, expected == "gabor"),
    ]
    return lines


def _fits(recording, neurons, table, oriented):
    truth = {name: column[neurons] for name, column in recording.neurons.items()}
    turned = table["gabor_orientation_deg"] - truth["orientation_deg"]
    turned = np.abs((turned + 90) % 180 - 90)
    off = np.abs(table["gabor_frequency"] / truth["frequency"] - 1)
    return (
        "Of cells that prefer a Gabor, by the fit: orientation within 10°"
        f" {_share(turned[oriented] < 10)}, frequency within 15 %"
        f" {_share(off[oriented] < 0.15)}."
    )


def _share(values):
    return f"{np.mean(values):.0%}" if len(values) else "-"


def main(_):
    cells_per_family = flags.FLAGS.cells
    _RUNS.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Cells of many families",
        "",
        (
            f"{cells_per_family} simulated cells of each of {len(FAMILIES)} families"
            " (`v1keras.data.simulated_cells`), classed by"
            " `v1keras.characterization.classify`. Thresholds were chosen on the"
            " families and the seed of the lower tables. The cells of the upper ones"
            " were touched only to judge; one threshold, on the share of the stimulus"
            " that a fit explains, was lowered from 0.85 to 0.8 after a look at other"
            " cells of these families. Odd cells are those that should be unclassified."
            " Near the limit: CC_norm of 0.9 or more (true rates: all). Written by"
            " `.venv/bin/python -m tools.studies.cell_families`."
        ),
    ]
    for title, (judging, seed) in _SETS.items():
        families = [name for name, one in FAMILIES.items() if one.judging == judging]
        for name, condition in _CONDITIONS.items():
            arguments = [families, seed, cells_per_family]
            if condition:
                result = of_a_model(*arguments, condition)
            else:
                result = of_true_rates(*arguments)
            lines += ["", f"## {title}: {name}", "", *confusion(*result)]
            print("\n".join(lines[-30:]), flush=True)
    with atomic_write(ROOT / "docs" / "cell_families.md") as path:
        path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    flags.DEFINE_integer("cells", 8, "Cells of each family.", lower_bound=1)
    cli.run(main)

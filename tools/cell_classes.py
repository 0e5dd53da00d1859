"""What kinds of cells the well-predicted neurons of Kindel et al. 2019 are, from what
`python -m v1keras.invert` wrote.
"""

import csv
import shutil

import numpy as np

COMMAND = (
    "python -m v1keras.invert --model=kindel2019_ensemble --neurons=near-limit"
    " --out=runs/cells"
)


def section(folder, docs):
    """The section of RESULTS.md, and docs/results_cells.png and
    docs/results_tuning.png.

    Args:
        folder: of the inversion.
        docs: folder of the pictures.

    Returns:
        Markdown.
    """
    with open(folder / "cells.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    rows = [row for row in rows if row["for_tuning"] == "0"]
    of = lambda name, kind=None: np.array(
        [float(row[name] or "nan") for row in rows if kind in (None, row["class"])]
    )
    count, kinds = len(rows), [row["class"] for row in rows]
    beaten = lambda one, other: (
        f"{(of(one) > of(other)).sum()} of {count} ({(of(one) > of(other)).mean():.0%})"
    )
    table = [
        "| class | neurons | share | orientation selectivity | F1/F0 | surround"
        " suppression | rate / best Gabor | rate / best centre-surround |"
    ]
    table.append("|---" * 8 + "|")
    for kind in sorted(set(kinds), key=lambda kind: -kinds.count(kind)):
        medians = [
            np.nanmedian(of(name, kind))
            for name in ("orientation_selectivity", "f1_f0", "surround_suppression")
        ]
        medians += [
            np.median(of("rate", kind) / of(f"best_{name}_rate", kind))
            for name in ("gabor", "center_surround")
        ]
        cells = (
            kind,
            kinds.count(kind),
            f"{kinds.count(kind) / count:.0%}",
            *(f"{value:.2f}" for value in medians),
        )
        table.append(f"| {' | '.join(map(str, cells))} |")
    for name in ("gallery", "tuning"):
        shutil.copy(
            folder / f"{name}.png",
            docs / f"results_{'cells' if name == 'gallery' else name}.png",
        )
    text = [
        "## What kinds of cells",
        (
            f"The preferred stimulus of each of the {count} neurons within 10 % of"
            " their limit (CC_norm of 0.9 or more on the test images of the preset's"
            " split; one split's 52 images put some above it by luck), found in the"
            " rates of five networks, and the class that it makes the cell (the rule"
            " and its thresholds: `v1keras.characterization.classify`; how often it is"
            " right where the truth is known:"
            " [docs/known_cells.md](docs/known_cells.md)). Medians; tuning by gratings"
            " to the model."
        ),
        "\n".join(table),
        (
            "The stimulus drives the model more than the best of the 270 images at the"
            f" same contrast in {beaten('rate', 'best_image_rate_at_norm')}, more than"
            f" the best Gabor in {beaten('rate', 'best_gabor_rate')}. Stimuli found in"
            " one half of the networks drive the other half, which learned from other"
            " draws of the images, above their best image in"
            f" {beaten('half_rate', 'half_best_image_rate')}. From other noise the same"
            " stimulus (cosine of 0.9 or more) is found again in"
            f" {(of('second_cosine') >= 0.9).sum()} of {count}."
        ),
        (
            f"Measured by `{COMMAND}`; the neurons of the tuning session are left out"
            " here."
        ),
        (
            "![Preferred stimuli, by class; neuron: rate / rate to the best image at"
            " that contrast](docs/results_cells.png)"
        ),
        (
            "![Of each class one cell: stimulus, gradient field, tuning to"
            " gratings](docs/results_tuning.png)"
        ),
    ]
    return "\n\n".join(text)

"""The kinds of cells among the well-predicted neurons of Kindel et al. 2019.

They are read from what `python -m v1keras.invert` wrote.
"""

import csv
import shutil

import numpy as np

TITLE = "## What kinds of cells"
COMMAND = (
    "python -m v1keras.invert --model=kindel2019_ensemble --neurons=near-limit"
    " --out=runs/cells"
)
_TUNING = ("orientation_selectivity", "f1_f0", "surround_suppression")
_HEAD = (
    "class",
    "neurons",
    "share",
    "orientation selectivity",
    "F1/F0",
    "surround suppression",
    "rate / best Gabor",
    "rate / best centre-surround",
)
_PICTURES = {"gallery": "results_cells.png", "tuning": "results_tuning.png"}


def section(folder, docs):
    """Return the section of RESULTS.md, and copy its two pictures.

    Args:
        folder: Folder that the inversion wrote.
        docs: Folder of docs/results_cells.png and docs/results_tuning.png.

    Returns:
        Markdown.
    """
    with open(folder / "cells.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["for_tuning"] == "0"]
    for name, picture in _PICTURES.items():
        shutil.copy(folder / f"{name}.png", docs / picture)
    count = len(rows)
    again = (_column(rows, "second_cosine") >= 0.9).sum()
    text = [
        TITLE,
        (
            f"The preferred stimulus of each of the {count} neurons that are likely to"
            " be within 10 % of their limit (probability of 0.8 or more, from the test"
            " images of the preset's split; ceilings assume a Fano factor of 1), found"
            " in the rates of five networks, and the class of the model's cell (the"
            " rule and its thresholds: `v1keras.characterization.classify`; how often"
            " it is right where the truth is known:"
            " [docs/cell_families.md](docs/cell_families.md)). Of"
            f" {count} classes, {_larger_than(rows, 'class_margin', 0.1)} stay if any"
            " one threshold is moved by a tenth. Medians; tuning by gratings to the"
            " model."
        ),
        _table(rows),
        (
            "The stimulus drives the model more than the best of the 270 images at the"
            f" same contrast in {_larger(rows, 'rate', 'best_image_rate_at_norm')},"
            f" more than the best Gabor in {_larger(rows, 'rate', 'best_gabor_rate')}."
            " Stimuli synthesized with one half of the networks drive the other half,"
            " which was trained on other draws of the images, above their best image in"
            f" {_larger(rows, 'half_rate', 'half_best_image_rate')}. From other noise"
            " the same stimulus (cosine of 0.9 or more) is found again in"
            f" {again} of {count}. The best image as it was shown, at its own contrast,"
            " drives the model more than the stimulus in"
            f" {_larger(rows, 'best_image_rate', 'rate')}."
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


def _table(rows):
    kinds = [row["class"] for row in rows]
    lines = [f"| {' | '.join(_HEAD)} |", "|---" * len(_HEAD) + "|"]
    for kind in sorted(set(kinds), key=lambda kind: -kinds.count(kind)):
        members = [row for row in rows if row["class"] == kind]
        medians = [np.nanmedian(_column(members, name)) for name in _TUNING]
        for shape in ("gabor", "center_surround"):
            best = _column(members, f"best_{shape}_rate")
            medians.append(np.median(_column(members, "rate") / best))
        share = len(members) / len(rows)
        cells = [kind, str(len(members)), f"{share:.0%}"]
        cells += [f"{value:.2f}" for value in medians]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _column(rows, name):
    return np.array([float(row[name] or "nan") for row in rows])


def _larger_than(rows, name, value):
    return int((_column(rows, name) > value).sum())


def _larger(rows, name, other):
    """Return in how many rows a column is above the other."""
    larger = _column(rows, name) > _column(rows, other)
    return f"{larger.sum()} of {len(rows)} ({larger.mean():.0%})"

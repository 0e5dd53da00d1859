"""Write RESULTS.md, its JSON and its figures from the scores of every model."""

import json

import numpy as np
from matplotlib import pyplot

from tools.studies import cell_classes, selectivity
from v1keras.evaluation import SCORES, average_over_seeds, summarize
from v1keras.evaluation.scores import neuron_groups
from v1keras.io.atomic import atomic_write

_ABOVE_HZ = 5.0
HEAD = """# Results on the recordings of Kindel et al. 2019

The data are 270 natural images and the responses of 355 neurons of nine sessions (the
tenth was for tuning), means of 20 presentations. Every model is trained on 180 images,
early-stopped on 38 and tested on 52; each ensemble member uses a different 180/38
division of the 218 non-test images. Protocol *paper* draws images at random, as the
paper did; protocol *grouped* draws whole photographs, of which there are views in
several rotations, so that all views of a photograph are on one side. A neuron's scores
are averaged over the seeds first. In brackets: the 95 % bootstrap interval over
neurons. CC_norm: the ceiling is estimated from means, assuming Poisson noise; its mean
is over neurons with a ceiling, clipped to [-1, 1]. Near the limit: the fraction of all
355 neurons whose CC_norm is at least 0.9. Settings were chosen on validation images
alone; but over seven seeds one split's validation images are another's test images.

The paper reports, for its network on its own splits and with the ceiling from single
presentations: CC_norm 0.556 ± 0.01 over the 355, 0.69 above 5 Hz (2019), and 15 % of
neurons within 10 % of their limit (2017).

Written by `.venv/bin/python -m tools.studies.reproduce_paper`.
"""


def write(root, scores, reference, recording):
    """Write RESULTS.md, docs/results.json and the figures docs/results_*.png.

    Args:
        root: Folder of the checkout.
        scores: Dict, protocol -> model -> seed -> dict of `(neurons,)` columns. A row
            with other seeds than the reference's names them.
        reference: String, the model that the others are compared with, neuron by neuron
            and over the same seeds.
        recording: `Recording`.
    """
    text, facts = [HEAD], {}
    for protocol, models in scores.items():
        averages = {name: average(runs) for name, runs in models.items()}
        seeds = list(models[reference])
        groups = _groups(next(iter(models[reference].values())))
        summaries = {
            name: {group: summarize(values, mask) for group, mask in groups.items()}
            for name, values in averages.items()
        }
        rows = {
            name: {"seeds": list(models[name])} | scored
            for name, scored in summaries.items()
        }
        facts[protocol] = {"seeds": seeds, "models": rows}
        sessions = [group for group in groups if group.startswith("session")]
        text += [
            f"## Protocol {protocol}, seeds {_listed(seeds)}",
            _table(summaries, models, groups["reported"], reference),
            "Correlation by session:",
            _sessions(summaries, sessions),
        ]
    shown = {name: groups[name] for name in ("reported", f"above {_ABOVE_HZ:g} Hz")}
    cc_norms = {name: values["cc_norm"] for name, values in averages.items()}
    section, picture = selectivity.report(
        recording, cc_norms, shown, reference, protocol
    )
    text += [section, *_optional_sections(root)]
    figures = _figures(protocol, models, groups["reported"], reference)
    figures["results_selectivity.png"] = picture
    for name, figure in figures.items():
        with atomic_write(root / "docs" / name) as path:
            figure.savefig(path, dpi=110)
        pyplot.close(figure)
    text += [
        (
            "![Correlation of each model against"
            f" {reference}](docs/results_correlation.png)"
        ),
        "![CC_norm](docs/results_cc_norm.png)",
    ]
    with atomic_write(root / "docs" / "results.json") as path:
        path.write_text(json.dumps(facts, indent=1) + "\n")
    with atomic_write(root / "RESULTS.md") as path:
        path.write_text("\n\n".join(text) + "\n")


def _groups(columns):
    """Return the groups that have a neuron which is not for tuning."""
    included = columns["for_tuning"] == 0
    groups = neuron_groups(columns, _ABOVE_HZ)
    return {name: mask for name, mask in groups.items() if (mask & included).any()}


def _optional_sections(root):
    """Return the sections whose measurements there are."""
    sections = []
    if (root / "runs" / "cells" / "cells.csv").exists():
        sections.append(cell_classes.section(root / "runs" / "cells", root / "docs"))
    curve = root / "docs" / "learning_curve.json"
    if curve.exists():
        sections.append(_learning_curve(json.loads(curve.read_text())))
    return sections


def average(runs, seeds=None):
    """Return each neuron's scores averaged over some of the seeds, or all."""
    chosen = [runs[seed] for seed in seeds or runs]
    names = [name for name in SCORES if name in chosen[0]]
    return average_over_seeds([{name: run[name] for name in names} for run in chosen])


def _listed(seeds):
    return ", ".join(map(str, seeds))


def _learning_curve(curves):
    """Return the section on how many images each core needs."""
    counts = [row["images"] for row in next(iter(curves.values()))]
    head = " | ".join(f"{count:,}" for count in counts)
    table = [f"| core | {head} |", "|---" * (len(counts) + 1) + "|"]
    for name, rows in curves.items():
        cells = [_value(row | {"mean": row["cc_norm"]}) for row in rows]
        table.append(f"| {name} | " + " | ".join(cells) + " |")
    text = (
        "CC_norm of the 48 neurons of the simulated population, mean and 95 %"
        " interval, over the number of training images (one in ten of them validates);"
        " the same 100 test images. Measured by `.venv/bin/python -m"
        " tools.studies.learning_curve`."
    )
    title = "## How many images each core needs"
    return "\n\n".join([title, text, "\n".join(table)])


def _table(summaries, models, included, reference):
    lines = [
        (
            f"| model | correlation | minus {reference} | above 5 Hz | CC_norm: mean |"
            " median | near the limit |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for name, groups in summaries.items():
        reported, seeds = groups["reported"], list(models[name])
        difference = ""
        if name != reference:
            difference = _difference(models[name], models[reference], included)
        label = name
        if seeds != list(models[reference]):
            label = f"{name}, seeds {_listed(seeds)}"
        lines.append(
            f"| {label} | {_value(reported['correlation'])} | {difference} |"
            f" {groups['above 5 Hz']['correlation']['mean']:.3f} |"
            f" {_value(reported['cc_norm'])} | {reported['cc_norm']['median']:.3f} |"
            f" {reported['fraction_near_limit']:.0%} |"
        )
    return "\n".join(lines)


def _difference(runs, reference_runs, included):
    """Return the paired difference in correlation, over the seeds of both."""
    own = average(runs)["correlation"]
    difference = own - average(reference_runs, list(runs))["correlation"]
    columns = {key: difference for key in SCORES}
    return _value(summarize(columns, included)["correlation"], "+.3f")


def _sessions(summaries, sessions):
    head = " | ".join(session.removeprefix("session ") for session in sessions)
    lines = [f"| model | {head} |", "|---" * (len(sessions) + 1) + "|"]
    for name, groups in summaries.items():
        means = [groups[session]["correlation"]["mean"] for session in sessions]
        lines.append(
            f"| {name} | " + " | ".join(f"{mean:.2f}" for mean in means) + " |"
        )
    return "\n".join(lines)


def _value(score, form=".3f"):
    low, high = score["interval"]
    return f"{score['mean']:{form}} [{low:{form}}, {high:{form}}]"


def _figures(protocol, models, included, reference):
    return {
        "results_correlation.png": _scatter(protocol, models, included, reference),
        "results_cc_norm.png": _distributions(protocol, models, included),
    }


def _scatter(protocol, models, included, reference):
    others = [name for name in models if name != reference]
    columns = 4
    rows = -(-len(others) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(12, 3.1 * rows), sharex=True, sharey=True, squeeze=False
    )
    for axis in axes.flat[len(others) :]:
        axis.axis("off")
    for axis, name in zip(axes.flat, others, strict=False):
        axis.plot([-0.2, 1], [-0.2, 1], color="0.6", lw=1)
        compared = average(models[reference], list(models[name]))["correlation"]
        own = average(models[name])["correlation"]
        axis.plot(compared[included], own[included], ".", ms=3)
        axis.set(title=name, xlabel=reference, ylabel="correlation")
    figure.suptitle(f"Each dot is a neuron; protocol {protocol}")
    figure.tight_layout()
    return figure


def _distributions(protocol, models, included):
    figure, axis = pyplot.subplots(figsize=(8, 4))
    for name, runs in models.items():
        values = average(runs)["cc_norm"][included]
        values = np.sort(values[np.isfinite(values)])
        axis.plot(values, np.linspace(0, 1, len(values)), label=name)
    axis.axvline(0.9, color="0.4", ls="--", lw=1)
    axis.set(
        xlim=(-0.3, 1.3),
        xlabel=f"CC_norm (dashed: within 10 % of the limit); protocol {protocol}",
        ylabel="fraction of neurons below",
    )
    axis.legend(fontsize=8)
    figure.tight_layout()
    return figure

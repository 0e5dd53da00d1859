"""Writes RESULTS.md, its JSON and its figures from the scores of
`tools/reproduce_paper`.
"""

import json

import numpy as np
from matplotlib import pyplot

from tools import cell_classes, selectivity
from v1keras.evaluation import SCORES, average_over_seeds, summarize
from v1keras.evaluation.scores import neuron_groups
from v1keras.io.atomic import atomic_write

_ABOVE_HZ = 5.0
_HEAD = """# Results on the recordings of Kindel et al. 2019

270 natural images, 355 neurons of nine sessions (the tenth was for tuning), means of 20
presentations. Every model learns from 180 images, is stopped by 38 and judged by 52;
members of an ensemble take another 180 of those 218 each. *paper*: images drawn at
random, as the paper did; *grouped*: whole photographs, of which there are views in
several rotations, on one side. A neuron's scores are averaged over the seeds first. In
brackets the 95 % bootstrap interval over neurons. CC_norm: the ceiling is estimated
from means, with Poisson noise; its mean is over neurons with a ceiling, clipped to [-1,
1]. Near the limit: CC_norm of 0.9 or more, of all 355. Settings were chosen by
validation images alone; but over seven seeds one split's validation images are
another's test images.

The paper reports, for its network on its own splits and with the ceiling from single
presentations: CC_norm 0.556 ± 0.01 over the 355, 0.69 above 5 Hz (2019), and 15 % of
neurons within 10 % of their limit (2017).

Written by `.venv/bin/python tools/reproduce_paper`.
"""


def write(root, scores, reference, recording):
    """Writes RESULTS.md, docs/results.json and the figures docs/results_*.png.

    Args:
        root: of the checkout.
        scores: protocol -> model -> seed -> a dict of `(neurons,)` columns. A row with
            other seeds than the reference's names them.
        reference: the model that the others are compared with, neuron by neuron and
            over the same seeds.
        recording: the `Recording`.
    """
    text, facts = [_HEAD], {}
    for protocol, models in scores.items():
        averages = {name: average(runs) for name, runs in models.items()}
        seeds, columns = list(models[reference]), next(iter(models[reference].values()))
        groups = {
            name: chosen
            for name, chosen in neuron_groups(columns, _ABOVE_HZ).items()
            if (chosen & (columns["for_tuning"] == 0)).any()
        }
        found = {
            name: {group: summarize(values, mask) for group, mask in groups.items()}
            for name, values in averages.items()
        }
        facts[protocol] = {
            "seeds": seeds,
            "models": {
                name: {"seeds": list(models[name])} | scored
                for name, scored in found.items()
            },
        }
        text += [
            f"## Protocol {protocol}, seeds {_listed(seeds)}",
            _table(found, models, groups["reported"], reference),
        ]
        text += [
            "Correlation by session:",
            _sessions(
                found, [group for group in groups if group.startswith("session")]
            ),
        ]
    chosen = {name: groups[name] for name in ("reported", f"above {_ABOVE_HZ:g} Hz")}
    said, picture = selectivity.report(
        recording,
        {name: values["cc_norm"] for name, values in averages.items()},
        chosen,
        reference,
        protocol,
    )
    text.append(said)
    if (root / "runs" / "cells" / "cells.csv").exists():
        text.append(cell_classes.section(root / "runs" / "cells", root / "docs"))
    curve = root / "docs" / "learning_curve.json"
    if curve.exists():
        text.append(_learning_curve(json.loads(curve.read_text())))
    figures = _figures(protocol, models, groups["reported"], reference) | {
        "results_selectivity.png": picture
    }
    for name, figure in figures.items():
        with atomic_write(root / "docs" / name) as beside:
            figure.savefig(beside, dpi=110)
        pyplot.close(figure)
    text += [
        (
            "![Correlation of each model against"
            f" {reference}](docs/results_correlation.png)"
        ),
        "![CC_norm](docs/results_cc_norm.png)",
    ]
    with atomic_write(root / "docs" / "results.json") as beside:
        beside.write_text(json.dumps(facts, indent=1) + "\n")
    with atomic_write(root / "RESULTS.md") as beside:
        beside.write_text("\n\n".join(text) + "\n")


def average(runs, seeds=None):
    """Each neuron's scores averaged over some of the seeds, or all."""
    return average_over_seeds(
        [{key: runs[seed][key] for key in SCORES} for seed in seeds or runs]
    )


def _listed(seeds):
    return ", ".join(map(str, seeds))


def _learning_curve(found):
    """The section on how many images each core needs, from what `tools/learning_curve`
    wrote.
    """
    counts = [row["images"] for row in next(iter(found.values()))]
    lines = [
        "## How many images each core needs",
        (
            "CC_norm of the 48 neurons of the simulated population, mean and 95 %"
            " interval, over the number of training images (of which one in ten stops"
            " the training); the same 100 test images. Measured by `.venv/bin/python"
            " tools/learning_curve`."
        ),
        "| core | "
        + " | ".join(f"{count:,}" for count in counts)
        + " |\n"
        + "|---" * (len(counts) + 1)
        + "|",
    ]
    for name, rows in found.items():
        cells = [
            f"{row['cc_norm']:.3f} [{row['interval'][0]:.3f}, {row['interval'][1]:.3f}]"
            for row in rows
        ]
        lines[-1] += f"\n| {name} | " + " | ".join(cells) + " |"
    return "\n\n".join(lines)


def _table(found, models, reported, reference):
    lines = [
        (
            f"| model | correlation | minus {reference} | above 5 Hz | CC_norm: mean |"
            " median | near the limit |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for name, groups in found.items():
        every, seeds = groups["reported"], list(models[name])
        difference = (
            average(models[name])["correlation"]
            - average(models[reference], seeds)["correlation"]
        )
        paired = summarize({key: difference for key in SCORES}, reported)["correlation"]
        label = (
            name
            if seeds == list(models[reference])
            else f"{name}, seeds {_listed(seeds)}"
        )
        lines.append(
            f"| {label} | {_value(every['correlation'])} |"
            f" {'' if name == reference else _value(paired, '+.3f')} |"
            f" {groups['above 5 Hz']['correlation']['mean']:.3f} |"
            f" {_value(every['cc_norm'])} | {every['cc_norm']['median']:.3f} |"
            f" {every['fraction_near_limit']:.0%} |"
        )
    return "\n".join(lines)


def _sessions(found, sessions):
    lines = [
        "| model | " + " | ".join(s.removeprefix("session ") for s in sessions) + " |",
        "|---" * (len(sessions) + 1) + "|",
    ]
    for name, groups in found.items():
        lines.append(
            f"| {name} | "
            + " | ".join(f"{groups[s]['correlation']['mean']:.2f}" for s in sessions)
            + " |"
        )
    return "\n".join(lines)


def _value(score, form=".3f"):
    low, high = score["interval"]
    return f"{score['mean']:{form}} [{low:{form}}, {high:{form}}]"


def _figures(protocol, models, reported, reference):
    others = [name for name in models if name != reference]
    columns = 4
    rows = -(-len(others) // columns)
    scatter, axes = pyplot.subplots(
        rows, columns, figsize=(12, 3.1 * rows), sharex=True, sharey=True, squeeze=False
    )
    for axis in axes.flat[len(others) :]:
        axis.axis("off")
    for axis, name in zip(axes.flat, others, strict=False):
        axis.plot([-0.2, 1], [-0.2, 1], color="0.6", lw=1)
        compared = average(models[reference], list(models[name]))
        axis.plot(
            compared["correlation"][reported],
            average(models[name])["correlation"][reported],
            ".",
            ms=3,
        )
        axis.set(title=name, xlabel=reference, ylabel="correlation")
    scatter.suptitle(f"Each dot a neuron; protocol {protocol}")
    scatter.tight_layout()
    spread, axis = pyplot.subplots(figsize=(8, 4))
    for name, runs in models.items():
        values = average(runs)["cc_norm"][reported]
        values = np.sort(values[np.isfinite(values)])
        axis.plot(values, np.linspace(0, 1, len(values)), label=name)
    axis.axvline(0.9, color="0.4", ls="--", lw=1)
    axis.set(
        xlim=(-0.3, 1.3),
        xlabel=f"CC_norm (dashed: within 10 % of the limit); protocol {protocol}",
        ylabel="share of neurons below",
    )
    axis.legend(fontsize=8)
    spread.tight_layout()
    return {"results_correlation.png": scatter, "results_cc_norm.png": spread}

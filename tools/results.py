"""Writes RESULTS.md, its JSON and its figures from the scores of `tools/reproduce_paper`."""

import json

import numpy as np
from matplotlib import pyplot

from v1keras.evaluation import average_over_seeds, summarize
from v1keras.files import written_whole

_SCORES = ("correlation", "cc_max", "cc_norm", "feve")
_ABOVE_HZ = 5.0
_HEAD = """# Results on the recordings of Kindel et al. 2019

270 natural images, 355 neurons of nine sessions (the tenth was for tuning), means of 20 presentations. Every model learns from 180
images, is stopped by 38 and judged by 52; members of an ensemble take another 180 of those 218 each. *paper*: images drawn at random, as the
paper did; *grouped*: whole photographs, of which there are views in several rotations, on one side. A neuron's scores are averaged over the
seeds first. In brackets the 95 % bootstrap interval over neurons. CC_norm: the ceiling is estimated from means, with Poisson noise; its mean
is over neurons with a ceiling, clipped to [-1, 1]. Near the limit: CC_norm of 0.9 or more, of all 355. Settings were chosen by
validation images alone; but over seven seeds one split's validation images are another's test images.

The paper reports, for its network on its own splits and with the ceiling from single presentations: CC_norm 0.556 ± 0.01 over the 355,
0.69 above 5 Hz (2019), and 15 % of neurons within 10 % of their limit (2017).

Written by `.venv/bin/python tools/reproduce_paper`.
"""


def write(root, scores, reference):
    """Writes RESULTS.md, docs/results.json, docs/results_correlation.png and docs/results_cc_norm.png.

    Args:
        root: of the checkout.
        scores: protocol -> (seeds, model -> a dict of `(neurons,)` columns for each seed).
        reference: the model that the others are compared with, neuron by neuron.
    """
    text, facts = [_HEAD], {}
    for protocol, (seeds, models) in scores.items():
        averages = {name: average_over_seeds([{k: run[k] for k in _SCORES} for run in runs]) for name, runs in models.items()}
        columns = next(iter(models.values()))[0]
        reported = columns["for_tuning"] == 0
        groups = {"all": reported, "above 5 Hz": reported & (columns["mean_hz"] > _ABOVE_HZ)}
        groups |= {f"session {s}": columns["session"] == s for s in np.unique(columns["session"][reported])}
        found = {name: {group: summarize(average, mask) for group, mask in groups.items()} for name, average in averages.items()}
        facts[protocol] = {"seeds": seeds, "models": found}
        text += [f"## Protocol {protocol}, seeds {', '.join(map(str, seeds))}", _table(found, averages, reported, reference)]
        text += ["Correlation by session:", _sessions(found, [group for group in groups if group.startswith("session")])]
    curve = root / "docs" / "learning_curve.json"
    if curve.exists():
        text.append(_learning_curve(json.loads(curve.read_text())))
    for name, figure in _figures(scores, reference).items():
        with written_whole(root / "docs" / name) as beside:
            figure.savefig(beside, dpi=110)
        pyplot.close(figure)
    text += [f"![Correlation of each model against {reference}](docs/results_correlation.png)", "![CC_norm](docs/results_cc_norm.png)"]
    with written_whole(root / "docs" / "results.json") as beside:
        beside.write_text(json.dumps(facts, indent=1) + "\n")
    with written_whole(root / "RESULTS.md") as beside:
        beside.write_text("\n\n".join(text) + "\n")


def _learning_curve(found):
    """The section on how many images each core needs, from what `tools/learning_curve` wrote."""
    counts = [row["images"] for row in next(iter(found.values()))]
    lines = [
        "## How many images each core needs",
        "CC_norm of the 48 neurons of the simulated population, mean and 95 % interval, over the number of training images (of which one in "
        "ten stops the training); the same 100 test images. Measured by `.venv/bin/python tools/learning_curve`.",
        "| core | " + " | ".join(f"{count:,}" for count in counts) + " |\n" + "|---" * (len(counts) + 1) + "|",
    ]
    for name, rows in found.items():
        cells = [f"{row['cc_norm']:.3f} [{row['interval'][0]:.3f}, {row['interval'][1]:.3f}]" for row in rows]
        lines[-1] += f"\n| {name} | " + " | ".join(cells) + " |"
    return "\n\n".join(lines)


def _table(found, averages, reported, reference):
    lines = [
        f"| model | correlation | minus {reference} | above 5 Hz | CC_norm: mean | median | near the limit |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, groups in found.items():
        every = groups["all"]
        difference = (averages[name]["correlation"] - averages[reference]["correlation"])[reported]
        paired = summarize({key: difference for key in _SCORES}, np.ones(len(difference), bool))["correlation"]
        lines.append(
            f"| {name} | {_value(every['correlation'])} | {'' if name == reference else _value(paired, '+.3f')} "
            f"| {groups['above 5 Hz']['correlation']['mean']:.3f} | {_value(every['cc_norm'])} | {every['cc_norm']['median']:.3f} "
            f"| {every['fraction_near_limit']:.0%} |"
        )
    return "\n".join(lines)


def _sessions(found, sessions):
    lines = ["| model | " + " | ".join(s.removeprefix("session ") for s in sessions) + " |", "|---" * (len(sessions) + 1) + "|"]
    for name, groups in found.items():
        lines.append(f"| {name} | " + " | ".join(f"{groups[s]['correlation']['mean']:.2f}" for s in sessions) + " |")
    return "\n".join(lines)


def _value(score, form=".3f"):
    low, high = score["interval"]
    return f"{score['mean']:{form}} [{low:{form}}, {high:{form}}]"


def _figures(scores, reference):
    protocol, (_, models) = list(scores.items())[-1]
    averages = {name: average_over_seeds([{k: run[k] for k in _SCORES} for run in runs]) for name, runs in models.items()}
    reported = next(iter(models.values()))[0]["for_tuning"] == 0
    others = [name for name in models if name != reference]
    columns = 4
    scatter, axes = pyplot.subplots(-(-len(others) // columns), columns, figsize=(12, 6.2), sharex=True, sharey=True, squeeze=False)
    for axis in axes.flat[len(others) :]:
        axis.axis("off")
    for axis, name in zip(axes.flat, others, strict=False):
        axis.plot([-0.2, 1], [-0.2, 1], color="0.6", lw=1)
        axis.plot(averages[reference]["correlation"][reported], averages[name]["correlation"][reported], ".", ms=3)
        axis.set(title=name, xlabel=reference, ylabel="correlation")
    scatter.suptitle(f"Each dot a neuron; protocol {protocol}")
    scatter.tight_layout()
    spread, axis = pyplot.subplots(figsize=(8, 4))
    for name, average in averages.items():
        values = np.sort(average["cc_norm"][reported & np.isfinite(average["cc_norm"])])
        axis.plot(values, np.linspace(0, 1, len(values)), label=name)
    axis.axvline(0.9, color="0.4", ls="--", lw=1)
    axis.set(xlim=(-0.3, 1.3), xlabel=f"CC_norm (dashed: within 10 % of the limit); protocol {protocol}", ylabel="share of neurons below")
    axis.legend(fontsize=8)
    spread.tight_layout()
    return {"results_correlation.png": scatter, "results_cc_norm.png": spread}

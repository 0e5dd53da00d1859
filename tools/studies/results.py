"""Write RESULTS.md, its JSON and its figures from the scores of every model."""

import json

from matplotlib import pyplot

from tools.studies import cell_classes, raw_scores, result_figures
from v1keras.data.splits import FOLDS
from v1keras.evaluation import summarize
from v1keras.evaluation.scores import neuron_groups
from v1keras.io.atomic import atomic_write

_ABOVE_HZ = 5.0
_PROTOCOLS = ("kfold", "grouped", "paper")
HEAD = f"""# Results on the recordings of Kindel et al. 2019

The data are 270 natural images and the responses of 355 neurons of nine sessions (the
tenth was for tuning), means of 20 presentations. The 270 images are 90 photographs, 60
of them in four rotations. Three protocols divide them:

- *kfold*: {FOLDS} folds of nine photographs, so that every photograph is tested once; a
  neuron's score is that of all 270 predictions together. No luck of the draw decides
  which images test: these are the figures to compare with.
- *grouped*: whole photographs are drawn at random, 180 images to train on, 38 to stop
  the training early, 52 to test; a neuron's scores are averaged over seven draws first.
- *paper*: the same, but images are drawn one by one, as the paper did, so that views of
  one photograph are on both sides.

Which images seven draws test is a matter of luck, of which *kfold* is free. Each
ensemble member uses a different division of the images that are not for testing. The
ridge needs no early stopping and is fitted to all of these, 218 in place of 180 (243 in
place of about 200 in *kfold*); one row has it on the training images alone.

In brackets: the 95 % bootstrap interval over neurons. CC_norm: the ceiling is estimated
from means, assuming Poisson noise; its mean is over neurons with a ceiling, clipped to
[-1, 1]. Near the limit: the fraction of all 355 neurons whose CC_norm is at least 0.9.
Settings were chosen on validation images alone; but one split's validation images are
another's test images. Rows without a difference were measured before the networks had
their present width (32, 32, 32 channels) and are not scored neuron by neuron here.

The paper reports, for its network on its own splits and with the ceiling from single
presentations: CC_norm 0.556 ± 0.01 over the 355, 0.69 above 5 Hz (2019), and 15 % of
neurons within 10 % of their limit (2017).

Written by `.venv/bin/python -m tools.studies.reproduce_paper`.
"""


def write(root, arrays, names, reference, recording):
    """Write RESULTS.md, docs/results.json and the figures docs/results_*.png.

    Args:
        root: Folder of the checkout.
        arrays: Dict, as `raw_scores.read` returns it.
        names: List of strings, the models in the order of the rows. A row with other
            seeds than the reference's names them.
        reference: String, the model that the others are compared with, neuron by neuron
            and over the same seeds.
        recording: `Recording`.
    """
    path = root / "docs" / "results.json"
    former = json.loads(path.read_text()) if path.exists() else {}
    text, facts, shown = [HEAD], {}, None
    for protocol in _PROTOCOLS:
        models = _models(arrays, names, protocol, recording)
        rows = former.get(protocol, {}).get("models", {})
        if reference not in models:
            continue
        rows = _summaries(models, names, rows)
        _add_fano(rows, models, arrays, protocol, recording)
        groups = _groups(next(iter(models[reference].values())))
        seeds = list(models[reference])
        facts[protocol] = {"seeds": seeds, "models": rows}
        sessions = [group for group in groups if group.startswith("session")]
        text += [
            f"## Protocol {protocol}, {_listed(seeds)}",
            _table(rows, models, groups["reported"], reference),
            (
                "CC_norm, and the share near the limit as counted / with the noise of"
                " scores taken out (docs/metrics.md), by the Fano factor assumed:"
            ),
            _fano_table(rows),
            "Correlation by session:",
            _sessions(rows, sessions),
        ]
        shown = shown or (protocol, models, groups)
    protocol, models, groups = shown
    section, figures = result_figures.draw(
        protocol, models, groups, reference, recording
    )
    text += [section, *_optional_sections(root)]
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


def _models(arrays, names, protocol, recording):
    """Return the columns of each model that has scores: model -> seed -> columns."""
    models = {}
    for name in names:
        runs = raw_scores.runs(arrays, protocol, name)
        if runs:
            models[name] = {
                seed: raw_scores.columns(recording, correlation)
                for seed, correlation in runs.items()
            }
    return models


def _summaries(models, names, former):
    """Return the summaries of each row: those of its scores, or the former ones."""
    rows = {}
    for name in names:
        if name in models:
            averages = raw_scores.average(models[name])
            groups = _groups(next(iter(models[name].values())))
            rows[name] = {"seeds": list(models[name])}
            for group, mask in groups.items():
                rows[name][group] = summarize(averages, mask)
        elif name in former:
            rows[name] = former[name]
    return rows


def _add_fano(rows, models, arrays, protocol, recording):
    """Add CC_norm and the share near the limit for each Fano factor to the rows."""
    for name, runs in models.items():
        rows[name]["fano"] = {}
        for key, probability in arrays.items():
            start, _, fano = key.rpartition(" ")
            if start != f"{protocol}/{name}/near limit":
                continue
            correlation = raw_scores.average(runs)["correlation"]
            columns = raw_scores.columns(recording, correlation, float(fano))
            summary = summarize(columns, recording.included)
            rows[name]["fano"][fano] = {
                "cc_norm": summary["cc_norm"]["mean"],
                "fraction_near_limit": summary["fraction_near_limit"],
                "estimated_near_limit": float(probability[recording.included].mean()),
            }


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
    else:  # it stays as it is
        written = (root / "RESULTS.md").read_text()
        _, title, rest = written.partition(cell_classes.TITLE)
        sections += [title + rest.partition("\n\n## ")[0]] if title else []
    curve = root / "docs" / "learning_curve.json"
    if curve.exists():
        sections.append(_learning_curve(json.loads(curve.read_text())))
    return sections


def _listed(seeds):
    if seeds == [raw_scores.POOLED]:
        return f"{FOLDS} folds together"
    return "seeds " + ", ".join(map(str, seeds))


def _fano_table(rows):
    """Return CC_norm and the share near the limit, a column per Fano factor."""
    measured = {name: row["fano"] for name, row in rows.items() if row.get("fano")}
    factors = list(next(iter(measured.values())))
    head = [f"CC_norm, Fano {fano} | near the limit" for fano in factors]
    lines = [
        f"| model | {' | '.join(head)} |",
        "|---" * (1 + 2 * len(factors)) + "|",
    ]
    for name, scores in measured.items():
        cells = []
        for score in scores.values():
            counted = f"{100 * score['fraction_near_limit']:.0f}"
            estimated = f"{score['estimated_near_limit']:.0%}"
            cells.append(f"{score['cc_norm']:.3f} | {counted} / {estimated}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


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
        reported, difference = groups["reported"], ""
        seeds = list(models[name]) if name in models else groups["seeds"]
        if name in models and name != reference:
            difference = _difference(models[name], models[reference], included)
        label = name
        if seeds != list(models[reference]):
            label = f"{name}, {_listed(seeds)}"
        lines.append(
            f"| {label} | {_value(reported['correlation'])} | {difference} |"
            f" {groups['above 5 Hz']['correlation']['mean']:.3f} |"
            f" {_value(reported['cc_norm'])} | {reported['cc_norm']['median']:.3f} |"
            f" {reported['fraction_near_limit']:.0%} |"
        )
    return "\n".join(lines)


def _difference(runs, reference_runs, included):
    """Return the paired difference in correlation, over the seeds of both."""
    own = raw_scores.average(runs)["correlation"]
    difference = own - raw_scores.average(reference_runs, list(runs))["correlation"]
    columns = {key: difference for key in ("correlation", "cc_max", "cc_norm")}
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

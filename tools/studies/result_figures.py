"""The figures of RESULTS.md."""

import numpy as np
from matplotlib import pyplot

from tools.studies import raw_scores, selectivity


def draw(protocol, models, groups, reference, recording):
    """Draw the figures of one protocol.

    Args:
        protocol: String.
        models: Dict, model -> seed -> dict of `(neurons,)` columns.
        groups: Dict, name of a group of neurons -> `(neurons,)` bool.
        reference: String, the model that the others are compared with.
        recording: `Recording`.

    Returns:
        Tuple of the section on selectivity, and a dict of figures by their file's name.
    """
    norms = {name: raw_scores.average(runs)["cc_norm"] for name, runs in models.items()}
    chosen = {
        name: mask
        for name, mask in groups.items()
        if name == "reported" or name.startswith("above")
    }
    section, picture = selectivity.report(recording, norms, chosen, reference, protocol)
    included = groups["reported"]
    return section, {
        "results_correlation.png": _scatter(protocol, models, included, reference),
        "results_cc_norm.png": _distributions(protocol, models, included),
        "results_selectivity.png": picture,
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
        compared = raw_scores.average(models[reference], list(models[name]))[
            "correlation"
        ]
        own = raw_scores.average(models[name])["correlation"]
        axis.plot(compared[included], own[included], ".", ms=3)
        axis.set(title=name, xlabel=reference, ylabel="correlation")
    figure.suptitle(f"Each dot is a neuron; protocol {protocol}")
    figure.tight_layout()
    return figure


def _distributions(protocol, models, included):
    figure, axis = pyplot.subplots(figsize=(8, 4))
    for name, runs in models.items():
        values = raw_scores.average(runs)["cc_norm"][included]
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

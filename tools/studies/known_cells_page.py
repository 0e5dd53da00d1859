"""The page docs/known_cells.md, from what `tools.studies.known_cells` measured."""

from v1keras.characterization import CLASSES


def page(seed, images, per_kind, groups, spreads):
    """Return the Markdown of the page.

    Args:
        seed: Integer, seed of the simulated population.
        images: Integer, number of training images.
        per_kind: Integer, number of cells of each kind.
        groups: Dict, title -> what `known_cells.compare` returns.
        spreads: Dict, kind -> spread of phases.
    """
    lines = [
        "# Known cells",
        "",
        (
            f"A simulated population whose cells are known: {images} training images,"
            f" {per_kind} cells of each kind, one model of the configuration"
            " `quickstart`. The thresholds of the rule and the configuration were"
            " chosen on seed 1 (`--seed=1` shows it); the numbers here are those of"
            f" seed {seed}. Written by `.venv/bin/python -m"
            " tools.studies.known_cells`; all numbers are in"
            " [known_cells.json](known_cells.json)."
        ),
        "",
        (
            "![One cell of each kind: its true filter, its preferred stimulus, its"
            " gradient field, and its tuning to gratings](known_cells.png)"
        ),
    ]
    for title, group in groups.items():
        lines += ["", f"## {title}", "", *_classes(group), ""]
        lines += [*_fits(group), "", *_remarks(group)]
    lines += ["", "## Phases", "", *_phases(spreads)]
    return "\n".join(lines) + "\n"


def _classes(group):
    lines = [
        "| truth | cells | " + " | ".join(CLASSES) + " | agree |",
        "|" + "---|" * (len(CLASSES) + 3),
    ]
    for kind, counts in group["classes"].items():
        agreeing = _percent(group["agreeing"][kind])
        cells = [kind, group["neurons"][kind], *counts.values(), agreeing]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def _fits(group):
    lines = [
        "| from | orientation within 10° | median | frequency within 15 % | median |",
        "|---|---|---|---|---|",
    ]
    for name, turned in group["orientation"].items():
        if turned is None:
            continue
        off = group["frequency"][name]
        lines.append(
            f"| {name} | {_percent(turned['within'])} | {turned['median']:.1f}° |"
            f" {_percent(off['within'])} | {off['median']:.1%} |"
        )
    return lines


def _remarks(group):
    right = [
        f"{kind} {_percent(fraction)}"
        for kind, fraction in group["simple_or_complex"].items()
    ]
    lines = [
        f"Simple or complex by F1/F0 (above 1: simple) is right in: {', '.join(right)}."
        " Median distance of the fitted Gabor from the receptive field's centre:"
        f" {group['place_pixels']} pixels."
    ]
    for shape in ("gabor", "center_surround"):
        ratios = [
            f"{kind} {ratio:.2f}"
            for kind, ratio in group[f"rate_over_best_{shape}"].items()
        ]
        lines.append(
            f"Rate to the preferred stimulus / rate to the best"
            f" {shape.replace('_', '-')} of the same contrast, median:"
            f" {', '.join(ratios)}."
        )
    return lines


def _phases(spreads):
    lines = [
        (
            "For cells with a CC_norm of 0.9 or more, a set of 8 stimuli is synthesized"
            " that differ as much as they can and keep 85 % of the best rate. The table"
            " has the circular spread of their phases (0: all alike, 1: all around the"
            " circle) in the Gabor fitted to the preferred stimulus."
        ),
        "",
        "| truth | cells | median | least | largest |",
        "|---|---|---|---|---|",
    ]
    for kind, spread in spreads.items():
        lines.append(
            f"| {kind} | {spread['cells']} | {spread['median']:.2f} |"
            f" {spread['least']:.2f} | {spread['largest']:.2f} |"
        )
    return lines


def _percent(fraction):
    return "–" if fraction is None else f"{fraction:.0%}"
